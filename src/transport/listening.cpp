#include "transport/listening.h"

#include <utility>

namespace tipring::transport {

namespace {

// Two sockets cannot be bound like this at one time.
bool collide(const ListenPoint& a, const ListenPoint& b) {
  return a.transport == b.transport && a.bind.port == b.bind.port && a.bind.port != 0 &&
         a.bind.ip.family == b.bind.ip.family &&
         (a.bind.ip == b.bind.ip || a.bind.ip.is_unspecified() || b.bind.ip.is_unspecified());
}

}  // namespace

int Listening::change(std::span<const ListenPoint> wanted, ListenPoint& failed) {
  const bool at_start = shared_.points.size() == 0;
  Entries old_entries;
  Entries next_entries;
  const auto old = std::span(old_entries).first(shared_.points.size());
  const auto next = std::span(next_entries).first(std::min(wanted.size(), next_entries.size()));
  for (size_t i = 0; i < old.size(); ++i) {
    old[i] = {shared_.points.asked(i), shared_.points.open()[i], shared_.points.number(i)};
  }
  for (size_t i = 0; i < next.size(); ++i) {
    const auto same = std::find_if(old.begin(), old.end(), [&](const Entry& entry) {
      return !entry.stays && entry.asked == wanted[i];
    });
    if (same != old.end()) same->stays = true;
    next[i] = same != old.end() ? *same : Entry{wanted[i], wanted[i]};
  }
  const int error = open_new(next, old, failed);
  if (error != 0) {
    put_back(next, old);
    return error;
  }
  shared_.points.clear();
  for (const Entry& entry : next) {
    shared_.points.add(entry.asked, entry.point, entry.number);
    if (!at_start && !entry.stays) shared_.log_point("listening", entry.point);
  }
  for (const Entry& entry : old) {
    if (!entry.stays) retire(entry);
  }
  return 0;
}

int Listening::open_new(std::span<Entry> next, std::span<Entry> old, ListenPoint& failed) {
  for (Entry& entry : next) {
    if (entry.stays) continue;
    make_way(entry.asked, old);
    entry.number = new_number();
    const int error = open(entry);
    if (error == 0) continue;
    failed = entry.asked;
    entry.closed = true;
    return error;
  }
  return 0;
}

// As from 0.0.0.0 to one address with the same port: the old one has to go first.
void Listening::make_way(const ListenPoint& point, std::span<Entry> old) {
  for (Entry& entry : old) {
    if (entry.stays || entry.closed || !collide(entry.point, point)) continue;
    close(entry);
    entry.closed = true;
  }
  for (size_t i = leaving_count_; i-- > 0;) {
    if (!collide(leaving_[i].point, point)) continue;
    end(leaving_[i], "replaced");
    leaving_[i] = leaving_[--leaving_count_];
  }
}

// The change has failed at the entry that is closed: those before it are new and open.
void Listening::put_back(std::span<Entry> next, std::span<Entry> old) {
  for (Entry& entry : next) {
    if (entry.closed) break;
    if (!entry.stays) close(entry);
  }
  shared_.points.clear();
  for (Entry& entry : old) {
    if (entry.closed && open(entry) != 0) {
      // Somebody took the port in between. Nothing else can be done, but it must be told.
      shared_.log_lost_point(entry.point);
      continue;
    }
    shared_.points.add(entry.asked, entry.point, entry.number);
  }
}

int Listening::open(Entry& entry) {
  return entry.point.transport == sip::Transport::Udp
             ? datagrams_.open(entry.point, entry.number)
             : connections_.open(entry.point, entry.number);
}

void Listening::close(const Entry& entry) {
  if (entry.point.transport == sip::Transport::Udp) return datagrams_.close(entry.number);
  connections_.close_listener(entry.number);
}

uint8_t Listening::new_number() {
  const auto taken = [&](uint8_t number) {
    return shared_.points.find(number) != nullptr || datagrams_.has(number) ||
           connections_.has_listener(number);
  };
  do {
    ++last_number_;
  } while (taken(last_number_));
  return last_number_;
}

void Listening::retire(const Entry& entry) {
  shared_.former.add(entry.point);
  const bool waits = !entry.closed && entry.point.transport == sip::Transport::Udp &&
                     shared_.handler->awaits(entry.number);
  if (!waits) {
    if (!entry.closed) close(entry);
    return shared_.log_point("listening_ended", entry.point);
  }
  if (leaving_count_ == leaving_.size()) end(leaving_[--leaving_count_], "replaced");
  leaving_[leaving_count_++] = {entry.point, entry.number,
                                shared_.now() + shared_.options.drain_limit};
  if (!look_.armed()) shared_.dependencies.timers.start(look_, shared_.now() + kLook);
}

void Listening::end(const Leaving& leaving, std::string_view why) {
  datagrams_.close(leaving.number);
  shared_.log_point("listening_ended", leaving.point, why);
}

void Listening::on_look(Millis now) {
  for (size_t i = leaving_count_; i-- > 0;) {
    const bool waits = shared_.handler->awaits(leaving_[i].number);
    if (waits && now < leaving_[i].until) continue;
    end(leaving_[i], waits ? "limit" : "done");
    leaving_[i] = leaving_[--leaving_count_];
  }
  if (leaving_count_ != 0) shared_.dependencies.timers.start(look_, now + kLook);
}

void Listening::close_all() {
  look_.cancel();
  leaving_count_ = 0;
  shared_.points.clear();
}

}  // namespace tipring::transport
