// The phone behind the command line: its account, its calls, and what is said of them.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tools/phone/options.h"
#include "tools/phone/output.h"

namespace tipring::phone {

class Phone final : private AccountEvents, private CallEvents {
 public:
  // Borrows all of them.
  Phone(const Options& options, Stack& stack, Output& output);

  // Empty on success, else what is wrong.
  std::string start();

  // --- commands: false, and an error event, when they cannot be done. Call 0: the last one ---------

  bool call(std::string_view target);
  bool answer(uint64_t call);
  bool reject(uint64_t call, int status);
  bool hang_up(uint64_t call);
  bool hold(uint64_t call, bool hold);
  bool keys(std::string_view keys, uint64_t call);
  bool transfer(std::string_view target, uint64_t call);
  bool join(uint64_t call, uint64_t with);
  bool play(std::string_view what, uint64_t call);
  bool record(const std::string& path, uint64_t call);
  bool stop_recording(uint64_t call);
  bool hear(int hertz, uint64_t call);
  void status();
  void set_registered(bool on);

  // How often an event has come so far, for those who wait for one.
  size_t count(const std::string& event) const;

  bool has_failed() const { return failed_; }
  bool wants_end() const { return wants_end_; }
  bool is_idle() const { return calls_.empty(); }
  bool fault(std::string_view text);

 private:
  struct Line {
    Call* call = nullptr;
    std::vector<int16_t> heard;  // the last second, as a ring
    size_t next = 0;
  };

  void on_registered(Account& account, uint32_t expires_s) override;
  void on_registration_failed(Account& account, int status, std::string_view reason, bool again,
                              std::chrono::milliseconds after) override;
  void on_unregistered(Account& account) override;
  CallEvents* on_call(Account& account, Call& call) override;

  void on_ringing(Call& call, bool has_sound) override;
  void on_answered(Call& call) override;
  void on_held(Call& call, bool held) override;
  void on_hold_done(Call& call, bool held, int status) override;
  void on_key(Call& call, char key) override;
  void on_played(Call& call) override;
  void on_sound(Call& call, const int16_t* samples, size_t count) override;
  void on_transfer_progress(Call& call, int status, std::string_view reason) override;
  CallEvents* on_transfer_asked(Call& call, std::string_view target) override;
  void on_transferred(Call& from, Call& to) override;
  void on_replaced(Call& call, Call& by) override;
  void on_ended(Call& call, const CallEnded& end) override;

  void say(std::string_view event, std::initializer_list<Field> fields = {});
  void add(Call& call);
  Line* find(uint64_t call);
  bool done(bool good, std::string_view what);

  const Options& options_;
  Stack& stack_;
  Output& output_;
  Account* account_ = nullptr;
  std::map<uint64_t, Line> calls_;  // by number
  std::map<std::string, size_t, std::less<>> events_;
  uint64_t first_call_ = 0;  // that of --call
  bool called_ = false;
  bool failed_ = false;
  bool wants_end_ = false;
};

}  // namespace tipring::phone
