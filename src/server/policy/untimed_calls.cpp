#include "server/policy/untimed_calls.h"

#include <algorithm>

#include "core/text.h"
#include "server/policy/call_shares.h"
#include "sip/headers.h"
#include "sip/writer.h"

namespace tipring::policy {

namespace {

constexpr size_t kDomainMax = 256;  // longer than any domain of a user

bool is_plain(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' ||
         c == '.' || c == '+' || c == '@' || c == ':' || c == '/' || c == '[' || c == ']';
}

// A word of a command line, of two pieces.
void write_word(sip::Writer& out, std::string_view first, std::string_view second) {
  const auto plain = [](std::string_view piece) {
    return std::all_of(piece.begin(), piece.end(), is_plain);
  };
  if (plain(first) && plain(second)) {
    out.text(first).text(second);
    return;
  }
  out.text("'");
  for (const std::string_view piece : {first, second}) {
    for (const char& c : piece)
      out.text(c == '\'' ? std::string_view("'\\''") : std::string_view(&c, 1));
  }
  out.text("'");
}

}  // namespace

bool UntimedCalls::lets_through(const service::Incoming& request,
                                const sip::ParsedUri& request_uri) {
  if (emergency_.is_for_help(request_uri)) return true;
  const store::User* user = find_sender(domains_, store_, request.message);
  if (user != nullptr && user->session_timer() == store::SessionTimerRule::Exempt) return true;
  ++refused_;
  if (user != nullptr) note(*user, request);
  return false;
}

const UntimedCaller* UntimedCalls::find(const store::User& user) const {
  if (user.session_timer() == store::SessionTimerRule::Exempt) return nullptr;
  const Handle<store::User> handle = store_.handle_of(user);
  for (size_t i = 0; i < count_; ++i) {
    if (callers_[i].user == handle) return &callers_[i];
  }
  return nullptr;
}

UntimedCaller& UntimedCalls::place_for(Handle<store::User> user) {
  UntimedCaller* oldest = &callers_.front();
  for (size_t i = 0; i < count_; ++i) {
    if (callers_[i].user == user) return callers_[i];
    if (callers_[i].last < oldest->last) oldest = &callers_[i];
  }
  UntimedCaller& place = count_ < callers_.size() ? callers_[count_++] : *oldest;
  place = UntimedCaller();
  place.user = user;
  return place;
}

// A line when it begins and one for every ten seconds of it; in all no more than a flood of
// anything may have.
void UntimedCalls::note(const store::User& user, const service::Incoming& request) {
  UntimedCaller& caller = place_for(store_.handle_of(user));
  ++caller.calls;
  caller.last = request.now;
  caller.source = request.flow.remote;
  const uint64_t calls = caller.lines.note(request.now);
  if (calls == 0 || !bursts_.admits(0, LogLevel::Warning, request.now)) return;
  std::array<char, port::kAddressTextMax> source;
  std::array<char, kExceptingCommandMax> command;
  log_.warning(kEvent, kv("user", user.name()), kv("domain", user.domain()), kv("calls", calls),
               kv("source", port::write_address(caller.source, source)),
               kv("except", write_excepting_command(user.name(), user.domain(), socket_, command)));
}

std::string_view write_excepting_command(std::string_view name, std::string_view domain,
                                         std::string_view socket, std::span<char> out) {
  sip::Writer writer(out);
  writer.text("tipringctl ");
  if (!socket.empty()) {
    writer.text("--socket ");
    write_word(writer, socket, {});
    writer.text(" ");
  }
  writer.text("user set ");
  std::array<char, kDomainMax> room;
  sip::Writer at(room);
  if (!domain.empty()) at.text("@").text(domain);
  write_word(writer, name, at.view());
  writer.text(" session_timer=exempt");
  return writer.full() || at.full() ? std::string_view() : writer.view();
}

}  // namespace tipring::policy
