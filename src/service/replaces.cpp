#include "service/replaces.h"

#include "sip/headers.h"
#include "sip/status.h"

namespace tipring::service {

namespace {

bool same_tag(std::string_view named, std::string_view tag) {
  return named == tag || (named == "0" && tag.empty());
}

}  // namespace

bool ReplacedDialog::is(std::string_view other_call_id, std::string_view other_local_tag,
                        std::string_view other_remote_tag) const {
  return call_id == other_call_id && same_tag(local_tag, other_local_tag) &&
         same_tag(remote_tag, other_remote_tag);
}

Result<ReplacedDialog> parse_replaces(std::string_view value) {
  const auto reference = sip::ReplacesTraits::parse(value);
  if (!reference) return Error::Invalid;
  return ReplacedDialog{reference->call_id, reference->param("to-tag")->value,
                        reference->param("from-tag")->value,
                        reference->param("early-only").has_value()};
}

ReplacesHeader replaces_of(const sip::MessageView& request) {
  if (!request.has(sip::HeaderId::Replaces)) return {};
  size_t lines = 0;
  for (const sip::HeaderView line : request.headers(sip::HeaderId::Replaces)) {
    static_cast<void>(line);
    ++lines;
  }
  const auto dialog = parse_replaces(request.first_value(sip::HeaderId::Replaces));
  // 3: also what contradicts it. A Join would leave the dialog where it is (RFC 3911 4).
  if (!dialog || lines != 1 || request.method() != sip::Method::Invite ||
      request.has(sip::HeaderId::Join)) {
    return {sip::status::kBadRequest, std::nullopt};
  }
  return {0, *dialog};
}

uint16_t judge_replaces(ReplacedState state, bool early_only) {
  switch (state) {
    case ReplacedState::Unknown:
    case ReplacedState::EarlyOfTheirs: return sip::status::kCallOrTransactionDoesNotExist;
    case ReplacedState::Terminated: return sip::status::kDecline;
    case ReplacedState::Confirmed: return early_only ? sip::status::kBusyHere : uint16_t{0};
    case ReplacedState::EarlyOfOurs: return 0;
  }
  return sip::status::kCallOrTransactionDoesNotExist;
}

void write_replaces(sip::Writer& out, const ReplacedDialog& dialog) {
  out.text(dialog.call_id).text(";to-tag=").text(dialog.remote_tag);
  out.text(";from-tag=").text(dialog.local_tag);
  if (dialog.early_only) out.text(";early-only");
}

}  // namespace tipring::service
