#include "transport/trace.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "core/text.h"
#include "sip/headers.h"
#include "sip/tel_uri.h"
#include "sip/uri.h"

namespace tipring::transport {

namespace {

// What is kept of one message at most: longer ones are cut. A ring holds some of them in any case.
constexpr size_t kTextMax = 16384;
constexpr size_t kShareMax = 4;
constexpr size_t kDecisionMax = 400;  // its values
constexpr size_t kValueMax = 96;      // four of which have room
constexpr size_t kCallIdMax = 256;
constexpr size_t kAlignment = 8;

constexpr size_t aligned(size_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

}  // namespace

void Trace::plan(uint32_t kib, MemoryPlan& plan) { plan.add("trace", kib, 1024); }

Trace::Trace(Arena& arena, uint32_t kib, const HashKey& key, const port::Clock& clock,
             const port::Loop& loop, TimerWheel& timers, Log& log)
    : clock_(clock),
      loop_(loop),
      timers_(timers),
      log_(log),
      ring_(arena.take_bytes(size_t{kib} * 1024)),
      turn_at_(ring_.size()),
      calls_key_(key) {}

Result<void> Trace::start(std::string_view subject, Millis duration) {
  if (!has_ring()) return Error::Unsupported;
  address_ = port::parse_ip(subject);
  if (!address_) subject = subject.substr(0, subject.find('@'));
  if (subject.empty()) return Error::Invalid;
  if (subject.size() > subject_.size()) return Error::TooLong;
  std::copy(subject.begin(), subject.end(), subject_.begin());
  subject_size_ = subject.size();
  until_ = loop_.now() + duration;
  timers_.start(end_, until_);
  on_ = true;
  log_.info("trace_on", kv("subject", subject), kv("for_ms", duration));
  return {};
}

void Trace::stop() {
  if (!on_) return;
  on_ = false;
  end_.cancel();
  log_.info("trace_off", kv("subject", subject()), kv("messages", last_number_));
}

void Trace::on_end(Millis) { stop(); }

Millis Trace::left() const { return on_ ? std::max(until_ - loop_.now(), Millis(1)) : Millis(0); }

bool Trace::is_subject(std::string_view text) const {
  std::array<char, kSubjectMax + 1> buffer;
  std::string_view user;
  if (const auto uri = sip::parse_uri(text)) {
    user = sip::unescape(uri->user, buffer).value_or(uri->user);
  } else if (const auto tel = sip::parse_tel_uri(text)) {
    user = tel->number;
  }
  return !user.empty() && user == subject();
}

bool Trace::concerns(const sip::MessageView& message) const {
  if (message.is_request() && is_subject(message.request_uri())) return true;
  const auto& from = message.typed<sip::HeaderId::From>();
  if (from && is_subject(from->uri)) return true;
  const auto& to = message.typed<sip::HeaderId::To>();
  return to && is_subject(to->uri);
}

void Trace::received(const sip::MessageView& message, std::string_view text, const Flow& flow) {
  const bool is_about = on_ && (address_ ? *address_ == flow.remote.ip : concerns(message));
  if (is_about) note_call(message.header(sip::HeaderId::CallId).value_or(""));
  if (is_about || all_) record(text, flow, TraceKind::Received, is_about);
}

void Trace::sent(std::string_view text, const Flow& flow) {
  const bool is_about = on_ && this->is_about(text, flow);
  if (is_about || all_) record(text, flow, TraceKind::Sent, is_about);
}

bool Trace::is_about(std::string_view text, const Flow& flow) {
  if (address_ && *address_ != flow.remote.ip) return false;
  const sip::ParsedMessage parsed = sip::parse_message(text, index_, sip::Framing::Datagram);
  if (parsed.status != sip::ParseStatus::Complete) return address_.has_value();
  if (!address_ && !concerns(parsed.view)) return false;
  note_call(parsed.view.header(sip::HeaderId::CallId).value_or(""));
  return true;
}

uint64_t Trace::hash_of(std::string_view call_id) const {
  TableHasher64 hasher(calls_key_);
  hasher.add(call_id);
  return hasher.finish();
}

void Trace::note_call(std::string_view call_id) { calls_.note(hash_of(call_id)); }

void Trace::decided(std::string_view call_id, Decision what,
                    std::initializer_list<DecisionValue> values, std::string_view joins) {
  const bool is_about = on_ && calls_.knows(hash_of(call_id));
  if (!is_about && !all_) return;
  if (is_about && !joins.empty()) note_call(joins);
  std::array<char, kDecisionMax> text;
  size_t size = 0;
  for (const DecisionValue& value : values) {
    char room[DecisionValue::kMax];
    std::string_view piece = value.write(room);
    piece = piece.substr(0, std::min(kValueMax, text.size() - size - 1));
    std::replace_copy(piece.begin(), piece.end(), text.begin() + static_cast<ptrdiff_t>(size),
                      kValueEnd, ' ');
    size += piece.size();
    text[size++] = kValueEnd;
  }
  call_id = call_id.substr(0, kCallIdMax);
  joins = joins.substr(0, kCallIdMax);
  const size_t bytes = aligned(sizeof(Record) + size + call_id.size() + joins.size());
  if (bytes > ring_.size() / kShareMax) return;
  std::byte* at = make_room(bytes).data();
  Record record{};
  record.number = ++last_number_;
  record.bytes = static_cast<uint32_t>(bytes);
  record.text_bytes = static_cast<uint32_t>(size);
  record.call_id_bytes = static_cast<uint16_t>(call_id.size());
  record.joins_bytes = static_cast<uint16_t>(joins.size());
  record.kind = TraceKind::Decided;
  record.decision = what;
  record.is_masked = true;
  record.of_subject = is_about;
  record.size = size;
  record.wall = clock_.wall();
  std::memcpy(at, &record, sizeof record);
  at += sizeof record;
  for (const std::string_view piece : {std::string_view(text.data(), size), call_id, joins}) {
    if (!piece.empty()) std::memcpy(at, piece.data(), piece.size());
    at += piece.size();
  }
}

void Trace::record(std::string_view text, const Flow& flow, TraceKind kind, bool of_subject) {
  const size_t kept = std::min({text.size(), kTextMax, ring_.size() / kShareMax});
  const size_t bytes = aligned(sizeof(Record) + kept);
  const std::span<std::byte> place = make_room(bytes);
  Record record{};
  record.number = ++last_number_;
  record.bytes = static_cast<uint32_t>(bytes);
  record.text_bytes = static_cast<uint32_t>(kept);
  record.kind = kind;
  record.transport = flow.transport;
  record.of_subject = of_subject;
  record.size = text.size();
  record.wall = clock_.wall();
  record.local = flow.local;
  record.remote = flow.remote;
  std::memcpy(place.data(), &record, sizeof record);
  std::memcpy(place.data() + sizeof record, text.data(), kept);
  if (sink_ != nullptr)
    sink_->on_traced(entry_at(static_cast<size_t>(place.data() - ring_.data())));
}

// The place of a new record in one piece. The oldest ones that lie there go.
std::span<std::byte> Trace::make_room(size_t bytes) {
  if (next_ + bytes > ring_.size()) {
    while (count_ != 0 && oldest_ >= next_) drop_oldest();
    turn_at_ = next_;
    next_ = 0;
  }
  while (count_ != 0 && oldest_ >= next_ && oldest_ < next_ + bytes) drop_oldest();
  if (count_ == 0) {
    oldest_ = next_;
    turn_at_ = ring_.size();
  }
  const std::span<std::byte> place = ring_.subspan(next_, bytes);
  next_ += bytes;
  ++count_;
  return place;
}

// What the search goes by stands first in a record.
uint64_t Trace::number_at(size_t at) const {
  static_assert(offsetof(Record, number) == 0);
  uint64_t number = 0;
  std::memcpy(&number, ring_.data() + at, sizeof number);
  return number;
}

size_t Trace::bytes_at(size_t at) const {
  uint32_t bytes = 0;
  std::memcpy(&bytes, ring_.data() + at + offsetof(Record, bytes), sizeof bytes);
  return bytes;
}

void Trace::drop_oldest() {
  oldest_ += bytes_at(oldest_);
  --count_;
  if (oldest_ != turn_at_) return;
  oldest_ = 0;
  turn_at_ = ring_.size();
}

// The only way out of the ring.
TraceEntry Trace::entry_at(size_t at) {
  Record record;
  std::memcpy(&record, ring_.data() + at, sizeof record);
  char* const texts = reinterpret_cast<char*>(ring_.data() + at) + sizeof record;
  if (!record.is_masked) {
    mask_secrets({texts, record.text_bytes});
    record.is_masked = true;
    std::memcpy(ring_.data() + at, &record, sizeof record);
  }
  const std::string_view all(texts,
                             size_t{record.text_bytes} + record.call_id_bytes + record.joins_bytes);
  TraceEntry entry;
  entry.number = record.number;
  entry.wall = record.wall;
  entry.kind = record.kind;
  entry.decision = record.decision;
  entry.of_subject = record.of_subject;
  entry.transport = record.transport;
  entry.local = record.local;
  entry.remote = record.remote;
  entry.size = static_cast<size_t>(record.size);
  entry.text = all.substr(0, record.text_bytes);
  entry.call_id = all.substr(record.text_bytes, record.call_id_bytes);
  entry.joins = all.substr(size_t{record.text_bytes} + record.call_id_bytes);
  return entry;
}

std::optional<TraceEntry> Trace::find(uint64_t number) {
  size_t at = oldest_;
  for (size_t i = 0; i < count_; ++i) {
    if (number_at(at) >= number) return entry_at(at);
    at += bytes_at(at);
    if (at == turn_at_) at = 0;
  }
  return std::nullopt;
}

}  // namespace tipring::transport
