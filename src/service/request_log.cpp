#include "service/request_log.h"

#include "service/request_log_clf.h"

namespace tipring::service {

static_assert(LineRing::kEntryMax >= kClfMax);

std::optional<FormatFault> RequestLogStyle::choose(std::string_view text) {
  is_clf = text == "sip-clf";
  if (is_clf) return std::nullopt;
  if (text == "classic") text = kClassicFormat;
  if (text == "common") text = kCommonFormat;
  return format.compile(text);
}

void RequestLog::on_answered(const transaction::AnsweredRequest& answered) {
  const std::span<char> room = front_.begin();
  if (room.empty()) return note_loss();
  sip::HeaderIndex index;
  const sip::ParsedMessage parsed =
      sip::parse_message(answered.response.view(), index, sip::Framing::Datagram);
  const LoggedRequest logged{answered, parsed.view, clock_.wall() - answered.after};
  if (style_.is_clf) return front_.commit(write_clf(logged, room));
  LogEntry entry(room);
  style_.format.write(logged, facts_, entry);
  front_.commit(entry.finish());
}

void RequestLog::note_loss() {
  const uint64_t lost = losses_.note(loop_.now());
  if (lost != 0) log_.warning("request_log_lost", kv("entries", lost));
}

}  // namespace tipring::service
