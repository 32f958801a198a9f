// What the caller hears before anybody has answered: RFC 3261 13.2.1 and 13.3.1.1, SPEC C24.
//
// A description goes to him where no other phone can answer, or where his sound goes through the
// relay whoever answers: then he keeps the first answer that he has been given, and the relay is
// connected with the phone that is heard, and with another one when that answers. What the relay cannot
// hide, such as another codec, is agreed on anew after his ACK (realigning.cpp).
#include <utility>

#include "sdp/rules.h"
#include "server/b2bua/b2bua.h"
#include "sip/headers.h"
#include "sip/status.h"

namespace tipring::b2bua {

namespace {

// Of a description that is kept while its phone rings: none of a phone is larger, and whoever sends one
// could hold the few buffers for such messages as long as he rings.
constexpr size_t kSaidMax = 4096;

}  // namespace

void B2bua::on_progress(LegHandle, uint64_t name, const Incoming& incoming) {
  CallLeg* leg = find(name);
  if (leg == nullptr || leg->call.state != CallState::Hunting) return;
  Call& call = leg->call;
  const sip::MessageView& response = incoming.message;
  note_flow(*leg, incoming.flow);
  note_rang(*leg);
  const sip::SessionBody body = sip::find_session_body(response);
  if (body.status == sip::SessionBodyStatus::Found && call.has_offer) {
    leg->said.reset();
    if (body.text.size() <= kSaidMax) leg->said = environment_.slabs.copy(body.text);
    if (may_be_heard(*leg) && let_hear(*leg, response)) return;
  }
  if (is_alone(call) && response.status() != sip::status::kRinging) {
    return (void)tell(call, response.status(), content_of(response, Passage::Answer, {}));
  }
  // Beside one that is heard the others ring unheard. That one may ring too, after its 183.
  if (call.rang || (call.early != nullptr && call.early != leg)) return;
  std::string_view lines;
  if (is_alone(call)) lines = content_of(response, Passage::Answer, {}).lines;
  call.rang = tell_ringing(call, lines);
}

bool B2bua::tell_ringing(Call& call, std::string_view lines) {
  return tell(call, sip::status::kRinging, {lines, {}, {}});
}

// A caller who requires reliable responses hears the next one when he has acknowledged the last (RFC
// 3262 3); until then only the latest is kept.
bool B2bua::tell(Call& call, uint16_t status, const service::LegContent& content) {
  service::LegReply reply;
  reply.content = content;
  const auto told = legs_.respond(call.caller->leg, {}, status, reply);
  call.untold = !told && told.error() == Error::Busy ? status : uint16_t{0};
  return told.has_value();
}

void B2bua::on_prack(LegHandle, uint64_t name, const Incoming&) {
  const CallLeg* leg = find(name);
  if (leg == nullptr || !leg->is_caller()) return;
  Call& call = leg->call;
  if (call.state != CallState::Hunting || call.untold == 0) return;
  const uint16_t status = call.untold;
  service::LegContent content;
  if (call.early != nullptr) content = {{}, kSdpType, call.early_answer.view()};
  const bool told = tell(call, status, content);
  call.rang = call.rang || (told && status == sip::status::kRinging);
}

// Whether what it says before its answer may reach the caller.
bool B2bua::may_be_heard(const CallLeg& leg) const {
  const Call& call = leg.call;
  if (is_alone(call)) return true;
  for (const CallLeg* other = call.ringing.front(); other != nullptr;
       other = call.ringing.next(*other)) {
    if (!other->media.relayed) return false;
  }
  return true;
}

// True where nothing more is to be said to the caller of this response.
bool B2bua::let_hear(CallLeg& leg, const sip::MessageView& response) {
  Call& call = leg.call;
  if (call.early != nullptr && call.early != &leg) return true;
  if (!connect_early(leg)) return false;
  call.rang = call.rang || response.status() == sip::status::kRinging;
  (void)tell(call, response.status(),
             content_of(response, Passage::Answer, call.early_answer.view()));
  return true;
}

// The first who speaks is heard until he rings no more.
bool B2bua::connect_early(CallLeg& leg) {
  Call& call = leg.call;
  const std::string_view said = leg.said ? leg.said.view() : std::string_view();
  if (!call.early_answer) {
    const Written written = write_answer(leg, said, *call.caller);
    if (written.fault != 0) return false;
    call.early_answer = environment_.slabs.copy(written.text);
    call.early_of = call_legs_.handle_of(leg);
  } else if (connect_unheard(leg, said).fault != 0) {
    return false;
  }
  if (!call.early_answer) return false;
  call.early = &leg;
  return true;
}

// Whether nobody else rings, or will.
bool B2bua::is_alone(const Call& call) const {
  const store::Group* group = directory_.get(call.group);
  return !call.ringing.empty() && call.ringing.front() == call.ringing.back() &&
         call.hunt.waiting() == 0 && (group == nullptr || group->no_answer_to().empty());
}

// Others have given up, and the last one who rings may have said something that could not be heard.
void B2bua::hear_last(Call& call) {
  if (call.early != nullptr || !is_alone(call)) return;
  CallLeg& leg = *call.ringing.front();
  if (!leg.said || !connect_early(leg)) return;
  (void)tell(call, sip::status::kSessionProgress, {{}, kSdpType, call.early_answer.view()});
}

// Has the relay connect the caller with this phone. What he would be told of it, under an o= that he
// never sees.
B2bua::Written B2bua::connect_unheard(CallLeg& leg, std::string_view text) {
  media::MediaLeg caller = leg.call.caller->media;
  const auto description = sdp::parse_description(text);
  if (!description) return {sip::status::kNotAcceptableHere, {}};
  const auto size = leg.call.media.write_answer(leg.media, *description, caller, body_);
  if (!size) return {media::status_for(size.error()), {}};
  return {0, {body_.data(), *size}};
}

// The answer of who has the call: `text`, or what he has said before. Where the caller has been given
// another phone's, that one stays (13.2.1).
B2bua::Written B2bua::write_last_answer(CallLeg& leg, std::string_view text) {
  Call& call = leg.call;
  const MessageRef said = std::move(leg.said);
  leg.said.reset();
  if (text.empty() && said) text = said.view();
  if (text.empty()) return {};
  const bool is_his = call.early_of == call_legs_.handle_of(leg);
  if (!call.early_answer || is_his) return write_answer(leg, text, *call.caller);
  const Written written = connect_unheard(leg, text);
  if (written.fault != 0) return written;
  const auto told = sdp::parse_description(call.early_answer.view());
  const auto meant = sdp::parse_description(written.text);
  if (!told || !meant || !sdp::can_stand_for(*told, *meant)) note_apart(call, false);
  return {0, call.early_answer.view()};
}

// Who was heard has gone, and others ring: the caller's phone is to ring again.
void B2bua::ring_again(Call& call) {
  if (call.rang || call.early != nullptr || !call.early_answer) return;
  for (const CallLeg* leg = call.ringing.front(); leg != nullptr; leg = call.ringing.next(*leg)) {
    const auto view = legs_.view(leg->leg);
    if (!view || view->state != service::LegState::Early) continue;
    call.rang = tell_ringing(call, {});
    return;
  }
}

// It rings no more.
void B2bua::hush(CallLeg& leg) {
  Call& call = leg.call;
  if (call.early != &leg) return;
  call.early = nullptr;
  call.rang = false;
  call.untold = 0;
}

}  // namespace tipring::b2bua
