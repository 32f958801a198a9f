#include "tools/phone/options.h"

#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

using namespace tipring::phone;

namespace {

std::optional<Options> read(std::vector<std::string> words, int& exit_code) {
  words.insert(words.begin(), "tipring-phone");
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  return read_options(static_cast<int>(pointers.size()), pointers.data(), exit_code);
}

Options good(const std::vector<std::string>& words) {
  int exit_code = 0;
  const auto options = read(words, exit_code);
  REQUIRE(options);
  CHECK(exit_code == 0);
  return *options;
}

int refused(const std::vector<std::string>& words) {
  int exit_code = 0;
  CHECK_FALSE(read(words, exit_code));
  return exit_code;
}

}  // namespace

TEST_CASE("phone options: an address is enough, with or without its scheme") {
  CHECK(good({"sip:anna@example.com"}).account.aor == "sip:anna@example.com");
  const Options options = good({"anna@example.com"});
  CHECK(options.account.aor == "sip:anna@example.com");
  CHECK(options.account.registrar.empty());
  CHECK(options.registers);
  CHECK_FALSE(options.answers);
  CHECK_FALSE(options.follows_refers);
}

TEST_CASE("phone options: a transport becomes part of the registrar's URI, unless it names one") {
  CHECK(good({"--transport", "tcp", "sip:a@b"}).account.registrar == "sip:b;transport=tcp");
  CHECK(good({"--transport", "udp", "--registrar", "sip:c:5070", "sip:a@b"}).account.registrar ==
        "sip:c:5070;transport=udp");
  CHECK(good({"--transport", "tcp", "--registrar", "sip:c;transport=udp", "sip:a@b"})
            .account.registrar == "sip:c;transport=udp");
}

TEST_CASE("phone options: without a registrar calls go where their URI says") {
  CHECK(good({"--no-register", "sip:a@b"}).account.sends_calls_direct);
  CHECK_FALSE(good({"sip:a@b"}).account.sends_calls_direct);
  CHECK_FALSE(
      good({"--no-register", "--registrar", "sip:c", "sip:a@b"}).account.sends_calls_direct);
}

TEST_CASE("phone options: numbers and lists") {
  const Options options = good({"--media-ports", "4000-4009", "--codecs", "PCMA,PCMU", "--listen",
                                "udp:127.0.0.1:0,tcp:127.0.0.1:0", "--session-interval", "0",
                                "--expires", "60", "sip:a@b"});
  CHECK(options.stack.media_port_first == 4000);
  CHECK(options.stack.media_port_last == 4009);
  CHECK(options.stack.codecs == std::vector<std::string>{"PCMA", "PCMU"});
  CHECK(options.stack.listen.size() == 2);
  CHECK(options.stack.session_interval_s == 0);
  CHECK(options.account.expires_s == 60);
}

TEST_CASE("phone options: what is wrong ends with 2, and there is no place for a password") {
  CHECK(refused({}) == 2);
  CHECK(refused({"sip:a@b", "sip:c@d"}) == 2);
  CHECK(refused({"--nonsense", "sip:a@b"}) == 2);
  CHECK(refused({"--password", "secret", "sip:a@b"}) == 2);
  CHECK(refused({"sip:a@b", "--call"}) == 2);
  CHECK(refused({"--codecs", "G729", "sip:a@b"}) == 2);
  CHECK(refused({"--media-ports", "5000-4000", "sip:a@b"}) == 2);
  CHECK(refused({"--session-interval", "89", "sip:a@b"}) == 2);
  CHECK(refused({"--transport", "tls", "sip:a@b"}) == 2);
  CHECK(refused({"--help"}) == 0);
}

TEST_CASE("phone options: the password is the first line of its file") {
  char path[] = "/tmp/tipring-password-XXXXXX";
  const int file = mkstemp(path);
  REQUIRE(file >= 0);
  std::FILE* const out = fdopen(file, "w");
  std::fputs("correct horse\r\nnot this\n", out);
  std::fclose(out);
  Options options;
  options.password_file = path;
  CHECK(read_password(options));
  CHECK(options.account.password == "correct horse");
  std::remove(path);
  CHECK_FALSE(read_password(options));
}

TEST_CASE("phone options: the password of the environment is taken out of it") {
  setenv("TIPRING_PASSWORD", "secret", 1);
  Options options;
  CHECK(read_password(options));
  CHECK(options.account.password == "secret");
  CHECK(std::getenv("TIPRING_PASSWORD") == nullptr);
}
