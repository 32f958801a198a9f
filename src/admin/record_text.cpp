#include "admin/record_text.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "admin/json.h"
#include "core/log_sink.h"
#include "core/text.h"

namespace tipring::admin {
namespace {

using store::RecordRow;
using store::RecordSound;
using store::RecordText;

class Object {
 public:
  explicit Object(std::string& out) : out_(out) { out_ += '{'; }
  void close() { out_ += '}'; }

  void number(std::string_view name, uint64_t value) {
    begin(name);
    out_ += std::to_string(value);
  }
  void time(std::string_view name, Millis at) {
    if (at != Millis(0)) number(name, static_cast<uint64_t>(std::max<int64_t>(at.count(), 0)));
  }
  void text(std::string_view name, std::string_view value) {
    if (value.empty()) return;
    begin(name);
    append_json(out_, value);
  }
  void sound(std::string_view name, const RecordSound& sound) {
    if (sound.packets == 0) return;
    begin(name);
    Object inner(out_);
    inner.number("packets", sound.packets);
    inner.number("lost", sound.lost);
    inner.number("jitter_us", sound.jitter_us);
    inner.close();
  }
  void flag(std::string_view name, bool value) {
    begin(name);
    out_ += value ? "true" : "false";
  }

 private:
  void begin(std::string_view name) {
    if (!first_) out_ += ',';
    first_ = false;
    out_ += '"';
    out_ += name;
    out_ += "\":";
  }

  std::string& out_;
  bool first_ = true;
};

// Until the answer, and from it on; 0 where there was none.
Millis rung_for(const RecordRow& row) {
  const Millis end = row.answered != Millis(0) ? row.answered : row.ended;
  return end > row.begun ? end - row.begun : Millis(0);
}
Millis talked_for(const RecordRow& row) {
  return row.answered != Millis(0) && row.ended > row.answered ? row.ended - row.answered
                                                               : Millis(0);
}

class CsvLine {
 public:
  explicit CsvLine(std::string& out) : out_(out) {}
  void close() { out_ += "\r\n"; }

  void number(uint64_t value) {
    separate();
    out_ += std::to_string(value);
  }
  void time(Millis at) {
    separate();
    std::array<char, kTimestampMax> room;
    if (at > Millis(0)) out_ += write_timestamp(at, room);
  }
  void seconds(Millis time) {
    separate();
    const std::string thousandths = std::to_string(1000 + time.count() % 1000);
    out_ += std::to_string(time.count() / 1000) + "." + thousandths.substr(1);
  }
  void text(std::string_view value) {
    separate();
    out_ += '"';
    if (!value.empty() && kBeginsFormula.find(value.front()) != std::string_view::npos)
      out_ += '\'';
    for (const char c : value) {
      if (c == '"') out_ += '"';
      out_ += c;
    }
    out_ += '"';
  }
  void sound(const RecordSound& sound) {
    number(sound.packets);
    number(sound.lost);
    number(sound.jitter_us);
  }

 private:
  static constexpr std::string_view kBeginsFormula = "=+-@\t\r\n";

  void separate() {
    if (!first_) out_ += ',';
    first_ = false;
  }

