#include "transaction/messages.h"

#include <algorithm>
#include <array>

#include "sip/headers.h"
#include "sip/status.h"

namespace tipring::transaction {

namespace {

// RFC 3261 26.3.2.4 says only that one request makes one answer; the factor is ours.
constexpr size_t kReplyFactorMax = 2;
constexpr size_t kHeadersMax = 2048;  // of an answer that we write ourselves

// Headers without which an answer still says what it has to. Allow is in a 405 for a purpose
// (21.4.6), but the status alone says more than silence.
bool is_optional(std::string_view line) {
  constexpr std::string_view kOptional[] = {
      "Allow:", "Accept:", "Supported:", "Retry-After:", "Server:", "Warning:"};
  return std::any_of(std::begin(kOptional), std::end(kOptional),
                     [&](std::string_view name) { return line.starts_with(name); });
}

// `lines` are whole lines of ours.
std::string_view without_optional(std::string_view lines, std::span<char> out) {
  sip::Writer writer(out);
  while (!lines.empty()) {
    const size_t end = std::min(lines.find('\n'), lines.size() - 1) + 1;
    if (!is_optional(lines)) writer.text(lines.substr(0, end));
    lines.remove_prefix(end);
  }
  return writer.view();
}

// The challenge that stands first is the one that the configuration wants most.
std::string_view without_last_line(std::string_view lines) {
  const size_t end = lines.substr(0, lines.size() - 1).rfind('\n');
  return end == std::string_view::npos ? std::string_view() : lines.substr(0, end + 1);
}

// What a writer has put into the scratch buffer, in a slab of its own.
Result<MessageRef> keep(Shared& shared, const Result<size_t>& written) {
  if (!written) return written.error() == Error::BufferFull ? Error::TooLong : written.error();
  MessageRef message = shared.take_scratch(*written);
  if (!message) {
    ++shared.counters.refused;
    return Error::PoolExhausted;
  }
  return message;
}

MessageRef or_null(Result<MessageRef> message) {
  return message ? std::move(*message) : MessageRef();
}

}  // namespace

Result<MessageRef> write_response_to(Shared& shared, const sip::MessageView& request,
                                     const port::SocketAddress& source, uint16_t status,
                                     const sip::ResponseParts& parts) {
  sip::ResponseParts completed = parts;
  if (!parts.via.add_received && !parts.via.set_rport) {
    const auto& top = request.typed<sip::HeaderId::Via>();
    if (top) completed.via = sip::make_via_fix_up(*top, source);
  }
  return keep(shared, sip::write_response(request, status, completed, shared.scratch));
}

Result<MessageRef> write_bounded_response(Shared& shared, const transport::Incoming& request,
                                          uint16_t status, const sip::ResponseParts& parts) {
  const auto write = [&](const sip::ResponseParts& what) {
    return write_response_to(shared, request.message, request.flow.remote, status, what);
  };
  Result<MessageRef> response = write(parts);
  if (request.flow.transport != sip::Transport::Udp) return response;
  const size_t size_max = request.message.text().size() * kReplyFactorMax;
  const auto is_too_large = [&] { return response && response->view().size() > size_max; };
  if (!is_too_large()) return response;
  std::array<char, kHeadersMax> needed;
  sip::ResponseParts least = parts;
  least.headers = without_optional(parts.headers, needed);
  response = write(least);
  if (is_too_large()) {
    least.reason = {};
    response = write(least);
  }
  const bool challenges =
      status == sip::status::kUnauthorized || status == sip::status::kProxyAuthenticationRequired;
  while (challenges && is_too_large() && !least.headers.empty()) {
    least.headers = without_last_line(least.headers);
    if (least.headers.empty()) break;  // an answer that asks for nothing helps nobody
    response = write(least);
  }
  if (!is_too_large()) return response;
  ++shared.counters.replies_too_large;
  return Error::TooLong;
}

MessageRef write_trying(Shared& shared, const MessageRef& request,
                        const port::SocketAddress& source) {
  sip::HeaderIndex room;
  return or_null(
      write_response_to(shared, shared.read(request, room), source, sip::status::kTrying, {}));
}

MessageRef write_failure_ack(Shared& shared, const MessageRef& request,
                             const sip::MessageView& response) {
  sip::HeaderIndex room;
  return or_null(keep(
      shared, sip::write_ack_for_failure(shared.read(request, room), response, shared.scratch)));
}

MessageRef write_cancel_of(Shared& shared, const MessageRef& request, std::string_view lines) {
  sip::HeaderIndex room;
  return or_null(
      keep(shared, sip::write_cancel(shared.read(request, room), shared.scratch, lines)));
}

}  // namespace tipring::transaction
