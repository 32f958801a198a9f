#include "transport/trace.h"

#include <algorithm>
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
constexpr size_t kAlignment = 8;

constexpr size_t aligned(size_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

}  // namespace

void Trace::plan(uint32_t kib, MemoryPlan& plan) { plan.add("trace", kib, 1024); }

Trace::Trace(Arena& arena, uint32_t kib, const port::Clock& clock, const port::Loop& loop,
             TimerWheel& timers, Log& log)
    : clock_(clock),
      loop_(loop),
      timers_(timers),
      log_(log),
      ring_(arena.take_bytes(size_t{kib} * 1024)),
      turn_at_(ring_.size()) {}

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
  if (all_ || (address_ ? *address_ == flow.remote.ip : concerns(message)))
    record(text, flow, false);
}

void Trace::sent(std::string_view text, const Flow& flow) {
  if (all_) return record(text, flow, true);
  if (address_) {
    if (*address_ == flow.remote.ip) record(text, flow, true);
    return;
  }
  const sip::ParsedMessage parsed = sip::parse_message(text, index_, sip::Framing::Datagram);
  if (parsed.status == sip::ParseStatus::Complete && concerns(parsed.view))
    record(text, flow, true);
}

void Trace::record(std::string_view text, const Flow& flow, bool sent) {
  const size_t kept = std::min({text.size(), kTextMax, ring_.size() / kShareMax});
  const size_t bytes = aligned(sizeof(Record) + kept);
  const std::span<std::byte> place = make_room(bytes);
  const Record record{++last_number_,
                      clock_.wall(),
                      static_cast<uint32_t>(bytes),
                      static_cast<uint32_t>(kept),
                      text.size(),
                      flow.local,
                      flow.remote,
                      flow.transport,
                      sent};
  std::memcpy(place.data(), &record, sizeof record);
  char* const copy = reinterpret_cast<char*>(place.data()) + sizeof record;
  std::memcpy(copy, text.data(), kept);
  mask_secrets({copy, kept});
  if (sink_ == nullptr) return;
  sink_->on_traced({record.number,
                    record.wall,
                    sent,
                    record.transport,
                    record.local,
                    record.remote,
                    {copy, kept},
                    text.size()});
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

Trace::Record Trace::read_record(size_t at) const {
  Record record;
  std::memcpy(&record, ring_.data() + at, sizeof record);
  return record;
}

void Trace::drop_oldest() {
  oldest_ += read_record(oldest_).bytes;
  --count_;
  if (oldest_ != turn_at_) return;
  oldest_ = 0;
  turn_at_ = ring_.size();
}

std::optional<TraceEntry> Trace::find(uint64_t number) const {
  size_t at = oldest_;
  for (size_t i = 0; i < count_; ++i) {
    const Record record = read_record(at);
    if (record.number >= number) {
      const char* const text = reinterpret_cast<const char*>(ring_.data() + at) + sizeof record;
      return TraceEntry{record.number,
                        record.wall,
                        record.sent,
                        record.transport,
                        record.local,
                        record.remote,
                        {text, record.text_bytes},
                        static_cast<size_t>(record.size)};
    }
    at += record.bytes;
    if (at == turn_at_) at = 0;
  }
  return std::nullopt;
}

}  // namespace tipring::transport
