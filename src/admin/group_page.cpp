// Rows of hunt groups in a page.
#include "admin/page.h"
#include "admin/user_names.h"

namespace tipring::admin {

namespace {

constexpr size_t kTallyNumbers = 12;
constexpr size_t kTextHead = sizeof(uint16_t);

static_assert(4 * kTextHead + 2 * kNameMax + kDomainMax + store::kGroupDisplayMax +
                  (9 + kTallyNumbers) * sizeof(uint64_t) <=
              Page::kRowMax);

}  // namespace

void Page::put_tally(const TallyRow& tally) {
  for (const uint64_t number :
       {uint64_t{tally.offered}, uint64_t{tally.answered}, uint64_t{tally.elsewhere},
        uint64_t{tally.abandoned}, uint64_t{tally.unanswered}, uint64_t{tally.ringing},
        uint64_t{tally.talking}, tally.answer_total_ms, tally.answer_min_ms, tally.answer_max_ms,
        tally.talk_total_ms, tally.last_answered_s})
    put_number(number);
}

void Page::add(const GroupRow& row) {
  ++rows_;
  put_text(row.name, kNameMax);
  put_text(row.domain, kDomainMax);
  put_text(row.display_name, store::kGroupDisplayMax);
  put_text(row.no_answer_to, kNameMax);
  for (const uint64_t number :
       {static_cast<uint64_t>(row.strategy), uint64_t{row.ring_timeout_s},
        uint64_t{row.member_ring_s}, uint64_t{row.no_answer_status},
        uint64_t{row.no_answer_to_exists ? 1U : 0U}, uint64_t{row.enabled ? 1U : 0U},
        uint64_t{row.members}, uint64_t{row.members_enabled}, row.revision})
    put_number(number);
  put_tally(row.tally);
}

void Page::add(const MemberRow& row) {
  ++rows_;
  put_text(row.name, kNameMax);
  for (const uint64_t number :
       {static_cast<uint64_t>(row.kind), uint64_t{row.phones}, uint64_t{row.order},
        uint64_t{row.delay_s}, uint64_t{row.ring_s}, uint64_t{row.enabled ? 1U : 0U}, row.revision})
    put_number(number);
  put_tally(row.tally);
}

void PageReader::take_tally(TallyRow& tally) {
  for (uint32_t* number : {&tally.offered, &tally.answered, &tally.elsewhere, &tally.abandoned,
                           &tally.unanswered, &tally.ringing, &tally.talking})
    *number = static_cast<uint32_t>(take_number());
  for (uint64_t* number : {&tally.answer_total_ms, &tally.answer_min_ms, &tally.answer_max_ms,
                           &tally.talk_total_ms, &tally.last_answered_s})
    *number = take_number();
}

bool PageReader::next(GroupRow& row) {
  if (rest_.empty()) return false;
  row.name = take_text();
  row.domain = take_text();
  row.display_name = take_text();
  row.no_answer_to = take_text();
  row.strategy = static_cast<store::GroupStrategy>(take_number());
  row.ring_timeout_s = static_cast<uint16_t>(take_number());
  row.member_ring_s = static_cast<uint16_t>(take_number());
  row.no_answer_status = static_cast<uint16_t>(take_number());
  row.no_answer_to_exists = take_number() != 0;
  row.enabled = take_number() != 0;
  row.members = static_cast<uint32_t>(take_number());
  row.members_enabled = static_cast<uint32_t>(take_number());
  row.revision = take_number();
  take_tally(row.tally);
  return true;
}

bool PageReader::next(MemberRow& row) {
  if (rest_.empty()) return false;
  row.name = take_text();
  row.kind = static_cast<MemberKind>(take_number());
  row.phones = static_cast<uint32_t>(take_number());
  row.order = static_cast<uint16_t>(take_number());
  row.delay_s = static_cast<uint16_t>(take_number());
  row.ring_s = static_cast<uint16_t>(take_number());
  row.enabled = take_number() != 0;
  row.revision = take_number();
  take_tally(row.tally);
  return true;
}

}  // namespace tipring::admin
