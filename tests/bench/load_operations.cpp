#include "load_operations.h"

#include <unistd.h>

#include "port/crypto.h"

namespace bench {

namespace {

using tipring::port::md5;

constexpr std::string_view kSdp =
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio 40000 RTP/AVP 8 0 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n"
    "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=sendrecv\r\n";
constexpr std::string_view kCnonce = "c0ffee";
constexpr std::string_view kTag = "bench";

std::array<char, 32> hex_of(const tipring::port::Md5Digest& digest) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::array<char, 32> text{};
  for (size_t i = 0; i < digest.size(); ++i) {
    text[2 * i] = kDigits[digest[i] >> 4];
    text[2 * i + 1] = kDigits[digest[i] & 15];
  }
  return text;
}

std::string_view view(const std::array<char, 32>& text) { return {text.data(), text.size()}; }

std::string_view transport_name(const Wire& wire, bool upper) {
  if (wire.transport() == Transport::Udp) return upper ? "UDP" : "udp";
  return upper ? "TCP" : "tcp";
}

bool is_final(int status) { return status >= 200; }

}  // namespace

// --- phone ---------------------------------------------------------------------------------------

Phone::Phone(Transport transport, uint16_t server_port, unsigned long number)
    : wire(transport, server_port),
      user("u" + std::to_string(number)),
      aor("sip:" + user + "@127.0.0.1"),
      server_uri("sip:127.0.0.1:" + std::to_string(server_port)) {}

std::string Phone::new_token() {
  // A port may have belonged to a phone of an earlier run, whose transactions still rest.
  static const std::string run = std::to_string(getpid());
  return "z9hG4bK" + run + "x" + std::to_string(wire.port()) + "x" + std::to_string(++tokens_);
}

std::string Phone::contact() const {
  return "Contact: <sip:" + user + "@127.0.0.1:" + std::to_string(wire.port()) +
         ";transport=" + std::string(transport_name(wire, false)) + ">";
}

void Phone::send(const Request& request) {
  text_.clear();
  text_.append(request.method).append(" ").append(request.uri).append(" SIP/2.0\r\nVia: SIP/2.0/");
  text_.append(transport_name(wire, true)).append(" 127.0.0.1:");
  text_.append(std::to_string(wire.port())).append(";branch=").append(request.branch);
  text_.append(";rport\r\nMax-Forwards: 70\r\nFrom: <").append(aor).append(">;tag=").append(kTag);
  text_.append("\r\nTo: ").append(request.to).append("\r\nCall-ID: ").append(request.call_id);
  text_.append("\r\nCSeq: ").append(std::to_string(request.cseq)).append(" ");
  text_.append(request.method).append("\r\n").append(request.headers);
  text_.append("User-Agent: bench_load\r\nContent-Length: ");
  text_.append(std::to_string(request.body.size())).append("\r\n\r\n").append(request.body);
  wire.send(text_);
}

void Phone::respond(std::string_view request, std::string_view status, std::string_view body) {
  text_.assign("SIP/2.0 ").append(status).append("\r\n");
  append_headers(request, "Via", text_);
  append_headers(request, "Record-Route", text_);
  append_headers(request, "From", text_);
  text_.append("To: ").append(header(request, "To"));
  if (header(request, "To").find(";tag=") == std::string_view::npos) text_.append(";tag=callee");
  text_.append("\r\n");
  append_headers(request, "Call-ID", text_);
  append_headers(request, "CSeq", text_);
  text_.append(contact()).append("\r\n");
  if (!body.empty()) text_.append("Content-Type: application/sdp\r\n");
  text_.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n\r\n");
  text_.append(body);
  wire.send(text_);
}

std::array<char, 32> Phone::ha1_of(std::string_view realm) {
  if (realm_ != realm) {
    realm_ = realm;
    const std::string_view pieces[] = {user, ":", realm, ":secret"};
    ha1_ = hex_of(md5(pieces));
  }
  return ha1_;
}

std::string Phone::credentials(std::string_view response, std::string_view method,
                               std::string_view uri) {
  const bool by_proxy = status_of(response) == 407;
  const std::string_view challenge =
      header(response, by_proxy ? "Proxy-Authenticate" : "WWW-Authenticate");
  const std::string realm(quoted(challenge, "realm"));
  const std::string nonce(quoted(challenge, "nonce"));
  const std::array<char, 32> ha1 = ha1_of(realm);
  const std::string_view second[] = {method, ":", uri};
  const std::array<char, 32> ha2 = hex_of(md5(second));
  const std::string_view all[] = {view(ha1), ":",     nonce,    ":",      "00000001",
                                  ":",       kCnonce, ":auth:", view(ha2)};
  const std::array<char, 32> proof = hex_of(md5(all));
  std::string line(by_proxy ? "Proxy-Authorization" : "Authorization");
  line.append(": Digest username=\"").append(user).append("\", realm=\"").append(realm);
  line.append("\", nonce=\"").append(nonce).append("\", uri=\"").append(uri);
  line.append("\", response=\"").append(view(proof)).append("\", algorithm=MD5, cnonce=\"");
  line.append(kCnonce).append("\", qop=auth, nc=00000001\r\n");
  return line;
}

