#include "service/leg_texts.h"

#include <algorithm>

#include "core/text.h"
#include "sdp/description.h"
#include "sdp/local.h"
#include "sip/headers.h"
#include "sip/session_body.h"

namespace tipring::service {

namespace {

constexpr std::string_view kOptions[] = {"100rel", "replaces", "timer"};

}  // namespace

bool is_supported_option(std::string_view tag) {
  return std::any_of(std::begin(kOptions), std::end(kOptions),
                     [&](std::string_view known) { return iequals(tag, known); });
}

bool has_description(const sip::MessageView& message) {
  return !message.body().empty() &&
         sip::find_session_body(message).status == sip::SessionBodyStatus::Found;
}

bool is_description(const LegContent& content) {
  return !content.body.empty() && (istarts_with(content.content_type, "application/sdp") ||
                                   istarts_with(content.content_type, "multipart/"));
}

void note_features(PeerFeatures& peer, const sip::MessageView& message) {
  const sip::ValueRange supported = message.values(sip::HeaderId::Supported);
  const sip::ValueRange required = message.values(sip::HeaderId::Require);
  const auto has = [&](std::string_view tag) {
    return sip::contains_token(supported, tag) || sip::contains_token(required, tag);
  };
  if (message.has(sip::HeaderId::Supported) || message.has(sip::HeaderId::Require)) {
    peer.reliable_provisionals = has("100rel");
    peer.replaces = has("replaces");
    peer.timer = has("timer");
  }
  note_allowed(peer, message);
}

void note_allowed(PeerFeatures& peer, const sip::MessageView& message) {
  if (message.has(sip::HeaderId::Allow)) {
    peer.update = sip::contains_token(message.values(sip::HeaderId::Allow), "UPDATE");
  } else if (message.is_request() && message.method() == sip::Method::Update) {
    peer.update = true;
  }
}

std::string_view write_contact(const Environment& environment, const Flow& flow,
                               std::string_view user, std::span<char> out) {
  std::array<char, port::kAddressTextMax> address;
  sip::Writer writer(out);
  writer.text("<sip:");
  if (!user.empty()) writer.text(user).text("@");
  writer.text(port::write_address(environment.transport.sent_by(flow), address));
  if (flow.transport != sip::Transport::Udp) {
    writer.text(";transport=").text(sip::to_param(flow.transport));
  }
  writer.text(">");
  return writer.full() ? std::string_view() : writer.view();
}

std::string_view write_rejection(std::string_view offer, const port::IpAddress& address,
                                 uint64_t session_id, std::span<char> out) {
  const auto parsed = sdp::parse_description(offer);
  if (!parsed) return {};
  sdp::LocalSession nothing;
  nothing.origin = {"-", session_id >> 2, 1, address};
  const auto answer = sdp::write_answer(*parsed, nothing, out);
  return answer ? std::string_view(out.data(), answer->size) : std::string_view();
}

void HeaderLines::contact(const Environment& environment, const Flow& flow, std::string_view user) {
  std::array<char, kContactMax> room;
  out_.header(sip::HeaderId::Contact, write_contact(environment, flow, user, room));
}

void HeaderLines::capabilities(bool reliable) {
  out_.text(kAllowLine)
      .text("Supported: ")
      .text(reliable ? "100rel, " : "")
      .text("replaces, timer\r\n");
}

}  // namespace tipring::service
