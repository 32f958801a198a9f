#include "server/b2bua/carry.h"

#include "sip/headers.h"
#include "sip/writer.h"

namespace tipring::b2bua {

namespace {

using sip::HeaderId;

constexpr uint8_t bit(Passage passage) {
  return static_cast<uint8_t>(1U << static_cast<int>(passage));
}

constexpr uint8_t kBegin = bit(Passage::Begin);
constexpr uint8_t kWithin = bit(Passage::Within);
constexpr uint8_t kAnswer = bit(Passage::Answer);
constexpr uint8_t kRefusal = bit(Passage::Refusal);
constexpr uint8_t kRequests = kBegin | kWithin;
constexpr uint8_t kResponses = kAnswer | kRefusal;
constexpr uint8_t kAll = kRequests | kResponses;

// In which passages a header goes across. Without a default, so that a new one has to be decided.
uint8_t passages_of(HeaderId id) {
  switch (id) {
    // Of the dialog, of the transaction and of the way between two hops: each leg has its own.
    case HeaderId::Via:
    case HeaderId::From:
    case HeaderId::To:
    case HeaderId::CallId:
    case HeaderId::CSeq:
    case HeaderId::MaxForwards:
    case HeaderId::MaxBreadth:
    case HeaderId::Contact:
    case HeaderId::Route:
    case HeaderId::RecordRoute:
    case HeaderId::Path:
    case HeaderId::ServiceRoute:
    case HeaderId::ContentLength:
    case HeaderId::Timestamp: return 0;
    // What a leg can do and needs: said by us to each side.
    case HeaderId::Require:
    case HeaderId::ProxyRequire:
    case HeaderId::Supported:
    case HeaderId::Unsupported:
    case HeaderId::Allow:
    case HeaderId::AllowEvents:
    case HeaderId::Rack:
    case HeaderId::Rseq:
    case HeaderId::SessionExpires:
    case HeaderId::MinSe:
    case HeaderId::RecvInfo:
    case HeaderId::FlowTimer:
    case HeaderId::FeatureCaps: return 0;
    // Between a phone and us: who it is, what was asked of it, and how it is reached.
    case HeaderId::Authorization:
    case HeaderId::ProxyAuthorization:
    case HeaderId::WwwAuthenticate:
    case HeaderId::ProxyAuthenticate:
    case HeaderId::AuthenticationInfo:
    case HeaderId::PPreferredIdentity:
    case HeaderId::SecurityClient:
    case HeaderId::SecurityServer:
    case HeaderId::SecurityVerify:
    case HeaderId::PAssociatedUri:
    case HeaderId::PCalledPartyId:
    case HeaderId::PVisitedNetworkId:
    case HeaderId::PAccessNetworkInfo:
    case HeaderId::PChargingVector:
    case HeaderId::PChargingAddresses:
    case HeaderId::RequestDisposition:
    case HeaderId::AcceptContact:
    case HeaderId::RejectContact: return 0;
    // Of a dialog that is none of ours: the one over there may know it.
    case HeaderId::Replaces:
    case HeaderId::Join: return kBegin;
    // It names the dialog of this leg.
    case HeaderId::TargetDialog: return 0;
    // RFC 3515: where the other one is sent. A dialog that is named there is known to whoever gets the
    // INVITE that follows, and that may be us.
    case HeaderId::ReferTo:
    case HeaderId::ReferSub: return kWithin;
    // RFC 8224 5: signed over From, To and Date of that request, which stays behind.
    case HeaderId::Identity:
    case HeaderId::IdentityInfo: return 0;
    // Registrations and publications are no part of a call.
    case HeaderId::MinExpires:
    case HeaderId::SipEtag:
    case HeaderId::SipIfMatch:
    case HeaderId::SuppressIfMatch: return 0;
    // Of a body: see write_body_lines().
    case HeaderId::ContentType:
    case HeaderId::ContentDisposition:
    case HeaderId::ContentEncoding:
    case HeaderId::ContentLanguage:
    case HeaderId::MimeVersion: return 0;
    // How long an invitation is good for; within a dialog it may mean a subscription.
    case HeaderId::Expires: return 0;
    // The software at the other end, as one may want to know of it.
    case HeaderId::UserAgent: return kRequests;
    case HeaderId::Server: return kResponses;
    case HeaderId::Accept:
    case HeaderId::AcceptEncoding:
    case HeaderId::AcceptLanguage: return kAll;
    // What the caller tells whom he calls.
    case HeaderId::Subject:
    case HeaderId::Priority:
    case HeaderId::InReplyTo:
    case HeaderId::AnswerMode:
    case HeaderId::PrivAnswerMode:
    case HeaderId::ResourcePriority: return kRequests;
    case HeaderId::AcceptResourcePriority: return kResponses;
    case HeaderId::AlertInfo: return kBegin | kAnswer;
    case HeaderId::CallInfo:
    case HeaderId::Date:
    case HeaderId::Organization:
    case HeaderId::ReplyTo:
    case HeaderId::Geolocation:
    case HeaderId::GeolocationRouting:
    case HeaderId::UserToUser:
    case HeaderId::SessionId:
    case HeaderId::Privacy:
    case HeaderId::PAssertedIdentity:
    case HeaderId::HistoryInfo:
    case HeaderId::Diversion: return kAll;
    case HeaderId::PEarlyMedia: return kAll;
    case HeaderId::ReferredBy: return kRequests;
    // RFC 3326: why a request was made, or in a response why it was not granted.
    case HeaderId::Reason: return kWithin | kResponses;
    case HeaderId::GeolocationError:
    case HeaderId::RetryAfter:
    case HeaderId::ErrorInfo: return kResponses;
    case HeaderId::Warning: return kResponses;
    case HeaderId::InfoPackage:
    case HeaderId::Event:
    case HeaderId::SubscriptionState: return kWithin;
    // What we do not know is between the two: RFC 3261 16.6 treats it alike.
    case HeaderId::Other: return kAll;
  }
  return 0;
}

bool is_body_line(HeaderId id) {
  return id == HeaderId::ContentDisposition || id == HeaderId::ContentEncoding ||
         id == HeaderId::ContentLanguage || id == HeaderId::MimeVersion;
}

bool hides_identity(const sip::MessageView& message) {
  if (!message.has(HeaderId::Privacy)) return false;
  const auto privacy = message.typed<HeaderId::Privacy>();
  return privacy && privacy->id;
}

void write_line(sip::Writer& out, const sip::HeaderView& line) {
  if (line.id() == HeaderId::Other) {
    out.header(line.name(), line.value());
  } else {
    out.header(line.id(), line.value());
  }
}

}  // namespace

bool is_carried(const sip::HeaderView& line, Passage passage) {
  return (passages_of(line.id()) & bit(passage)) != 0;
}

Result<size_t> write_carried(const sip::MessageView& message, Passage passage,
                             std::span<char> out) {
  sip::Writer writer(out);
  const bool hidden = hides_identity(message);
  for (const sip::HeaderView line : message.headers()) {
    if (hidden && line.id() == HeaderId::PAssertedIdentity) continue;
    if (is_carried(line, passage)) write_line(writer, line);
  }
  return writer.finish();
}

Result<size_t> write_body_lines(const sip::MessageView& message, std::span<char> out) {
  sip::Writer writer(out);
  if (message.body().empty()) return size_t{0};
  for (const sip::HeaderView line : message.headers()) {
    if (is_body_line(line.id())) write_line(writer, line);
  }
  return writer.finish();
}

}  // namespace tipring::b2bua
