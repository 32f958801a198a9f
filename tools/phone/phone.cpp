#include "tools/phone/phone.h"

#include <charconv>
#include <cstring>

namespace tipring::phone {

namespace {

using std::chrono::milliseconds;

constexpr std::string_view kTone = "tone:";

int64_t number(uint64_t value) { return static_cast<int64_t>(value); }

// A WAV file, or a second of a tone, which has a whole number of waves.
Sound load(std::string_view what, std::string& fault) {
  if (!what.starts_with(kTone)) return Sound::load(std::string(what), fault);
  const std::string_view digits = what.substr(kTone.size());
  int hertz = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), hertz);
  const bool good = error == std::errc() && end == digits.data() + digits.size();
  Sound tone = good ? Sound::tone(hertz, milliseconds(1000)) : Sound();
  if (tone.empty()) fault = "a tone has 1 to 3999 hertz";
  return tone;
}

// By pieces of 50 ms: what is late by a frame shifts the tone, which then is the same tone, and a gap costs as much as it
// lasts.
double mean_share(const std::vector<int16_t>& heard, int hertz) {
  constexpr size_t kPiece = 400;
  const size_t pieces = heard.size() / kPiece;
  double sum = 0;
  for (size_t i = 0; i < pieces; ++i) sum += tone_share(heard.data() + i * kPiece, kPiece, hertz);
  return sum / static_cast<double>(pieces);
}

}  // namespace

Phone::Phone(const Options& options, Stack& stack, Output& output)
    : options_(options), stack_(stack), output_(output) {}

std::string Phone::start() {
  std::string fault;
  if (!options_.play.empty()) {
    load(options_.play, fault);
    if (!fault.empty()) return fault;
  }
  account_ = stack_.add_account(options_.account, *this, fault);
  if (account_ == nullptr) return fault;
  if (options_.registers) {
    account_->register_again();
  } else if (!options_.call.empty()) {
    called_ = true;
    if (!call(options_.call)) return "cannot call " + options_.call;
  }
  return {};
}

// --- registration ----------------------------------------------------------------------------------

void Phone::on_registered(Account& account, uint32_t expires_s) {
  say("registered", {{"aor", account.aor()}, {"expires_s", number(expires_s)}});
  if (options_.call.empty() || called_) return;
  called_ = true;
  if (!call(options_.call)) wants_end_ = true;
}

void Phone::on_registration_failed(Account&, int status, std::string_view reason, bool again,
                                   milliseconds after) {
  if (again) {
    say("registration-failed",
        {{"status", int64_t{status}}, {"reason", reason}, {"again_in_s", after.count() / 1000}});
  } else {
    say("registration-failed", {{"status", int64_t{status}}, {"reason", reason}});
  }
  if (options_.call.empty() || called_) return;
  failed_ = wants_end_ = true;
}

void Phone::on_unregistered(Account&) { say("unregistered"); }

void Phone::set_registered(bool on) {
  if (on) {
    account_->register_again();
  } else {
    account_->unregister();
  }
}

// --- calls -----------------------------------------------------------------------------------------

void Phone::add(Call& call) {
  calls_[call.id()] = {&call, std::vector<int16_t>(Sound::kSamplesPerSecond), 0};
  std::string fault;
  if (!options_.play.empty()) call.play(load(options_.play, fault), true);
  if (options_.record.empty()) return;
  std::string path = options_.record;
  if (const size_t at = path.find("%d"); at != std::string::npos) {
    path.replace(at, 2, std::to_string(call.id()));
  }
  const int error = call.record(path);
  if (error != 0) fault = path + ": " + std::strerror(error);
  if (!fault.empty()) this->fault(fault);
}

Phone::Line* Phone::find(uint64_t call) {
  if (calls_.empty()) return nullptr;
  if (call == 0) return &calls_.rbegin()->second;
  const auto found = calls_.find(call);
  return found == calls_.end() ? nullptr : &found->second;
}

CallEvents* Phone::on_call(Account&, Call& call) {
  add(call);
  say("incoming", {{"call", number(call.id())}, {"from", call.peer()}});
  if (options_.answers) call.accept();
  return this;
}

void Phone::on_ringing(Call& call, bool has_sound) {
  say("ringing", {{"call", number(call.id())}, {"sound", has_sound ? "yes" : "no"}});
}

void Phone::on_answered(Call& call) {
  say("answered", {{"call", number(call.id())}, {"peer", call.peer()}});
}

void Phone::on_held(Call& call, bool held) {
  say("held", {{"call", number(call.id())}, {"by_peer", held ? "yes" : "no"}});
}

void Phone::on_hold_done(Call& call, bool held, int status) {
  say("hold-done",
      {{"call", number(call.id())}, {"held", held ? "yes" : "no"}, {"status", int64_t{status}}});
  if (status != 0) failed_ = true;
}

void Phone::on_key(Call& call, char key) {
  say("key", {{"call", number(call.id())}, {"key", std::string_view(&key, 1)}});
}

void Phone::on_played(Call& call) { say("played", {{"call", number(call.id())}}); }

void Phone::on_sound(Call& call, const int16_t* samples, size_t count) {
  Line* const line = find(call.id());
  if (line == nullptr) return;
  for (size_t i = 0; i < count; ++i) {
    line->heard[line->next] = samples[i];
    line->next = (line->next + 1) % line->heard.size();
  }
}

void Phone::on_transfer_progress(Call& call, int status, std::string_view reason) {
  say("transfer", {{"call", number(call.id())}, {"status", int64_t{status}}, {"reason", reason}});
  if (status >= 300) failed_ = true;
}

