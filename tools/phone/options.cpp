#include "tools/phone/options.h"

#include <termios.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace tipring::phone {

namespace {

constexpr const char* kHelp =
    R"(A telephone on the command line: SIP over UDP and TCP, G.711 over RTP.

    tipring-phone [OPTION…] sip:USER@DOMAIN

Who it is:
  --registrar URI        where it registers and sends its calls; the domain without it
  --transport udp|tcp    to the registrar, where its URI names none (udp)
  --proxy URI            the first hop of everything
  --user NAME            to log in with, if another than USER
  --password-file FILE   its first line; else TIPRING_PASSWORD, else it is asked for at a terminal.
                         There is no option for the password itself: others could read it
  --name TEXT            display name
  --expires S            of the registration (3600)
  --no-register          only calls; without a registrar they go where their URI says

What it does:
  --call TARGET          calls at once, or when it is registered; it ends with the call
  --answer               answers every call at once
  --follow-refers        calls whom the other side of a call transfers it to; else that is declined,
                         since such calls are made with its own password
  --play FILE|tone:HERTZ into every call, again and again: a WAV file, or a tone
  --record FILE          what is heard, as a WAV file; %d in it is the number of the call
  --script FILE          commands from there instead of standard input

How:
  --listen LIST          udp:ADDRESS:PORT,tcp:ADDRESS:PORT (any port of all addresses)
  --media-ports A-B      for sound (16384-32767)
  --codecs LIST          PCMU,PCMA in the order of preference
  --session-interval S   session timers (RFC 4028): 1800; 0 for none
  --json                 one object a line instead of text
  --verbose              what happens inside, to standard error

Commands, one a line; N is the number of a call, the last one without it:
  call TARGET            TARGET is a SIP URI, or a user of the own domain
  answer [N]   reject [N] [STATUS]   hangup [N]   hold [N]   resume [N]
  keys KEYS [N]          as telephone events: 0-9 * # A-D
  transfer TARGET [N]    blind: the other side calls TARGET instead
  join N M               attended: the other sides of both calls speak to each other
  play FILE|tone:HERTZ [N]   stop [N]   record FILE [N]   stop-record [N]
  hear HERTZ [N]         how much of the last second of sound is at that frequency
  status   register   unregister   help   quit
For scripts:
  wait EVENT [SECONDS]   until the event has come, since the last one that was waited for (10)
  sleep SECONDS

Events: registered, registration-failed, unregistered, incoming, calling, ringing, answered, held,
hold-done, key, played, heard, transfer, transfer-asked, transferred, replaced, ended, status, error.

The exit code is 0; 1 when a call of --call or a command of a script has failed, or a wait was in
vain; 2 for a wrong command line; 3 when the phone cannot start.
)";

constexpr int kUsage = 2;
constexpr size_t kPasswordMax = 1024;

