// One call of a phone: a leg, its sound, and what the program is told of both. A place of a pool that
// is made at start and used again and again.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "service/legs.h"
#include "service/transfer.h"
#include "stack/phone_media.h"
#include "tipring/call.h"

namespace tipring::stack {

class PhoneAccount;
class PhoneCalls;

class PhoneCall final : public Call, private service::LegUser, private PhoneMediaUser {
 public:
  PhoneCall(PhoneCalls& calls, Layers& layers, const StackOptions& options);

  bool is_free() const { return id_ == 0; }
  bool is_over() const { return over_; }

  // --- beginning: REQUIRES is_free() -------------------------------------------------------------

  struct Outgoing {
    std::string_view target;  // a URI
    std::string_view routes;  // values of Route
    std::string_view lines;   // whole lines for the INVITE
    port::IpAddress local;    // our address toward it
  };
  // Empty on success, else what is wrong; it is free again then.
  std::string begin(uint64_t id, PhoneAccount& account, CallEvents& events,
                    const Outgoing& outgoing);
  // An INVITE that has come. False: it has been answered, and this is free.
  bool take(uint64_t id, PhoneAccount& account, const service::Incoming& invite);
  // The account's program has heard of it.
  void show(CallEvents* events);
  // This call is what the REFER within that one has asked for.
  void set_referrer(uint64_t id) { referrer_ = id; }

  // Gives its place back, when is_over().
  void release();

  // --- for other calls ---------------------------------------------------------------------------

  // What becomes of the call that a REFER of the peer has made.
  void on_referred(uint16_t status);

  // --- Call --------------------------------------------------------------------------------------

  CallState state() const override { return state_; }
  bool is_incoming() const override { return incoming_; }
  uint64_t id() const override { return id_; }
  std::string peer() const override;
  void set_events(CallEvents& events) override { events_ = &events; }
  bool ring() override;
  bool accept() override;
  bool reject(int status) override;
  void hang_up() override;
  bool hold() override { return change_hold(true); }
  bool resume() override { return change_hold(false); }
  bool is_held() const override { return held_; }
  bool is_held_by_peer() const override { return media_.held_by_peer(); }
  bool send_keys(std::string_view keys) override;
  void play(const Sound& sound, bool repeats) override { media_.play(sound, repeats); }
  int record(const std::string& path) override { return media_.record(path); }
  int stop_recording() override { return media_.stop_recording(); }
  bool transfer(std::string_view uri) override;
  bool transfer_to(Call& other) override;
  CallStatistics statistics() const override { return media_.statistics(); }

 private:
  // What our requests within the dialog are for: the tag that comes back with their responses.
  enum Purpose : uint64_t { kHold = 1, kRefer, kNotify };

  // phone_call.cpp: its beginning and its end
  void on_progress(service::LegHandle leg, uint64_t name,
                   const service::Incoming& response) override;
  uint64_t on_fork(service::LegHandle fork, service::LegHandle of, uint64_t name) override;
  void on_answer(service::LegHandle leg, uint64_t name, const service::Incoming& response) override;
  void on_ack(service::LegHandle leg, uint64_t name, const service::Incoming& ack) override;
  void on_end(service::LegHandle leg, uint64_t name, const service::LegEnd& end) override;
  void end(CallEnd why, int status, std::string_view reason);
  void fail(CallEnd why, int status, std::string_view reason);
  bool answer_invite(const sip::MessageView& invite);

  // phone_dialog.cpp: requests within it
  service::LegVerdict on_request(service::LegHandle leg, uint64_t name,
                                 service::ServerHandle server,
                                 const service::Incoming& request) override;
  void on_response(service::LegHandle leg, uint64_t name, const service::LegRequestInfo& request,
                   const service::Incoming& response) override;
  void on_no_response(service::LegHandle leg, uint64_t name, const service::LegRequestInfo& request,
                      uint16_t status) override;
  service::LegVerdict on_replaces(service::LegHandle leg, uint64_t name,
                                  const service::Incoming& invite) override;
  service::LegVerdict answer_offer(service::ServerHandle server, const sip::MessageView& request);
  service::LegVerdict take_refer(service::ServerHandle server, const sip::MessageView& refer);
  service::LegVerdict take_notify(service::ServerHandle server, const sip::MessageView& notify);
  void respond(service::ServerHandle server, uint16_t status);
  void on_refer_response(const sip::MessageView* response);
  void leave();
  void tell_referrer(int status);
  void send_notify();
  void on_notify_timer(Millis now);
  bool refer(std::string_view refer_to);
  bool change_hold(bool hold);
  void on_hold_response(const sip::MessageView& response);
  void end_hold_change(int status);
  void note_held_by_peer();

  void on_media_key(char key) override;
  void on_media_played() override;
  void on_media_heard(std::span<const int16_t> frame) override;

  bool is_mine(uint64_t name) const { return name == id_ && !over_; }
  bool is_answered() const { return state_ == CallState::Answered; }

  PhoneCalls& calls_;
  Layers& layers_;
  PhoneMedia media_;
  PhoneAccount* account_ = nullptr;
  CallEvents* events_ = nullptr;
  uint64_t id_ = 0;  // 0: free
  CallState state_ = CallState::Ended;
  service::LegHandle leg_;
  service::ServerHandle invite_;  // of the peer, that we have not answered
  int legs_ = 0;                  // of our INVITE, with its forks
  uint64_t referrer_ = 0;         // the call that has made us begin this one; 0: none
  CallEnd wanted_end_ = CallEnd::HungUp;
  bool incoming_ = false;
  bool over_ = false;
  bool ends_by_us_ = false;     // hang_up() or reject() was called
  bool early_sound_ = false;    // a provisional response has brought the answer
  bool awaits_answer_ = false;  // our 2xx to an INVITE without an offer has made one
  bool told_answered_ = false;
  bool held_ = false;         // by us, as agreed
  bool hold_wanted_ = false;  // while the peer is asked
  bool hold_open_ = false;
  bool told_held_by_peer_ = false;
  service::ReferNotifier notifier_;          // of a REFER of the peer
  service::ReferSubscription subscription_;  // of one of ours
  MemberTimer<PhoneCall, &PhoneCall::on_notify_timer> notify_timer_{*this};
  std::string peer_;
};

// Where calls come from and go to: the stack.
class PhoneCalls {
 public:
  virtual PhoneCall* find_free() = 0;  // null: all are in use
  virtual PhoneCall* find(uint64_t id) = 0;
  virtual uint64_t next_id() = 0;
  virtual void kick() = 0;  // something has been done outside of a turn
  // A call on behalf of `from`, whose REFER names `target`; null: it could not begin.
  virtual PhoneCall* refer(PhoneCall& from, PhoneAccount& account, CallEvents& events,
                           std::string_view target) = 0;

 protected:
  ~PhoneCalls() = default;
};

}  // namespace tipring::stack
