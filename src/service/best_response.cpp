#include "service/best_response.h"

#include "sip/headers.h"
#include "sip/status.h"

namespace tipring::service {

namespace {

bool is_challenge(uint16_t status) {
  return status == sip::status::kUnauthorized ||
         status == sip::status::kProxyAuthenticationRequired;
}

// Step 6: 6xx before all, else the lowest class. Within one, what helps to ask again goes first,
// and last what says nothing of the callee. The lowest is the best.
uint8_t rank_of(uint16_t status, bool wanted_end) {
  const auto of_class = static_cast<uint8_t>(status / 100 * 10);
  switch (status) {
    case sip::status::kRequestTerminated: return wanted_end ? 1 : of_class + 2;
    case sip::status::kUnauthorized:
    case sip::status::kProxyAuthenticationRequired:
    case sip::status::kUnsupportedMediaType:
    case sip::status::kBadExtension:
    case sip::status::kAddressIncomplete: return of_class;
    case sip::status::kRequestTimeout:
    case sip::status::kLoopDetected:  // a phone with two contacts, which has the request already
    case sip::status::kServiceUnavailable: return of_class + 2;
    default: return status >= 600 ? 0 : of_class + 1;
  }
}

// One more line behind those in `lines`, which moves to a larger buffer for it. It is left out
// where it stands there already, or where there is no room.
void add_line(MessageSlabs& slabs, MessageRef& lines, sip::HeaderId id, std::string_view value) {
  const std::string_view before = lines ? lines.view() : std::string_view();
  const size_t size = before.size() + sip::to_text(id).size() + value.size() + 4;
  if (size > BestResponse::kLinesMax) return;
  if (!lines || lines.capacity() < size) {
    MessageRef larger = slabs.acquire(size);
    if (!larger) return;
    std::copy(before.begin(), before.end(), larger.room().begin());
    larger.set_size(before.size());
    lines = std::move(larger);
  }
  const size_t start = lines.size();
  sip::Writer out(lines.room().subspan(start));
  out.header(id, value);
  const bool known = lines.view().substr(0, start).find(out.view()) != std::string_view::npos;
  lines.set_size(known || out.full() ? start : start + out.size());
}

class WithoutContacts final : public sip::LineFilter {
 public:
  bool keep(const sip::HeaderView& line) const override {
    return line.id() != sip::HeaderId::Contact;
  }
};

constexpr WithoutContacts kWithoutContacts;

}  // namespace

uint16_t status_upstream(uint16_t status) {
  return status == sip::status::kServiceUnavailable ? sip::status::kServerInternalError : status;
}

// What somebody has said goes before what we would say ourselves.
bool BestResponse::loses_to(uint16_t status, bool with_text, bool wanted_end) const {
  if (status_ == 0) return true;
  const uint8_t before = rank_of(status_, wanted_end);
  const uint8_t rank = rank_of(status, wanted_end);
  return rank < before || (rank == before && with_text && !has_text());
}

void BestResponse::offer(MessageSlabs& slabs, const sip::MessageView& response, uint16_t status,
                         uint32_t taken, bool wanted_end) {
  if (!loses_to(status, true, wanted_end)) {
    if (sip::is_redirection(status)) return gather_contacts(slabs, response, taken);
    return gather(slabs, response, status);
  }
  retire(slabs);
  status_ = status;
  current_ = &response;
  if (taken == 0) return;
  gather_contacts(slabs, response, taken);
  contacts_out_ = true;
}

void BestResponse::note(MessageSlabs& slabs, uint16_t status, bool wanted_end) {
  if (!loses_to(status, false, wanted_end)) return;
  retire(slabs);
  status_ = status;
}

// A better one takes its place.
void BestResponse::retire(MessageSlabs& slabs) {
  if (current_ != nullptr) {
    gather(slabs, *current_, status_);
  } else if (kept_ && (is_challenge(status_) || sip::is_redirection(status_))) {
    sip::HeaderIndex room;
    gather(slabs, sip::parse_message(kept_.view(), room, sip::Framing::Datagram).view, status_);
  }
  current_ = nullptr;
  kept_.reset();
  contacts_out_ = false;
}

void BestResponse::gather(MessageSlabs& slabs, const sip::MessageView& response, uint16_t status) {
  if (sip::is_redirection(status) && !contacts_out_) return gather_contacts(slabs, response, 0);
  if (!is_challenge(status)) return;
  for (const sip::HeaderId id :
       {sip::HeaderId::WwwAuthenticate, sip::HeaderId::ProxyAuthenticate}) {
    for (const std::string_view value : response.values(id)) {
      add_line(slabs, challenges_, id, value);
    }
  }
}

void BestResponse::gather_contacts(MessageSlabs& slabs, const sip::MessageView& response,
                                   uint32_t taken) {
  size_t index = 0;
  for (const std::string_view value : response.values(sip::HeaderId::Contact)) {
    const bool is_taken = index < kContactsMax && (taken >> index & 1) != 0;
    if (!is_taken) add_line(slabs, contacts_, sip::HeaderId::Contact, value);
    ++index;
  }
}

void BestResponse::keep(MessageSlabs& slabs) {
  if (current_ == nullptr) return;
  kept_ = slabs.copy(current_->text());
  current_ = nullptr;
}

std::optional<sip::MessageView> BestResponse::response(sip::HeaderIndex& room) const {
  if (current_ != nullptr) return *current_;
  if (!kept_) return std::nullopt;
  return sip::parse_message(kept_.view(), room, sip::Framing::Datagram).view;
}

std::string_view BestResponse::lines() const {
  if (is_challenge(status_) && challenges_) return challenges_.view();
  if (sip::is_redirection(status_) && contacts_) return contacts_.view();
  return {};
}

const sip::LineFilter* BestResponse::filter() const {
  return contacts_out_ ? &kWithoutContacts : nullptr;
}

}  // namespace tipring::service