// --- OPTIONS -------------------------------------------------------------------------------------

void OptionsOperation::start() {
  const std::string token = phone_.new_token();
  const std::string to = "<" + phone_.server_uri + ">";
  phone_.send({"OPTIONS", phone_.server_uri, to, token, 1, {}, {}, token});
}

Progress OptionsOperation::on_message(Phone&, std::string_view message) {
  return status_of(message) == 200 ? Progress::Done : Progress::Failed;
}

// --- registration --------------------------------------------------------------------------------

RegisterOperation::RegisterOperation(Phone& phone, Kind kind)
    : phone_(phone), kind_(kind), call_id_(phone.new_token()) {}

void RegisterOperation::start() {
  ++moves_;
  send({});
}

std::string RegisterOperation::contact() const {
  if (kind_ == Kind::Clear) return "Contact: *\r\nExpires: 0\r\n";
  std::string line = phone_.contact();
  if (kind_ == Kind::Move) {
    line.insert(line.size() - 1, ";move=" + std::to_string(moves_));
    line.append(";+sip.instance=\"<urn:uuid:").append(phone_.user).append(">\";reg-id=1");
  }
  return line.append("\r\nExpires: 3600\r\n");
}

void RegisterOperation::send(std::string_view credentials) {
  const std::string headers = contact().append(credentials);
  const std::string to = "<" + phone_.aor + ">";
  phone_.send(
      {"REGISTER", phone_.server_uri, to, call_id_, ++cseq_, headers, {}, phone_.new_token()});
}

Progress RegisterOperation::on_message(Phone&, std::string_view message) {
  const int status = status_of(message);
  if (status == 200) return Progress::Done;
  if (status != 401) return Progress::Failed;
  send(phone_.credentials(message, "REGISTER", phone_.server_uri));
  return Progress::Pending;
}

// --- call ----------------------------------------------------------------------------------------

void CallOperation::start() {
  call_id_ = caller_.new_token();
  cseq_ = 0;
  invited_ = hung_up_ = false;
  invite({});
}

void CallOperation::invite(std::string_view credentials) {
  std::string headers = caller_.contact() +
                        "\r\nSupported: timer\r\nSession-Expires: 1800\r\n"
                        "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS\r\n"
                        "Content-Type: application/sdp\r\n";
  headers.append(credentials);
  branch_ = caller_.new_token();
  const std::string to = "<" + callee_.aor + ">";
  caller_.send({"INVITE", callee_.aor, to, call_id_, ++cseq_, headers, kSdp, branch_});
}

void CallOperation::acknowledge_failure(std::string_view response) {
  const std::string to(header(response, "To"));
  caller_.send({"ACK", callee_.aor, to, call_id_, cseq_, {}, {}, branch_});
}

// What the ACK to the 200 and the BYE need of the dialog. One proxy's routes stand in a right order
// whichever way one reads them when there is one; two are reversed.
void CallOperation::acknowledge(std::string_view answer) {
  to_ = header(answer, "To");
  target_ = header(answer, "Contact");
  target_ = target_.substr(1, target_.find('>') - 1);
  std::string records;
  append_headers(answer, "Record-Route", records);
  routes_.clear();
  constexpr std::string_view kName = "Record-Route:";
  while (!records.empty()) {
    const size_t last = records.rfind(kName);
    routes_.append("Route:").append(records.substr(last + kName.size()));
    records.resize(last);
  }
  send_in_dialog("ACK");
}

void CallOperation::send_in_dialog(std::string_view method) {
  caller_.send({method, target_, to_, call_id_, cseq_, routes_, {}, caller_.new_token()});
}

Progress CallOperation::on_message(Phone& at, std::string_view message) {
  return &at == &caller_ ? on_caller(message) : on_callee(message);
}

Progress CallOperation::on_caller(std::string_view message) {
  const int status = status_of(message);
  if (header(message, "Call-ID") != call_id_ || !is_final(status)) return Progress::Pending;
  if (method_of(message) == "BYE") return status == 200 ? Progress::Done : Progress::Failed;
  if (status == 407 && cseq_ == 1) {
    acknowledge_failure(message);
    invite(caller_.credentials(message, "INVITE", callee_.aor));
    return Progress::Pending;
  }
  if (status != 200) {
    acknowledge_failure(message);
    return Progress::Failed;
  }
  acknowledge(message);
  return Progress::Pending;
}

Progress CallOperation::on_callee(std::string_view message) {
  if (header(message, "Call-ID") != call_id_) return Progress::Pending;
  const std::string_view method = method_of(message);
  if (method == "INVITE" && !invited_) {
    invited_ = true;
    callee_.respond(message, "180 Ringing", {});
    callee_.respond(message, "200 OK", kSdp);
  } else if (method == "ACK" && !hung_up_) {
    hung_up_ = true;
    ++cseq_;
    send_in_dialog("BYE");
  } else if (method == "BYE") {
    callee_.respond(message, "200 OK", {});
  }
  return Progress::Pending;
}

}  // namespace bench
