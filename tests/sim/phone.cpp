#include "phone.h"

#include "sip/headers.h"
#include "sip/status.h"

namespace tipring::sim {

namespace {

// One request can meet that many lives of a server whose power fails all the time.
constexpr int kChallengesMax = 10;

}  // namespace

Phone::Phone(port::SimHost& on, const std::string& user, const std::string& server,
             sip::Transport protocol, const Limits& limits, Findings& findings)
    : Node(on, limits),
      user_(user),
      server_(server),
      protocol_(protocol),
      findings_(findings),
      digest_(user, "secret of " + user),
      register_call_id_(user + "-" + std::to_string(host.entropy().u64())) {
  transactions.set_request_handler(*this);
}

std::string Phone::contact() const {
  const std::string tcp = protocol_ == sip::Transport::Tcp ? ";transport=tcp" : "";
  return "sip:" + user_ + "@" + address() + ":5060" + tcp;
}

transport::Flow Phone::server_flow() {
  return *transport.flow_to(protocol_, {*port::parse_ip(server_), 5060});
}

void Phone::at(Millis when, std::function<void()> action) {
  host.loop().schedule(when, std::move(action));
}

void Phone::report(const std::string& text) {
  findings_.add(host.loop().now(), user_ + ": " + text);
}

std::string Phone::write(const Request& request, std::string_view branch) const {
  return request.method + " " + request.uri + " SIP/2.0\r\nVia: SIP/2.0/" +
         std::string(sip::to_text(protocol_)) + " " + address() +
         ":5060;rport;branch=" + std::string(branch) + "\r\nMax-Forwards: 70\r\n" + request.routes +
         "From: " + request.from + "\r\nTo: " + request.to + "\r\nCall-ID: " + request.call_id +
         "\r\nCSeq: " + std::to_string(request.cseq) + " " + request.method + "\r\n" +
         request.lines + (request.body.empty() ? "" : "Content-Type: application/sdp\r\n") +
         "Content-Length: " + std::to_string(request.body.size()) + "\r\n\r\n" + request.body;
}

transaction::ClientHandle Phone::send(const Request& request, sip::Method method,
                                      uint64_t context) {
  const auto client = transactions.reserve(method, *this, context);
  if (!client) {
    report("no client transaction is free");
    return {};
  }
  char branch[transaction::TransactionLayer::kBranchMax];
  MessageRef message = slabs.copy(
      write(request, transactions.write_branch(*client, address() + ":5060", 1, branch)));
  if (!message) {
    report("no buffer is free");
    transactions.abandon(*client);
    return {};
  }
  if (!transactions.start(*client, std::move(message), server_flow())) return {};
  return *client;
}

void Phone::on_request(const Incoming& request) {
  if (silent_) return;
  switch (request.message.method()) {
    case sip::Method::Invite: return answer_invite(request);
    case sip::Method::Bye: return answer_bye(request);
    case sip::Method::Ack: return take_ack(request);
    case sip::Method::Update:
      if (const Call* call = find(request.message)) {
        return answer_refresh(request, static_cast<size_t>(call - calls_.data()));
      }
      return transactions.reply_stateless(request, 481, {});
    default: return transactions.reply_stateless(request, 501, {});
  }
}

void Phone::on_response(uint64_t context, transaction::ClientHandle, const Incoming& response) {
  if (silent_) return;
  const auto index = static_cast<size_t>(context / 4);
  switch (static_cast<Kind>(context % 4)) {
    case Register: return on_register_response(response);
    case Invite: return on_invite_response(index, response);
    case Bye: return on_bye_response(index, response);
    case Refresh: return on_refresh_response(index, response);
  }
}

void Phone::on_client_end(uint64_t context, transaction::ClientHandle client,
                          transaction::EndReason reason) {
  if (reason == transaction::EndReason::Done || silent_) return;
  const auto index = static_cast<size_t>(context / 4);
  const uint16_t status = reason == transaction::EndReason::Timeout ? 408 : 503;
  if (context % 4 == Register) {
    registration_.pending = false;
    registration_.last_status = status;
    return;
  }
  Call& call = calls_[index];
  if (context % 4 == Refresh && call.refresh == client) call.refresh_status = status;
  if (context % 4 == Refresh || call.request != client) return;
  if (context % 4 == Invite) {
    if (call.outcome != 0) return;
    settle(call, status);
  } else {
    call.bye_status = status;
  }
  end(call);
}

// --- registration ----------------------------------------------------------------------------------

bool Phone::send_register(uint32_t expires_s) {
  if (registration_.pending) return false;
  registration_.pending = true;
  (expires_s == 0 ? registration_.may_be_gone : registration_.may_be_there) = true;
  register_expires_s_ = expires_s;
  register_attempts_ = 0;
  at(host.loop().now(), [this] {
    register_sent_at_ = host.loop().now();
    send_register_now();
  });
  return true;
}

void Phone::send_register_now() {
  Request request;
  request.method = "REGISTER";
  request.uri = "sip:" + std::string(kDomain);
  request.to = "<sip:" + user_ + "@" + std::string(kDomain) + ">";
  request.from = request.to + ";tag=" + std::to_string(host.entropy().u64());
  request.call_id = register_call_id_;
  request.cseq = ++register_cseq_;
  request.lines = "Contact: <" + contact() + ">;expires=" + std::to_string(register_expires_s_) +
                  "\r\n" + digest_.next_line("Authorization", request.method, request.uri);
  if (!send(request, sip::Method::Register, context_of(Register, 0))) {
    registration_.pending = false;
  }
}

void Phone::on_register_response(const Incoming& response) {
  const uint16_t status = response.message.status();
  if (status < 200) return;
  if (!registration_.pending) return report("a second final response to REGISTER");
  if (status == sip::status::kUnauthorized && ++register_attempts_ <= kChallengesMax &&
      digest_.learn(response.message)) {
    return send_register_now();
  }
  registration_.pending = false;
  registration_.last_status = status;
  registration_.last_reason = response.message.reason();
  registration_.retry_after = response.message.header(sip::HeaderId::RetryAfter).value_or("");
  if (status == 200) return on_registered(response);
  if (status == 503) {
    ++registration_.refused;
  } else {
    report("REGISTER was answered with " + std::to_string(status) + " " +
           registration_.last_reason);
  }
}

// RFC 3261 10.3 step 8: the answer lists what stands.
void Phone::on_registered(const Incoming& response) {
  ++registration_.done;
  registration_.may_be_gone = false;
  registration_.may_be_there = false;
  bool listed = false;
  for (const std::string_view value : response.message.values(sip::HeaderId::Contact)) {
    const auto contact_value = sip::parse_name_addr(value);
    if (!contact_value || contact_value->uri != contact()) continue;
    if (listed) report("the answer to REGISTER lists a contact twice");
    listed = true;
    const auto expires = contact_value->param("expires");
    const uint64_t seconds =
        expires ? std::strtoull(std::string(expires->value).c_str(), nullptr, 10) : 0;
    if (seconds == 0 || seconds > register_expires_s_) report("REGISTER grants a strange interval");
    registration_.bound_until = register_sent_at_ + Millis(static_cast<int64_t>(seconds) * 1000);
  }
  if (listed != (register_expires_s_ != 0)) {
    report(listed ? "a removed contact is listed" : "a registered contact is not listed");
  }
  registration_.bound = listed;
  if (register_expires_s_ == 0) ++registration_.removed;
}

}  // namespace tipring::sim
