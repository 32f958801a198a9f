#include "phone.h"

#include <algorithm>

#include "sip/headers.h"
#include "sip/writer.h"

namespace tipring::sim {

namespace {

constexpr Millis kTick{20};

std::string text_of(std::string_view text) { return std::string(text); }

// The Route lines of a dialog: Record-Route in order for the callee, reversed for the caller (RFC
// 3261 12.1).
std::string routes_of(const sip::MessageView& message, bool reversed) {
  std::vector<std::string> lines;
  for (const std::string_view value : message.values(sip::HeaderId::RecordRoute)) {
    lines.push_back("Route: " + text_of(value) + "\r\n");
  }
  if (reversed) std::reverse(lines.begin(), lines.end());
  std::string all;
  for (const std::string& line : lines) all += line;
  return all;
}

std::string contact_of(const sip::MessageView& message) {
  const auto contact = message.typed<sip::HeaderId::Contact>();
  return contact ? text_of(contact->uri) : std::string();
}

}  // namespace

Phone::Phone(port::SimWorld& world, const std::string& user, std::string_view address,
             std::string_view server, sip::Transport protocol, const Limits& limits)
    : Node(world, user, address, limits), user_(user), server_(server), protocol_(protocol) {
  transactions.set_request_handler(*this);
}

std::string Phone::contact() const {
  const std::string tcp = protocol_ == sip::Transport::Tcp ? ";transport=tcp" : "";
  return "sip:" + user_ + "@" + address() + ":5060" + tcp;
}

transport::Flow Phone::server_flow() {
  return *transport.flow_to(protocol_, {*port::parse_ip(server_), 5060});
}

bool Phone::idle() const {
  return std::all_of(calls_.begin(), calls_.end(), [](const Call& call) {
    return call.state == CallState::Ended || call.state == CallState::Failed;
  });
}

void Phone::arm() {
  if (!tick_.armed()) wheel.start(tick_, host.loop().now() + kTick);
}

void Phone::on_turn_end(Millis now) { Node::on_turn_end(now); }

void Phone::on_tick(Millis now) {
  bool waiting = false;
  for (size_t i = 0; i < calls_.size(); ++i) {
    if (calls_[i].next_step_at <= now) {
      calls_[i].next_step_at = kNever;
      if (calls_[i].state == CallState::Ringing)
        answer_now(calls_[i]);
      else if (calls_[i].state == CallState::Established)
        send_request(i, sip::Method::Bye);
    }
    Call& call = calls_[i];
    if (call.repeat_at <= now && call.ok) {
      // RFC 3261 13.3.1.4: the 2xx again until the ACK comes, and BYE when it never does.
      if (!transactions.respond(call.invite, call.ok)) call.ok.reset();
      call.repeat_after = std::min(call.repeat_after * 2, Millis(4000));
      call.repeat_at = now + call.repeat_after;
    }
    waiting = waiting || call.next_step_at != kNever || (call.ok && call.repeat_at != kNever);
  }
  if (waiting) wheel.start(tick_, now + kTick);
}

std::string Phone::request_text(const Call& call, std::string_view method,
                                std::string_view branch) const {
  const std::string uri = call.target.empty() ? call.remote_uri : call.target;
  return text_of(method) + " " + uri + " SIP/2.0\r\nVia: SIP/2.0/" +
         text_of(sip::to_text(protocol_)) + " " + address() +
         ":5060;rport;branch=" + text_of(branch) + "\r\nMax-Forwards: 70\r\n" + call.routes +
         "From: <" + call.local_uri + ">;tag=" + call.local_tag + "\r\nTo: <" + call.remote_uri +
         ">" + (call.remote_tag.empty() ? "" : ";tag=" + call.remote_tag) +
         "\r\nCall-ID: " + call.call_id + "\r\nCSeq: " + std::to_string(call.cseq) + " " +
         text_of(method) + "\r\nContact: <" + contact() + ">\r\nContent-Length: 0\r\n\r\n";
}

void Phone::call(const std::string& user, Millis talk_time) {
  talk_time_ = talk_time;
  Call call;
  call.caller = true;
  call.call_id = user_ + "-" + std::to_string(host.entropy().u64());
  call.local_tag = std::to_string(host.entropy().u64());
  call.local_uri = "sip:" + user_ + "@" + server_;
  call.remote_uri = "sip:" + user + "@" + server_;
  calls_.push_back(std::move(call));
  const size_t index = calls_.size() - 1;
  in_turn([this, index] { send_request(index, sip::Method::Invite); });
}

// What a person does happens in a turn of the phone's loop.
void Phone::in_turn(std::function<void()> action) {
  host.loop().schedule(host.loop().now(), std::move(action));
}

void Phone::send_request(size_t index, sip::Method method) {
  Call& call = calls_[index];
  const auto client = transactions.reserve(method, *this, index);
  if (!client) {
    call.state = CallState::Failed;
    return;
  }
  if (method == sip::Method::Bye) {
    ++call.cseq;
    call.state = CallState::Ending;
  }
  char branch[transaction::TransactionLayer::kBranchMax];
  const std::string text =
      request_text(call, sip::to_text(method), transactions.write_branch(*client, 1, branch));
  call.request = *client;
  if (!transactions.start(*client, slabs.copy(text), server_flow())) call.state = CallState::Failed;
}

void Phone::cancel(size_t index) {
  in_turn([this, index] { transactions.cancel(calls_[index].request); });
}

void Phone::send_ack(Call& call) {
  Call ack = {};
  ack.call_id = call.call_id;
  ack.local_tag = call.local_tag;
  ack.remote_tag = call.remote_tag;
  ack.local_uri = call.local_uri;
  ack.remote_uri = call.remote_uri;
  ack.target = call.target;
  ack.routes = call.routes;
  ack.cseq = 1;
  const std::string branch = "z9hG4bKack" + std::to_string(host.entropy().u64());
  transactions.send_stateless(slabs.copy(request_text(ack, "ACK", branch)), server_flow());
}

Call* Phone::find(const sip::MessageView& message) {
  const std::string_view id = *message.header(sip::HeaderId::CallId);
  for (Call& call : calls_) {
    if (call.call_id == id) return &call;
  }
  return nullptr;
}

void Phone::on_request(const Incoming& request) {
  switch (request.message.method()) {
    case sip::Method::Invite: return answer_invite(request);
    case sip::Method::Bye: return answer_bye(request);
    case sip::Method::Ack:
      if (Call* call = find(request.message); call != nullptr && call->ok) {
        call->ok.reset();
        call->repeat_at = kNever;
      }
      return;
    default: transactions.reply_stateless(request, 501, {}); return;
  }
}

void Phone::answer_invite(const Incoming& request) {
  const auto server = transactions.open(request, *this, calls_.size(), false);
  if (!server) return transactions.reply_stateless(request, 503, {});
  const auto from = request.message.typed<sip::HeaderId::From>();
  const auto to = request.message.typed<sip::HeaderId::To>();
  Call call;
  call.state = CallState::Ringing;
  call.call_id = text_of(*request.message.header(sip::HeaderId::CallId));
  call.local_tag = std::to_string(host.entropy().u64());
  call.remote_tag = text_of(from->tag());
  call.local_uri = text_of(to->uri);
  call.remote_uri = text_of(from->uri);
  call.target = contact_of(request.message);
  call.routes = routes_of(request.message, false);
  call.invite = *server;
  call.next_step_at = request.now + ring_time_;
  sip::ResponseParts parts;
  parts.to_tag = call.local_tag;
  parts.copy_record_route = true;
  static_cast<void>(transactions.respond(*server, 180, parts).has_value());
  calls_.push_back(std::move(call));
  arm();
}

void Phone::answer_now(Call& call) {
  const MessageRef kept = transactions.request_of(call.invite);
  if (!kept) {
    call.state = CallState::Failed;
    return;
  }
  sip::HeaderIndex index;
  const auto parsed = sip::parse_message(kept.view(), index, sip::Framing::Datagram);
  const std::string headers = "Contact: <" + contact() + ">\r\n";
  sip::ResponseParts parts;
  parts.to_tag = call.local_tag;
  parts.copy_record_route = true;
  parts.headers = headers;
  const auto via = parsed.view.typed<sip::HeaderId::Via>();
  parts.via = sip::make_via_fix_up(*via, {*port::parse_ip(server_), 5060});
  MessageRef ok = slabs.acquire(4096);
  const auto size = sip::write_response(parsed.view, 200, parts, ok.room());
  ok.set_size(*size);
  call.ok = slabs.shrink(std::move(ok));
  call.state = CallState::Established;
  call.repeat_at = host.loop().now() + call.repeat_after;
  static_cast<void>(transactions.respond(call.invite, call.ok).has_value());
}

void Phone::answer_bye(const Incoming& request) {
  Call* call = find(request.message);
  if (call == nullptr) return transactions.reply_stateless(request, 481, {});
  const auto server = transactions.open(request, *this, 0, false);
  if (!server) return transactions.reply_stateless(request, 503, {});
  static_cast<void>(transactions.respond(*server, 200, {}).has_value());
  call->state = CallState::Ended;
  call->ok.reset();
}

void Phone::on_cancel(uint64_t context, transaction::ServerHandle server, const Incoming&) {
  Call& call = calls_[context];
  call.state = CallState::Failed;
  call.failure = 487;
  call.next_step_at = kNever;
  sip::ResponseParts parts;
  parts.to_tag = call.local_tag;
  static_cast<void>(transactions.respond(server, 487, parts).has_value());
}

void Phone::on_response(uint64_t context, transaction::ClientHandle, const Incoming& response) {
  Call& call = calls_[context];
  const uint16_t status = response.message.status();
  if (status < 200) return;
  if (call.state == CallState::Ending) {
    call.state = status < 300 ? CallState::Ended : CallState::Failed;
    call.failure = status < 300 ? 0 : status;
    return;
  }
  if (status >= 300) {
    call.state = CallState::Failed;
    call.failure = status;
    return;
  }
  if (++call.times_answered == 1) {
    call.remote_tag = text_of(response.message.typed<sip::HeaderId::To>()->tag());
    call.target = contact_of(response.message);
    call.routes = routes_of(response.message, true);
    call.state = CallState::Established;
    call.next_step_at = response.now + talk_time_;
    arm();
  }
  send_ack(call);
}

void Phone::on_client_end(uint64_t context, transaction::ClientHandle client,
                          transaction::EndReason reason) {
  Call& call = calls_[context];
  if (reason == transaction::EndReason::Done || call.request != client) return;
  call.state = CallState::Failed;
  call.failure = reason == transaction::EndReason::Timeout ? 408 : 503;
}

}  // namespace tipring::sim
