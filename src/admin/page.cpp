#include "admin/page.h"

#include <algorithm>
#include <cstring>

#include "admin/user_fields.h"
#include "admin/user_names.h"
#include "core/assert.h"

namespace tipring::admin {

namespace {

constexpr size_t kAgentMax = 256;
constexpr size_t kShortMax = 64;
constexpr size_t kTextHead = sizeof(uint16_t);
constexpr size_t kPartyMax = 512;
constexpr size_t kDecisionMax = 512;

static_assert(6 * kTextHead + kNameMax + kDomainMax + kContactMax + kAgentMax + 2 * kShortMax +
                  3 * sizeof(uint64_t) <=
              Page::kRowMax);
static_assert(9 * kTextHead + kNameMax + kDomainMax + kAuthNameMax + kDisplayNameMax + kAliasesMax +
                  4 * kShortMax + 9 * sizeof(uint64_t) <=
              Page::kRowMax);
static_assert(4 * kTextHead + 2 * kPartyMax + kAgentMax + kNameMax + 25 * sizeof(uint64_t) <=
              Page::kRowMax);

}  // namespace

void Page::put_text(std::string_view text, size_t max) {
  const auto size = static_cast<uint16_t>(std::min(text.size(), max));
  TIPRING_ASSERT(used_ + kTextHead + size <= kBytes);
  std::memcpy(&bytes_[used_], &size, kTextHead);
  used_ += kTextHead;
  if (size > 0) std::memcpy(bytes_.data() + used_, text.data(), size);
  used_ += size;
}

void Page::put_number(uint64_t number) {
  TIPRING_ASSERT(used_ + sizeof number <= kBytes);
  std::memcpy(bytes_.data() + used_, &number, sizeof number);
  used_ += static_cast<uint32_t>(sizeof number);
}

void Page::add(const UserRow& row) {
  ++rows_;
  put_text(row.name, kNameMax);
  put_text(row.domain, kDomainMax);
  put_number(row.bindings);
  put_number(row.has_secret ? 1 : 0);
  put_text(row.auth_name, kAuthNameMax);
  put_text(row.display_name, kDisplayNameMax);
  put_text(row.aliases, kAliasesMax);
  put_number(row.algorithms);
  put_number(static_cast<uint64_t>(row.session_timer));
  put_number(row.calls_refused);
  put_number(row.last_refused_s);
  put_text(row.refused_source, kShortMax);
  put_text(row.seen_at, kShortMax);
  put_number(row.last_seen_s);
  put_text(row.fault, kShortMax);
  put_text(row.failed_at, kShortMax);
  put_number(row.failed_s);
  put_number(row.revision);
}

void Page::add(const CredentialRow& row) {
  ++rows_;
  put_text(row.name, kNameMax);
  put_text(row.domain, kDomainMax);
  put_text(row.auth_name, kAuthNameMax);
  put_text(row.ha1_md5, kShortMax);
  put_text(row.ha1_sha256, kShortMax);
}

void Page::add(const BindingRow& row) {
  ++rows_;
  put_text(row.name, kNameMax);
  put_text(row.domain, kDomainMax);
  put_text(row.contact, kContactMax);
  put_text(row.received, kShortMax);
  put_text(row.transport, kShortMax);
  put_text(row.user_agent, kAgentMax);
  put_number(row.expires_s);
  put_number(row.q);
  put_number(row.methods);
}

void Page::add(const BlockRow& row) {
  ++rows_;
  put_text(row.source, kShortMax);
  put_text(row.user, kShortMax);
  for (const uint32_t number : {row.since_s, row.remaining_s, row.failures}) put_number(number);
}

void Page::add(const RefusedRow& row) {
  ++rows_;
  put_text(row.name, kNameMax);
  put_text(row.domain, kDomainMax);
  put_number(row.calls);
  put_number(row.last_s);
  put_text(row.source, kShortMax);
}

void Page::add(const UnknownRow& row) {
  ++rows_;
  put_text(row.name, kNameMax);
  put_text(row.domain, kDomainMax);
  put_text(row.source, kShortMax);
  put_number(row.tries);
  put_number(row.last_s);
}

void Page::add(const CallRow& row) {
  ++rows_;
  for (const uint64_t number :
       {row.id, static_cast<uint64_t>(row.state), row.begun_ms, row.answered_ms,
        uint64_t{row.interval_s}, static_cast<uint64_t>(row.refresher),
        uint64_t{row.supervised ? 1U : 0U}, uint64_t{row.is_timed ? 1U : 0U},
        uint64_t{row.refresh_s}, uint64_t{row.left_s}, uint64_t{row.is_anchored ? 1U : 0U},
        uint64_t{row.is_relayed ? 1U : 0U}, uint64_t{row.callee_interval_s},
        static_cast<uint64_t>(row.callee_refresher), uint64_t{row.callee_refresh_s},
        uint64_t{row.callee_left_s}})
    put_number(number);
  put_number(row.has_sound ? 1 : 0);
  for (const CallRow::Sound& sound : {row.caller_sound, row.callee_sound}) {
    for (const uint32_t number :
         {sound.heard.packets, sound.heard.lost, sound.heard.jitter_us, sound.silent_ms})
      put_number(number);
  }
  put_text(row.caller, kPartyMax);
  put_text(row.callee, kPartyMax);
  put_text(row.call_id, kAgentMax);
  put_text(row.answered_by, kNameMax);
}

void Page::add(const PoolRow& row) {
  ++rows_;
  put_text(row.name, kShortMax);
  for (const uint64_t number : {uint64_t{row.capacity}, uint64_t{row.in_use},
                                uint64_t{row.high_water}, uint64_t{row.item_bytes}, row.refusals})
    put_number(number);
}

void Page::add(const FactRow& row) {
  ++rows_;
  put_text(row.name, kShortMax);
  put_text(row.text, kAgentMax);
  put_number(row.number);
}

void Page::add(const TraceRow& row) {
  ++rows_;
  constexpr size_t kHead = 9 * sizeof(uint64_t) + 4 * kTextHead;
  static_assert(kTracePieceMax + 3 * kShortMax + kHead <= kRowMax);
  static_assert(2 * kAgentMax + kDecisionMax + kHead <= kRowMax);
  for (const uint64_t number :
       {row.number, row.after, row.time_ms, static_cast<uint64_t>(row.kind),
        uint64_t{row.of_subject ? 1U : 0U}, static_cast<uint64_t>(row.decision), row.offset,
        row.kept, row.size})
    put_number(number);
  if (row.is_decision()) {
    put_text(row.call_id, kAgentMax);
    put_text(row.joins, kAgentMax);
    return put_text(row.text, kDecisionMax);
  }
  put_text(row.transport, kShortMax);
  put_text(row.local, kShortMax);
  put_text(row.remote, kShortMax);
  put_text(row.text, kTracePieceMax);
}

std::string_view PageReader::take_text() {
  uint16_t size = 0;
  TIPRING_ASSERT(rest_.size() >= kTextHead);
  std::memcpy(&size, rest_.data(), kTextHead);
  TIPRING_ASSERT(rest_.size() - kTextHead >= size);
  const std::string_view text = rest_.substr(kTextHead, size);
  rest_.remove_prefix(kTextHead + size);
  return text;
}

uint64_t PageReader::take_number() {
  uint64_t number = 0;
  TIPRING_ASSERT(rest_.size() >= sizeof number);
  std::memcpy(&number, rest_.data(), sizeof number);
  rest_.remove_prefix(sizeof number);
  return number;
}

bool PageReader::next(UserRow& row) {
  if (rest_.empty()) return false;
  row.name = take_text();
  row.domain = take_text();
  row.bindings = static_cast<uint32_t>(take_number());
  row.has_secret = take_number() != 0;
  row.auth_name = take_text();
  row.display_name = take_text();
  row.aliases = take_text();
  row.algorithms = static_cast<uint8_t>(take_number());
  row.session_timer = static_cast<store::SessionTimerRule>(take_number());
  row.calls_refused = static_cast<uint32_t>(take_number());
  row.last_refused_s = static_cast<uint32_t>(take_number());
  row.refused_source = take_text();
  row.seen_at = take_text();
  row.last_seen_s = static_cast<uint32_t>(take_number());
  row.fault = take_text();
  row.failed_at = take_text();
  row.failed_s = static_cast<uint32_t>(take_number());
  row.revision = take_number();
  return true;
}

bool PageReader::next(CredentialRow& row) {
  if (rest_.empty()) return false;
  row.name = take_text();
  row.domain = take_text();
  row.auth_name = take_text();
  row.ha1_md5 = take_text();
  row.ha1_sha256 = take_text();
  return true;
}

bool PageReader::next(BindingRow& row) {
  if (rest_.empty()) return false;
  row.name = take_text();
  row.domain = take_text();
  row.contact = take_text();
  row.received = take_text();
  row.transport = take_text();
  row.user_agent = take_text();
  row.expires_s = static_cast<uint32_t>(take_number());
  row.q = static_cast<uint32_t>(take_number());
  row.methods = static_cast<uint32_t>(take_number());
  return true;
}

bool PageReader::next(BlockRow& row) {
  if (rest_.empty()) return false;
  row.source = take_text();
  row.user = take_text();
  row.since_s = static_cast<uint32_t>(take_number());
  row.remaining_s = static_cast<uint32_t>(take_number());
  row.failures = static_cast<uint32_t>(take_number());
  return true;
}

bool PageReader::next(RefusedRow& row) {
  if (rest_.empty()) return false;
  row.name = take_text();
  row.domain = take_text();
  row.calls = static_cast<uint32_t>(take_number());
  row.last_s = static_cast<uint32_t>(take_number());
  row.source = take_text();
  return true;
}

bool PageReader::next(UnknownRow& row) {
  if (rest_.empty()) return false;
  row.name = take_text();
  row.domain = take_text();
  row.source = take_text();
  row.tries = static_cast<uint32_t>(take_number());
  row.last_s = static_cast<uint32_t>(take_number());
  return true;
}

bool PageReader::next(CallRow& row) {
  if (rest_.empty()) return false;
  row.id = take_number();
  row.state = static_cast<dialog::DialogState>(take_number());
  row.begun_ms = take_number();
  row.answered_ms = take_number();
  row.interval_s = static_cast<uint32_t>(take_number());
  row.refresher = static_cast<dialog::Side>(take_number());
  row.supervised = take_number() != 0;
  row.is_timed = take_number() != 0;
  row.refresh_s = static_cast<uint32_t>(take_number());
  row.left_s = static_cast<uint32_t>(take_number());
  row.is_anchored = take_number() != 0;
  row.is_relayed = take_number() != 0;
  row.callee_interval_s = static_cast<uint32_t>(take_number());
  row.callee_refresher = static_cast<dialog::Side>(take_number());
  row.callee_refresh_s = static_cast<uint32_t>(take_number());
  row.callee_left_s = static_cast<uint32_t>(take_number());
  row.has_sound = take_number() != 0;
  for (CallRow::Sound* sound : {&row.caller_sound, &row.callee_sound}) {
    for (uint32_t* number :
         {&sound->heard.packets, &sound->heard.lost, &sound->heard.jitter_us, &sound->silent_ms})
      *number = static_cast<uint32_t>(take_number());
  }
  row.caller = take_text();
  row.callee = take_text();
  row.call_id = take_text();
  row.answered_by = take_text();
  return true;
}

bool PageReader::next(PoolRow& row) {
  if (rest_.empty()) return false;
  row.name = take_text();
  row.capacity = static_cast<uint32_t>(take_number());
  row.in_use = static_cast<uint32_t>(take_number());
  row.high_water = static_cast<uint32_t>(take_number());
  row.item_bytes = static_cast<uint32_t>(take_number());
  row.refusals = take_number();
  return true;
}

bool PageReader::next(FactRow& row) {
  if (rest_.empty()) return false;
  row.name = take_text();
  row.text = take_text();
  row.number = take_number();
  return true;
}

bool PageReader::next(TraceRow& row) {
  if (rest_.empty()) return false;
  row = {};
  row.number = take_number();
  row.after = take_number();
  row.time_ms = take_number();
  row.kind = static_cast<transport::TraceKind>(take_number());
  row.of_subject = take_number() != 0;
  row.decision = static_cast<transport::Decision>(take_number());
  row.offset = take_number();
  row.kept = take_number();
  row.size = take_number();
  if (row.is_decision()) {
    row.call_id = take_text();
    row.joins = take_text();
  } else {
    row.transport = take_text();
    row.local = take_text();
    row.remote = take_text();
  }
  row.text = take_text();
  return true;
}

}  // namespace tipring::admin