  std::string& out_;
  bool first_ = true;
};

// `digits` of `text` at `at`; -1 where there are others.
int number_at(std::string_view text, size_t at, size_t digits) {
  const Result<uint64_t> number = parse_u64(text.substr(at, digits));
  return number ? static_cast<int>(*number) : -1;
}

}  // namespace

void append_json(std::string& out, const RecordRow& row) {
  Object object(out);
  object.number("id", row.id);
  object.number("call", row.call);
  object.number("leg", row.leg);
  object.text("kind", to_text(row.kind));
  object.time("begun_ms", row.begun);
  object.time("rang_ms", row.rang);
  object.time("answered_ms", row.answered);
  object.time("ended_ms", row.ended);
  object.number("duration_ms", static_cast<uint64_t>(talked_for(row).count()));
  object.text("outcome", to_text(row.outcome));
  object.text("ended_by", to_text(row.ended_by));
  if (row.status != 0) object.number("status", row.status);
  object.text("reason", row.text(RecordText::Reason));
  object.text("from", row.text(RecordText::FromUri));
  object.text("from_name", row.text(RecordText::FromName));
  object.text("from_user", row.text(RecordText::FromUser));
  object.text("to", row.text(RecordText::ToUri));
  object.text("group", row.text(RecordText::Group));
  object.text(row.leg == 0 ? "answered_by" : "user", row.text(RecordText::AnsweredBy));
  object.text("peer", row.text(RecordText::Peer));
  object.text("call_id", row.text(RecordText::CallId));
  if (row.session_interval_s != 0) object.number("interval_s", row.session_interval_s);
  object.flag("supervised", row.supervised);
  object.text("media", to_text(row.media));
  object.sound("caller_sound", row.from_caller);
  object.sound("callee_sound", row.from_callee);
  object.close();
}

std::string_view csv_header() {
  return "id,call,leg,kind,begun,rang,answered,ended,ringing_s,duration_s,outcome,ended_by,status,"
         "reason,from,from_name,from_user,to,group,user,peer,call_id,interval_s,supervised,media,"
         "caller_packets,caller_lost,caller_jitter_us,callee_packets,callee_lost,callee_jitter_us"
         "\r\n";
}

void append_csv(std::string& out, const RecordRow& row) {
  CsvLine line(out);
  line.number(row.id);
  line.number(row.call);
  line.number(row.leg);
  line.text(to_text(row.kind));
  for (const Millis time : {row.begun, row.rang, row.answered, row.ended}) line.time(time);
  line.seconds(rung_for(row));
  line.seconds(talked_for(row));
  line.text(to_text(row.outcome));
  line.text(to_text(row.ended_by));
  line.number(row.status);
  for (const RecordText text : {RecordText::Reason, RecordText::FromUri, RecordText::FromName,
                                RecordText::FromUser, RecordText::ToUri, RecordText::Group,
                                RecordText::AnsweredBy, RecordText::Peer, RecordText::CallId}) {
    line.text(row.text(text));
  }
  line.number(row.session_interval_s);
  line.text(row.supervised ? "yes" : "no");
  line.text(to_text(row.media));
  line.sound(row.from_caller);
  line.sound(row.from_callee);
  line.close();
}

std::optional<Millis> parse_time(std::string_view text) {
  if (const Result<uint64_t> number = parse_u64(text)) {
    if (*number > INT64_MAX / 2) return std::nullopt;
    return Millis(static_cast<int64_t>(*number));
  }
  const bool is_day = text.size() == 10;
  if (!is_day && (text.size() != 20 || text[10] != 'T' || text[13] != ':' || text[16] != ':' ||
                  text[19] != 'Z')) {
    return std::nullopt;
  }
  if (text[4] != '-' || text[7] != '-') return std::nullopt;
  const int year = number_at(text, 0, 4);
  const std::chrono::year_month_day day{
      std::chrono::year(year), std::chrono::month(static_cast<unsigned>(number_at(text, 5, 2))),
      std::chrono::day(static_cast<unsigned>(number_at(text, 8, 2)))};
  const int hours = is_day ? 0 : number_at(text, 11, 2);
  const int minutes = is_day ? 0 : number_at(text, 14, 2);
  const int seconds = is_day ? 0 : number_at(text, 17, 2);
  if (year < 0 || !day.ok() || hours < 0 || hours > 23 || minutes < 0 || minutes > 59 ||
      seconds < 0 || seconds > 60) {
    return std::nullopt;
  }
  const auto since = std::chrono::sys_days(day).time_since_epoch();
  return std::chrono::duration_cast<Millis>(since) + std::chrono::hours(hours) +
         std::chrono::minutes(minutes) + std::chrono::seconds(seconds);
}

}  // namespace tipring::admin
