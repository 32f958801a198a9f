#include "leg_bench.h"

#include <doctest/doctest.h>

namespace tipring::service {

std::vector<std::string> Text::lines(std::string_view name) const {
  const std::string start = "\r\n" + std::string(name) + ": ";
  const std::string head = text.substr(0, text.find("\r\n\r\n") + 2);
  std::vector<std::string> found;
  for (size_t at = head.find(start); at != std::string::npos; at = head.find(start, at + 2)) {
    const size_t from = at + start.size();
    found.push_back(head.substr(from, head.find("\r\n", from) - from));
  }
  return found;
}

std::string Text::line(std::string_view name) const {
  const std::vector<std::string> all = lines(name);
  return all.empty() ? std::string() : all.front();
}

std::string Text::tag(std::string_view name) const {
  const std::string value = line(name);
  const size_t at = value.find(";tag=");
  return at == std::string::npos ? "" : value.substr(at + 5);
}

Peer::Peer(port::SimWorld& world, std::string_view address, uint16_t port) : world_(world) {
  const port::IpAddress ip = *port::parse_ip(address);
  port::SimHost* host = world.host_of(ip);
  if (host == nullptr) host = &world.make_host("phone", {ip});
  int error = 0;
  socket_ = host->network().open_datagram({{ip, port}}, *this, error);
  REQUIRE(socket_ != nullptr);
}

void Peer::send(const std::string& text) {
  const port::OutgoingDatagram datagram{text, {*port::parse_ip("10.0.0.1"), 5060}, {}};
  REQUIRE(socket_->send({&datagram, 1}) == 1);
}

Text Peer::take(Millis within) {
  REQUIRE(world_.run_until([&] { return received_.size() > taken_; }, within));
  return received_[taken_++];
}

bool Peer::got_nothing(Millis within) {
  world_.run_for(within);
  return received_.size() == taken_;
}

void Peer::on_readable(port::DatagramSocket& socket) {
  std::vector<char> buffer(65536);
  port::DatagramSlot slot;
  slot.buffer = buffer;
  while (socket.receive({&slot, 1}) == 1) {
    received_.push_back({std::string(buffer.data(), slot.size)});
  }
}

namespace {

std::string_view name_of(EndCause cause) {
  switch (cause) {
    case EndCause::PeerBye: return "peer-bye";
    case EndCause::LocalEnd: return "local-end";
    case EndCause::Refused: return "refused";
    case EndCause::Rejected: return "rejected";
    case EndCause::Cancelled: return "cancelled";
    case EndCause::ForkLost: return "fork-lost";
    case EndCause::NoAck: return "no-ack";
    case EndCause::NoPrack: return "no-prack";
    case EndCause::AckMissing: return "ack-missing";
    case EndCause::DialogLost: return "dialog-lost";
    case EndCause::SessionOver: return "session-over";
    case EndCause::Unreachable: return "unreachable";
    case EndCause::Shortage: return "shortage";
  }
  return "?";
}

std::string status_of(const Incoming& response) {
  return std::to_string(response.message.status());
}

}  // namespace

void Notes::note(LegHandle of, uint64_t name, const std::string& what,
                 const sip::MessageView* message) {
  leg = of;
  if (message != nullptr) last.text = std::string(message->text());
  const size_t word = what.find(' ');
  all.push_back(what.substr(0, word) + " " + std::to_string(name) +
                (word == std::string::npos ? "" : what.substr(word)));
  if (then) then(what);
}

void Notes::on_progress(LegHandle of, uint64_t user, const Incoming& response) {
  note(of, user, "progress " + status_of(response), &response.message);
}
uint64_t Notes::on_fork(LegHandle made, LegHandle, uint64_t user) {
  fork = made;
  note(made, user, "fork", nullptr);
  return user + 100;
}
void Notes::on_answer(LegHandle of, uint64_t user, const Incoming& response) {
  note(of, user, "answer " + status_of(response), &response.message);
}
void Notes::on_prack(LegHandle of, uint64_t user, const Incoming& prack) {
  note(of, user, "prack", &prack.message);
}
void Notes::on_ack(LegHandle of, uint64_t user, const Incoming& ack) {
  note(of, user, "ack", &ack.message);
}
LegVerdict Notes::on_request(LegHandle of, uint64_t user, ServerHandle by,
                             const Incoming& incoming) {
  server = by;
  note(of, user, "request " + std::string(incoming.message.method_text()), &incoming.message);
  return verdict;
}
LegVerdict Notes::on_request_cancelled(LegHandle of, uint64_t user, ServerHandle by) {
  server = by;
  note(of, user, "request-cancelled", nullptr);
  return cancel_verdict;
}
void Notes::on_response(LegHandle of, uint64_t user, const LegRequestInfo& info,
                        const Incoming& response) {
  request = info;
  note(of, user, "response " + std::string(sip::to_text(info.method)) + " " + status_of(response),
       &response.message);
}
void Notes::on_no_response(LegHandle of, uint64_t user, const LegRequestInfo& info,
                           uint16_t status) {
  request = info;
  note(of, user,
       "no-response " + std::string(sip::to_text(info.method)) + " " + std::to_string(status),
       nullptr);
}
ClientVerdict Notes::on_client_event(LegHandle of, uint64_t user, LegClientEvent,
                                     const Incoming& response) {
  note(of, user, "event " + status_of(response), &response.message);
  return client_verdict;
}
LegVerdict Notes::on_replaces(LegHandle of, uint64_t user, const Incoming& invite) {
  note(of, user, "replaces", &invite.message);
  return verdict;
}
void Notes::on_end(LegHandle of, uint64_t user, const LegEnd& end) {
  note(of, user,
       "end " + std::string(name_of(end.cause)) +
           (end.status == 0 ? "" : " " + std::to_string(end.status)),
       end.message);
}

LegBench::LegBench(port::SimWorld& world, const Limits& limits)
    : ServiceBench(world, limits),
      tick_(host.loop().make_timer(*this)),
      legs(environment, host.entropy(), arena, limits) {
  on_timer(host.loop().now());
  transactions.set_request_handler(*this);
  REQUIRE(start());
}

void LegBench::on_request(const Incoming& request) {
  if (legs.owns(request.message)) return legs.handle(request);
  const bool is_call = request.message.method() == sip::Method::Invite;
  if (is_call && adopts) {
    const auto leg = legs.adopt(request, notes, next_name);
    if (leg) {
      adopted = *leg;
      ++next_name;
      return;
    }
    refused = leg.error();
    if (refused == Error::PoolExhausted) transactions.reply_stateless(request, 503, {});
    return;
  }
  strays.emplace_back(request.message.method_text());
  transactions.reply_stateless(request, 404, {});
}

std::string sdp_of(std::string_view host, int port) {
  const std::string ip(host);
  return "v=0\r\no=- 1 1 IN IP4 " + ip + "\r\ns=-\r\nc=IN IP4 " + ip + "\r\nt=0 0\r\nm=audio " +
         std::to_string(port) + " RTP/AVP 0\r\n";
}

std::string with_body(const std::string& lines, const std::string& body) {
  return lines + (body.empty() ? "" : "Content-Type: application/sdp\r\n") +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

LegHandle LegPair::call(const std::string& body, const std::string& lines) {
  LegCall call;
  call.request_uri = "sip:bob@10.0.0.3";
  call.from = "\"Hall\" <sip:200@tipring>";
  call.to = "<sip:bob@tipring>";
  call.contact_user = "200";
  call.content = {lines, "application/sdp", body};
  const auto leg = bench.legs.call(call, bench.notes, bench.next_name++);
  REQUIRE(leg);
  return *leg;
}

std::string LegPair::answer(const Text& request, const std::string& status, const std::string& tag,
                            const std::string& lines, const std::string& body) {
  std::string text = "SIP/2.0 " + status + "\r\n";
  for (const std::string& via : request.lines("Via")) text += "Via: " + via + "\r\n";
  for (const std::string& route : request.lines("Record-Route")) {
    text += "Record-Route: " + route + "\r\n";
  }
  std::string to = request.line("To");
  if (!tag.empty() && to.find(";tag=") == std::string::npos) to += ";tag=" + tag;
  text += "From: " + request.line("From") + "\r\nTo: " + to +
          "\r\nCall-ID: " + request.line("Call-ID") + "\r\nCSeq: " + request.line("CSeq") +
          "\r\nContact: <sip:bob@10.0.0.3>\r\n";
  return text + with_body(lines, body);
}

LegHandle LegPair::call_answered(const std::string& lines) {
  const LegHandle leg = call(sdp_of("10.0.0.1", 4000));
  sent = bob.take();
  bob.send(answer(sent, "200 OK", "b", lines, sdp_of("10.0.0.3", 5000)));
  world.run_for(Millis(50));
  REQUIRE(bench.notes.taken() == "answer 1 200");
  REQUIRE(bench.legs.ack(leg));
  REQUIRE(bob.take().first_line() == "ACK sip:bob@10.0.0.3 SIP/2.0");
  return leg;
}

void LegPair::invite(const std::string& lines, const std::string& body, const std::string& branch,
                     int cseq) {
  alice.send("INVITE sip:200@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.2;branch=" + branch +
             "\r\nMax-Forwards: 70\r\nFrom: <sip:alice@tipring>;tag=a\r\nTo: <sip:200@tipring>\r\n"
             "Call-ID: in\r\nCSeq: " +
             std::to_string(cseq) + " INVITE\r\nContact: <sip:alice@10.0.0.2>\r\n" +
             with_body(lines, body));
  world.run_for(Millis(50));
}

LegHandle LegPair::invite_answered() {
  invite("", sdp_of("10.0.0.2", 6000));
  REQUIRE(alice.take().first_line() == "SIP/2.0 100 Trying");
  const LegHandle leg = bench.adopted;
  LegReply reply;
  const std::string body = sdp_of("10.0.0.1", 4000);
  reply.content = {"", "application/sdp", body};
  REQUIRE(bench.legs.respond(leg, {}, 200, reply));
  REQUIRE(alice.take().first_line() == "SIP/2.0 200 OK");
  alice.send(within(leg, "ACK", 1));
  world.run_for(Millis(50));
  REQUIRE(bench.notes.taken() == "ack 1");
  return leg;
}

std::string LegPair::within(LegHandle leg, const std::string& method, int cseq,
                            const std::string& lines, const std::string& body,
                            const std::string& branch) const {
  const auto view = bench.legs.view(leg);
  REQUIRE(view);
  const std::string host = view->is_caller ? "10.0.0.3" : "10.0.0.2";
  const std::string key = branch.empty() ? "z9hG4bK" + method + std::to_string(cseq) : branch;
  return method + " sip:200@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP " + host + ";branch=" + key +
         "\r\nMax-Forwards: 70\r\nFrom: " + std::string(view->remote_address) +
         "\r\nTo: " + std::string(view->local_address) +
         "\r\nCall-ID: " + std::string(view->call_id) + "\r\nCSeq: " + std::to_string(cseq) + " " +
         method + "\r\nContact: <sip:peer@" + host + ">\r\n" + with_body(lines, body);
}

}  // namespace tipring::service