CallEvents* Phone::on_transfer_asked(Call& call, std::string_view target) {
  say("transfer-asked", {{"call", number(call.id())},
                         {"target", target},
                         {"followed", options_.follows_refers ? "yes" : "no"}});
  return options_.follows_refers ? this : nullptr;
}

void Phone::on_transferred(Call& from, Call& to) {
  add(to);
  say("transferred", {{"call", number(from.id())}, {"to", number(to.id())}});
}

void Phone::on_replaced(Call& call, Call& by) {
  add(by);
  say("replaced", {{"call", number(call.id())}, {"by", number(by.id())}});
}

void Phone::on_ended(Call& call, const CallEnded& end) {
  const CallStatistics sound = call.statistics();
  say("ended", {{"call", number(call.id())},
                {"cause", to_text(end.end)},
                {"status", int64_t{end.status}},
                {"reason", end.reason},
                {"sent", number(sound.sent)},
                {"received", number(sound.received)},
                {"lost", number(sound.lost)}});
  if (call.id() == first_call_) {
    wants_end_ = true;
    const bool good = end.end == CallEnd::HungUp || end.end == CallEnd::HungUpByPeer ||
                      end.end == CallEnd::Transferred;
    if (!good) failed_ = true;
  }
  calls_.erase(call.id());
}

// --- commands --------------------------------------------------------------------------------------

void Phone::say(std::string_view event, std::initializer_list<Field> fields) {
  ++events_[std::string(event)];
  output_.event(event, fields);
}

size_t Phone::count(const std::string& event) const {
  const auto found = events_.find(event);
  return found == events_.end() ? 0 : found->second;
}

bool Phone::fault(std::string_view text) {
  say("error", {{"text", text}});
  return false;
}

bool Phone::done(bool good, std::string_view what) {
  return good || fault("cannot " + std::string(what) + " now");
}

bool Phone::call(std::string_view target) {
  std::string text;
  Call* const made = account_->call(target, *this, text);
  if (made == nullptr) return fault(text);
  if (!options_.call.empty() && first_call_ == 0) first_call_ = made->id();
  add(*made);
  say("calling", {{"call", number(made->id())}, {"target", target}});
  return true;
}

bool Phone::answer(uint64_t call) {
  const Line* const line = find(call);
  return done(line != nullptr && line->call->accept(), "answer");
}

bool Phone::reject(uint64_t call, int status) {
  const Line* const line = find(call);
  return done(line != nullptr && line->call->reject(status), "reject");
}

bool Phone::hang_up(uint64_t call) {
  const Line* const line = find(call);
  if (line == nullptr) return done(false, "hang up");
  line->call->hang_up();
  return true;
}

bool Phone::hold(uint64_t call, bool hold) {
  const Line* const line = find(call);
  if (line == nullptr) return done(false, "hold");
  return hold ? done(line->call->hold(), "hold") : done(line->call->resume(), "resume");
}

bool Phone::keys(std::string_view keys, uint64_t call) {
  const Line* const line = find(call);
  return done(line != nullptr && line->call->send_keys(keys), "send keys");
}

bool Phone::transfer(std::string_view target, uint64_t call) {
  const Line* const line = find(call);
  return done(line != nullptr && line->call->transfer(target), "transfer");
}

bool Phone::join(uint64_t call, uint64_t with) {
  const Line* const line = find(call);
  const Line* const other = find(with);
  const bool both = line != nullptr && other != nullptr;
  return done(both && line->call->transfer_to(*other->call), "join");
}

bool Phone::play(std::string_view what, uint64_t call) {
  const Line* const line = find(call);
  if (line == nullptr) return done(false, "play");
  std::string text;
  const Sound sound = what.empty() ? Sound() : load(what, text);
  if (!text.empty()) return fault(text);
  line->call->play(sound, what.starts_with(kTone));
  return true;
}

bool Phone::record(const std::string& path, uint64_t call) {
  const Line* const line = find(call);
  if (line == nullptr) return done(false, "record");
  const int error = line->call->record(path);
  return error == 0 || fault(path + ": " + std::strerror(error));
}

bool Phone::stop_recording(uint64_t call) {
  const Line* const line = find(call);
  if (line == nullptr) return done(false, "stop recording");
  const int error = line->call->stop_recording();
  return error == 0 || fault(std::string("recording: ") + std::strerror(error));
}

bool Phone::hear(int hertz, uint64_t call) {
  const Line* const line = find(call);
  if (line == nullptr) return done(false, "hear");
  const double share = mean_share(line->heard, hertz);
  say("heard", {{"call", number(line->call->id())}, {"hertz", int64_t{hertz}}, {"share", share}});
  return true;
}

void Phone::status() {
  say("status", {{"aor", account_->aor()},
                 {"registered", account_->is_registered() ? "yes" : "no"},
                 {"calls", number(calls_.size())}});
  for (const auto& [id, line] : calls_) {
    const CallStatistics sound = line.call->statistics();
    output_.event("call", {{"call", number(id)},
                           {"peer", line.call->peer()},
                           {"answered", line.call->state() == CallState::Answered ? "yes" : "no"},
                           {"held", line.call->is_held() ? "yes" : "no"},
                           {"held_by_peer", line.call->is_held_by_peer() ? "yes" : "no"},
                           {"sent", number(sound.sent)},
                           {"received", number(sound.received)},
                           {"lost", number(sound.lost)},
                           {"jitter_ms", number(sound.jitter_ms)}});
  }
}

}  // namespace tipring::phone
