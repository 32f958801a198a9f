// Calls of a phone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "tipring/sound.h"

namespace tipring {

class Call;
class CallEvents;

enum class CallState : uint8_t {
  Calling,   // ours: nobody has answered yet
  Incoming,  // theirs: accept() or reject() it
  Answered,
  Ended,  // on_ended() is being called
};

// Why a call is over.
enum class CallEnd : uint8_t {
  HungUp,        // by us, after it was answered
  HungUpByPeer,  // after it was answered
  Refused,       // ours, by the other side or on the way: `status` says how
  Rejected,      // theirs, by us
  Cancelled,     // before it was answered, by whoever called
  Transferred,   // the peer has gone on to where we have sent him, or we to where he has
  Lost,          // the other side does not answer any more, or its session timer has run out
  Failed,        // on our side: no codec in common, or no room for one more
};
std::string_view to_text(CallEnd end);

struct CallEnded {
  CallEnd end = CallEnd::HungUp;
  int status = 0;           // of SIP, where a response has ended it; else 0
  std::string_view reason;  // its phrase
};

// Of one call so far; packets of 20 ms.
struct CallStatistics {
  uint32_t sent = 0;
  uint32_t received = 0;
  uint32_t lost = 0;
  uint32_t late = 0;
  uint32_t jitter_ms = 0;
  uint32_t round_trip_ms = 0;  // 0: not known
};

// What happens to a call. One object may serve many calls. From within any of these, all functions
// of this library may be called but Stack::run() and Stack::process(). Views are good during the
// call.
class CallEvents {
 public:
  // Our call rings at the other side (180), or its sound is there already (183 and a description).
  virtual void on_ringing(Call& call, bool has_sound) { (void)call, (void)has_sound; }
  // Both sides can speak. Of an incoming call: after accept(), when the caller knows it.
  virtual void on_answered(Call& call) { (void)call; }
  // The peer has put us on hold, or has taken us back.
  virtual void on_held(Call& call, bool held) { (void)call, (void)held; }
  // hold() or resume() is done; or has failed with that status, and all is as it was.
  virtual void on_hold_done(Call& call, bool held, int status) {
    (void)call, (void)held, (void)status;
  }
  // The peer has pressed a key: "0123456789*#ABCD".
  virtual void on_key(Call& call, char key) { (void)call, (void)key; }
  // All that play() was given has been played.
  virtual void on_played(Call& call) { (void)call; }
  // Every 20 ms while something is heard: 160 samples.
  virtual void on_sound(Call& call, const int16_t* samples, size_t count) {
    (void)call, (void)samples, (void)count;
  }
  // Our transfer() goes on: 100 to 199 are word from underway, 200 to 299 are success, after which
  // the call ends by itself; with anything else the call is still ours.
  virtual void on_transfer_progress(Call& call, int status, std::string_view reason) {
    (void)call, (void)status, (void)reason;
  }
  // The peer wants us to call `target` in his place. Null: no. Else events of the call that is made
  // then; `call` is on until the other side of it hangs up.
  virtual CallEvents* on_transfer_asked(Call& call, std::string_view target) {
    (void)call, (void)target;
    return nullptr;
  }
  // The call that on_transfer_asked() has let begin.
  virtual void on_transferred(Call& from, Call& to) { (void)from, (void)to; }
  // Another call of ours has taken the place of this one: somebody was transferred to us. This one
  // ends; the new one is answered already, with the same events.
  virtual void on_replaced(Call& call, Call& by) { (void)call, (void)by; }
  // The last word, once for each call. The object is gone when this has returned.
  virtual void on_ended(Call& call, const CallEnded& end) { (void)call, (void)end; }

 protected:
  ~CallEvents() = default;
};

// One call. Belongs to its stack: a reference is good until on_ended() has returned.
//
// Functions that return bool do nothing and return false when the call is in no state for them.
class Call {
 public:
  virtual CallState state() const = 0;
  virtual bool is_incoming() const = 0;
  // Never used twice by one stack.
  virtual uint64_t id() const = 0;
  // As the peer's From or To says: "\"Anna\" <sip:anna@example.com>".
  virtual std::string peer() const = 0;
  // Who else is to hear of it from now on.
  virtual void set_events(CallEvents& events) = 0;

  // Of an incoming call that has not been answered.
  virtual bool ring() = 0;    // 180; done by itself when the call comes in, if the account says so
  virtual bool accept() = 0;  // 200
  virtual bool reject(int status = 486) = 0;  // 300 to 699

  // Whatever the state is: cancels, rejects with 603, or says BYE. on_ended() follows, not from
  // within.
  virtual void hang_up() = 0;

  // Of an answered call. The peer is asked; on_hold_done() follows.
  virtual bool hold() = 0;
  virtual bool resume() = 0;
  virtual bool is_held() const = 0;          // by us
  virtual bool is_held_by_peer() const = 0;  // he does not hear us

  // Keys: "0123456789*#ABCD", 100 ms each, one after the other. False too where the peer takes none,
  // or so many wait already.
  virtual bool send_keys(std::string_view keys) = 0;

  // From its beginning, in place of what is played now; `repeats`: again and again. An empty sound
  // ends it. May be set before the call is answered.
  virtual void play(const Sound& sound, bool repeats = false) = 0;

  // Writes what is heard into a WAV file of 16 bits, from now on until stop_recording() or the end of
  // the call. The writing has a thread of its own; making the file blocks. A file that is there is
  // replaced; a recording that goes on is completed first. Returns an errno value, 0 for success.
  virtual int record(const std::string& path) = 0;
  // Waits until all is written. The errno value of what has failed meanwhile.
  virtual int stop_recording() = 0;

  // Sends the peer to `uri` (blind). on_transfer_progress() follows.
  virtual bool transfer(std::string_view uri) = 0;
  // Joins the peer of this call with that of `other`, which has been answered (attended).
  virtual bool transfer_to(Call& other) = 0;

  virtual CallStatistics statistics() const = 0;

 protected:
  ~Call() = default;
};

}  // namespace tipring
