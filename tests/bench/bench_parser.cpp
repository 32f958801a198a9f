// What reading a message costs: nanoseconds per message for what a server sees most. `parse` finds
// and indexes the headers, `check` is what every message goes through besides, `whole` reads the
// other headers too, which a proxy seldom needs, `forward` writes the message anew for the next hop.
//
// Usage: bench_parser [rounds]. Each figure is the best of ten runs: the machine's noise only ever
// adds.

#include <array>
#include <cstdio>
#include <string_view>

#include "sip/headers.h"
#include "sip/message_edit.h"
#include "tests/bench/parser_messages.h"
#include "tests/support/measure.h"

namespace {

using namespace tipring;
using bench::kInvite;
using bench::kOptions;
using bench::kRegister;

sip::HeaderIndex g_index;
std::array<char, 4096> g_out;

size_t parse(std::string_view text) {
  return sip::parse_message(text, g_index, sip::Framing::Datagram).view.header_count();
}

size_t parse_and_check(std::string_view text) {
  const sip::ParsedMessage parsed = sip::parse_message(text, g_index, sip::Framing::Datagram);
  return sip::check_message(parsed.view) ? 0 : parsed.used;
}

template <sip::HeaderId Id>
size_t read(const sip::MessageView& message) {
  return message.typed<Id>() ? 1 : 0;
}

template <sip::HeaderId Id>
size_t read_values(const sip::MessageView& message) {
  size_t sum = 0;
  for (const std::string_view value : message.values(Id)) sum += value.size();
  return sum;
}

// Nothing when a header of the kind that all three messages have is not good.
size_t parse_whole(std::string_view text) {
  using sip::HeaderId;
  const sip::ParsedMessage parsed = sip::parse_message(text, g_index, sip::Framing::Datagram);
  const sip::MessageView& message = parsed.view;
  if (sip::check_message(message) || !message.parsed_request_uri() || !message.contact_uri())
    return 0;
  return parsed.used + read<HeaderId::ContentType>(message) +
         read<HeaderId::Authorization>(message) + read<HeaderId::Expires>(message) +
         read_values<HeaderId::Allow>(message) + read_values<HeaderId::Supported>(message) +
         read_values<HeaderId::Accept>(message) + message.first_value(HeaderId::UserAgent).size();
}

size_t parse_and_forward(std::string_view text) {
  const sip::ParsedMessage parsed = sip::parse_message(text, g_index, sip::Framing::Datagram);
  constexpr std::string_view kRecordRoute[] = {"<sip:192.0.2.1;lr>"};
  sip::RequestEdit edit;
  edit.request_uri = "sip:bob@192.0.2.4:5060";
  edit.via = "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK0123456789abcdef.01234567";
  edit.max_forwards = 69;
  edit.record_routes = kRecordRoute;
  const Result<size_t> written = sip::write_forwarded_request(parsed.view, edit, g_out);
  return written ? *written : 0;
}

double measure(size_t (*operation)(std::string_view), std::string_view text, unsigned rounds) {
  return test::best_nanoseconds(rounds, [&] { return operation(text); });
}

}  // namespace

int main(int argc, char** argv) {
  const unsigned rounds = test::rounds_of(argc, argv, 100000);
  constexpr struct {
    const char* name;
    std::string_view text;
  } kMessages[] = {{"INVITE", kInvite}, {"REGISTER", kRegister}, {"OPTIONS", kOptions}};
  std::printf("%-10s %6s %10s %16s %16s %18s\n", "message", "bytes", "parse ns", "parse+check ns",
              "parse whole ns", "parse+forward ns");
  for (const auto& message : kMessages) {
    std::printf("%-10s %6zu %10.0f %16.0f %16.0f %18.0f\n", message.name, message.text.size(),
                measure(parse, message.text, rounds),
                measure(parse_and_check, message.text, rounds),
                measure(parse_whole, message.text, rounds),
                measure(parse_and_forward, message.text, rounds));
  }
  return 0;
}
