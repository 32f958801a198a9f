#include "app/ctl_console.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "port/crypto.h"

namespace tipring::app {

namespace {

constexpr size_t kImportBytesMax = 128 << 20;

std::string read_fault(std::string_view what, int error) {
  return "cannot read " + std::string(what) + ": " + std::strerror(error);
}

// One line of standard input, without its end, byte by byte: what follows is not ours.
std::string read_line(admin::SecretText& line) {
  for (;;) {
    char byte = 0;
    size_t read = 0;
    if (const int error = port::read_input({&byte, 1}, read); error != 0)
      return read_fault("standard input", error);
    if (read == 0 && line.view().empty())
      return "no password on standard input: give it there as one line";
    if (read == 0 || byte == '\n') break;
    // A little more than is allowed is enough to see that it is too much.
    if (line.view().size() <= admin::kPasswordMax + 1) line.append({&byte, 1});
  }
  if (!line.view().empty() && line.view().back() == '\r') line.bytes().pop_back();
  return "";
}

// Takes what `read_some(chunk, offset, read)` gives until it gives nothing.
template <class ReadSome>
std::string read_all(std::string_view what, admin::SecretText& text, ReadSome read_some) {
  std::array<char, 16384> chunk;
  std::string fault;
  for (size_t read = 1; read > 0 && fault.empty();) {
    if (const int error = read_some(chunk, text.view().size(), read); error != 0)
      fault = read_fault(what, error);
    else if (text.view().size() + read > kImportBytesMax)
      fault = std::string(what) + " is larger than 128 MiB: import it in parts";
    else
      text.append({chunk.data(), read});
  }
  port::wipe(chunk);
  return fault;
}

}  // namespace

std::string StandardConsole::read_password(const admin::UserName& user,
                                           admin::SecretText& password) {
  if (!port::input_is_terminal()) return read_line(password);
  const port::HiddenInput hidden;
  write_error("Password for " + user.text() + ": ");
  if (std::string fault = read_line(password); !fault.empty()) return fault;
  admin::SecretText again;
  write_error("The same again: ");
  if (std::string fault = read_line(again); !fault.empty()) return fault;
  return again.view() == password.view() ? "" : "the two passwords differ; nothing was changed";
}

void StandardConsole::make_password(admin::SecretText& password) {
  // Without those that look like others on a small screen; 79 bits.
  constexpr std::string_view kAlphabet = "abcdefghjkmnpqrstuvwxyz23456789";
  static_assert(kAlphabet.size() < 32);
  while (password.view().size() < 16) {
    std::byte byte;
    entropy_.fill({&byte, 1});
    const auto at = std::to_integer<size_t>(byte) & 31U;
    if (at < kAlphabet.size()) password.append(kAlphabet.substr(at, 1));
  }
}

std::string StandardConsole::read_import(const std::string& path, admin::SecretText& text) {
  if (path == "-") {
    return read_all("standard input", text, [](std::span<char> into, size_t, size_t& read) {
      return port::read_input(into, read);
    });
  }
  int error = 0;
  const auto file = files_.open(path, port::OpenMode::Read, error);
  if (file == nullptr) return read_fault(path, error);
  return read_all(path, text, [&](std::span<char> into, size_t offset, size_t& read) {
    return file->read_at(offset, into, read);
  });
}

std::string StandardConsole::write_private(const std::string& path, std::string_view text) {
  int error = 0;
  const auto file = files_.open(path, port::OpenMode::CreateNew, error);
  if (error == EEXIST) return path + " is there already: name a new file";
  if (file != nullptr) error = file->append(text);
  if (file != nullptr && error == 0) error = file->sync();
  if (error == 0) return "";
  if (file != nullptr) files_.remove(path);  // a part of it would pass for all
  return "cannot write " + path + ": " + std::strerror(error);
}

void StandardConsole::write(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

void StandardConsole::flush() { std::fflush(stdout); }

void StandardConsole::write_error(std::string_view text) {
  std::fflush(stdout);
  std::fwrite(text.data(), 1, text.size(), stderr);
}

}  // namespace tipring::app
