#include "tools/load/options.h"

#include <doctest/doctest.h>

#include <string>

#include "tools/load/operation.h"

using namespace tipring::load;

namespace {

std::optional<Options> read(std::vector<std::string> words, int& exit_code) {
  words.insert(words.begin(), "tipring-load");
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  return read_options(static_cast<int>(arguments.size()), arguments.data(), exit_code);
}

}  // namespace

TEST_CASE("options: a scenario and a server are enough, the rest has defaults") {
  int exit_code = -1;
  const auto options = read({"call", "--server", "127.0.0.1:5060"}, exit_code);
  REQUIRE(options);
  CHECK(options->scenario == Scenario::Call);
  CHECK(options->server.port == 5060);
  CHECK(options->domain == "127.0.0.1");
  CHECK(options->outstanding == 32);
  CHECK(options->duration_s == 10);
  CHECK(options->count == 0);
}

TEST_CASE("options: a count bounds the operations at a time, and is enough of a bound") {
  int exit_code = -1;
  const auto options =
      read({"refresh", "--server", "[::1]:5070", "--rate", "100", "--count", "500"}, exit_code);
  REQUIRE(options);
  CHECK(options->outstanding == 500);
  CHECK(options->duration_s == 0);
  CHECK(options->domain == "[::1]");
}

TEST_CASE("options: a user refreshes one registration at a time") {
  int exit_code = -1;
  auto options = read({"refresh", "--server", "127.0.0.1:5060", "--users", "10"}, exit_code);
  REQUIRE(options);
  CHECK(options->outstanding == 10);
  options = read({"refresh", "--server", "127.0.0.1:5060", "--outstanding", "5000"}, exit_code);
  REQUIRE(options);
  CHECK(options->users == 5000);
}

TEST_CASE("options: a wrong command line is refused with exit code 2") {
  const std::vector<std::string> wrong[] = {
      {},
      {"options"},
      {"dance", "--server", "127.0.0.1:5060"},
      {"options", "call", "--server", "127.0.0.1:5060"},
      {"options", "--server", "127.0.0.1"},
      {"options", "--server", "localhost:5060"},
      {"options", "--server", "127.0.0.1:0"},
      {"options", "--server", "127.0.0.1:5060", "--rate", "-3"},
      {"options", "--server", "127.0.0.1:5060", "--rate", "nan"},
      {"options", "--server", "127.0.0.1:5060", "--count", "1x"},
      {"options", "--server", "127.0.0.1:5060", "--count"},
      {"options", "--server", "127.0.0.1:5060", "--outstanding", "0"},
      {"options", "--server", "127.0.0.1:5060", "--domain", "a\r\nb"},
      {"options", "--server", "127.0.0.1:5060", "--speed", "9"},
      {"refresh", "--server", "127.0.0.1:5060", "--users", "10", "--outstanding", "11"},
      {"echo", "--server", "127.0.0.1:5060"},
      {"echo", "--server", "127.0.0.1:5060", "--packets", "+400,-40"},
  };
  for (const auto& words : wrong) {
    int exit_code = -1;
    CHECK_FALSE(read(words, exit_code));
    CHECK(exit_code == 2);
  }
}

TEST_CASE("options: packets are sent and received in turn, and end with a received one") {
  CHECK(parse_packets("+400,-350") == std::vector<Packet>{{400, false}, {-350, false}});
  CHECK(parse_packets("+663,-874b") == std::vector<Packet>{{663, false}, {-874, true}});
  CHECK(write_packets(*parse_packets("+663,-285,-874b,+512b,-406")) ==
        "+663,-285,-874b,+512b,-406");
  for (const char* text : {"", "400,-350", "-350,+400", "+400", "+10,-350", "+400,-9000",
                           "+400,-96,-96,-96,-96,-96,-96,-96,-96", "+4x0,-350", "+400,-350,+400",
                           "+400,-350c", "+400,b-350"})
    CHECK_FALSE(parse_packets(text));
}

TEST_CASE("token: one of another run, or of another length, belongs to nobody here") {
  const std::string text = "0000abcd000000070000000000000903";
  const auto token = parse_token(text, 0xabcd);
  REQUIRE(token);
  CHECK(token->slot == 7);
  CHECK(token->serial == 9);
  CHECK(token->step == 3);
  CHECK_FALSE(parse_token(text, 0xabce));
  CHECK_FALSE(parse_token(text.substr(1), 0xabcd));
  CHECK_FALSE(parse_token("0000abcd000000070000000000000x03", 0xabcd));
}
