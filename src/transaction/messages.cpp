#include "transaction/messages.h"

#include "sip/headers.h"
#include "sip/status.h"

namespace tipring::transaction {

namespace {

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

sip::MessageView parse(std::string_view text, sip::HeaderIndex& index) {
  return sip::parse_message(text, index, sip::Framing::Datagram).view;
}

}  // namespace

Result<MessageRef> write_response_to(Shared& shared, const sip::MessageView& request,
                                     const port::SocketAddress& source, uint16_t status,
                                     const sip::ResponseParts& parts) {
  sip::ResponseParts completed = parts;
  if (!parts.via.add_received && !parts.via.set_rport) {
    const auto top = request.typed<sip::HeaderId::Via>();
    if (top) completed.via = sip::make_via_fix_up(*top, source);
  }
  return keep(shared, sip::write_response(request, status, completed, shared.scratch));
}

MessageRef write_trying(Shared& shared, std::string_view request,
                        const port::SocketAddress& source) {
  sip::HeaderIndex index;
  return or_null(
      write_response_to(shared, parse(request, index), source, sip::status::kTrying, {}));
}

MessageRef write_failure_ack(Shared& shared, std::string_view request,
                             const sip::MessageView& response) {
  sip::HeaderIndex index;
  return or_null(
      keep(shared, sip::write_ack_for_failure(parse(request, index), response, shared.scratch)));
}

MessageRef write_cancel_of(Shared& shared, std::string_view request) {
  sip::HeaderIndex index;
  return or_null(keep(shared, sip::write_cancel(parse(request, index), shared.scratch)));
}

}  // namespace tipring::transaction