bool read_number(std::string_view text, uint32_t least, uint32_t most, uint32_t& out) {
  uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return false;
  if (value < least || value > most) return false;
  out = value;
  return true;
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const size_t end = std::min(text.find(','), text.size());
    parts.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

bool read_ports(std::string_view text, StackOptions& stack) {
  const size_t dash = text.find('-');
  uint32_t first = 0;
  uint32_t last = 0;
  if (dash == std::string_view::npos || !read_number(text.substr(0, dash), 1024, 65534, first) ||
      !read_number(text.substr(dash + 1), first + 1, 65535, last)) {
    return false;
  }
  stack.media_port_first = static_cast<uint16_t>(first);
  stack.media_port_last = static_cast<uint16_t>(last);
  return true;
}

bool read_codecs(std::string_view text, StackOptions& stack) {
  stack.codecs = split(text);
  for (const std::string& codec : stack.codecs) {
    if (codec != "PCMU" && codec != "PCMA") return false;
  }
  return !stack.codecs.empty();
}

// An option with a value. False: there is no such option; `good` is false for a bad value.
bool read_value(std::string_view name, const std::string& value, Options& options, bool& good) {
  const auto text = [&](std::string& out) {
    out = value;
    good = !value.empty();
    return true;
  };
  if (name == "--registrar") return text(options.account.registrar);
  if (name == "--proxy") return text(options.account.outbound_proxy);
  if (name == "--user") return text(options.account.user);
  if (name == "--name") return text(options.account.display_name);
  if (name == "--password-file") return text(options.password_file);
  if (name == "--call") return text(options.call);
  if (name == "--play") return text(options.play);
  if (name == "--record") return text(options.record);
  if (name == "--script") return text(options.script);
  if (name == "--transport") {
    good = value == "udp" || value == "tcp";
    options.transport = value;
  } else if (name == "--listen") {
    options.stack.listen = split(value);
  } else if (name == "--media-ports") {
    good = read_ports(value, options.stack);
  } else if (name == "--codecs") {
    good = read_codecs(value, options.stack);
  } else if (name == "--expires") {
    good = read_number(value, 1, 86400 * 365, options.account.expires_s);
  } else if (name == "--session-interval") {
    good = value == "0" || read_number(value, 90, 86400, options.stack.session_interval_s);
    if (value == "0") options.stack.session_interval_s = 0;
  } else {
    return false;
  }
  return true;
}

bool read_switch(std::string_view name, Options& options) {
  if (name == "--no-register") return options.registers = false, true;
  if (name == "--answer") return options.answers = true;
  if (name == "--follow-refers") return options.follows_refers = true;
  if (name == "--json") return options.json = true;
  if (name == "--verbose") return options.verbose = true;
  return false;
}

int complain(const std::string& fault) {
  std::fprintf(stderr, "tipring-phone: %s; --help tells more\n", fault.c_str());
  return kUsage;
}

// Without a registrar calls go where their URI says; a transport that was chosen is part of its URI.
void complete(Options& options) {
  AccountOptions& account = options.account;
  if (account.registrar.empty() && options.transport.empty()) {
    account.sends_calls_direct = !options.registers;
    return;
  }
  if (account.registrar.empty()) {
    const size_t at = account.aor.find('@');
    if (at != std::string::npos) account.registrar = "sip:" + account.aor.substr(at + 1);
  }
  if (options.transport.empty() || account.registrar.find("transport=") != std::string::npos)
    return;
  account.registrar += ";transport=" + options.transport;
}

}  // namespace

std::optional<Options> read_options(int count, char** words, int& exit_code) {
  Options options;
  exit_code = 0;
  for (int i = 1; i < count; ++i) {
    const std::string word = words[i];
    if (word == "--help" || word == "-h") return std::fputs(kHelp, stdout), std::nullopt;
    if (word == "--version") {
      std::printf("tipring-phone %s\n", std::string(kVersion).c_str());
      return std::nullopt;
    }
    if (!word.starts_with("-")) {
      if (!options.account.aor.empty()) {
        return exit_code = complain("two addresses: " + word), std::nullopt;
      }
      options.account.aor = word;
      continue;
    }
    if (read_switch(word, options)) continue;
    bool good = true;
    const std::string value = i + 1 < count ? words[i + 1] : "";
    if (!read_value(word, value, options, good)) {
      return exit_code = complain("there is no option " + word), std::nullopt;
    }
    if (!good || i + 1 == count) {
      return exit_code = complain(word + " cannot be \"" + value + "\""), std::nullopt;
    }
    ++i;
  }
  if (options.account.aor.empty()) {
    return exit_code = complain("no address: sip:USER@DOMAIN"), std::nullopt;
  }
  if (!options.account.aor.starts_with("sip:")) options.account.aor.insert(0, "sip:");
  complete(options);
  return options;
}

namespace {

// The first line of a stream, without its end.
bool read_line(std::FILE* from, std::string& out) {
  char line[kPasswordMax];
  if (std::fgets(line, sizeof line, from) == nullptr) return false;
  out.assign(line, std::strcspn(line, "\r\n"));
  std::memset(line, 0, sizeof line);
  return true;
}

bool ask_password(Options& options) {
  termios shown{};
  if (tcgetattr(STDIN_FILENO, &shown) != 0) return true;
  termios hidden = shown;
  hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  std::fprintf(stderr, "Password of %s: ", options.account.aor.c_str());
  tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
  const bool good = read_line(stdin, options.account.password);
  tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
  std::fputs("\n", stderr);
  return good;
}

}  // namespace

bool read_password(Options& options) {
  if (!options.password_file.empty()) {
    std::FILE* const file = std::fopen(options.password_file.c_str(), "re");
    const bool good = file != nullptr && read_line(file, options.account.password);
    if (file != nullptr) std::fclose(file);
    if (!good)
      std::fprintf(stderr, "tipring-phone: cannot read %s\n", options.password_file.c_str());
    return good;
  }
  if (const char* const text = std::getenv("TIPRING_PASSWORD")) {
    options.account.password = text;
    unsetenv("TIPRING_PASSWORD");
    return true;
  }
  if (!options.registers || isatty(STDIN_FILENO) == 0) return true;
  return ask_password(options);
}

}  // namespace tipring::phone
