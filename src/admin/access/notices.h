// What the admin thread has to say in the server's log, which is the loop's.
#pragma once

#include <string_view>

#include "core/arena.h"
#include "core/fixed_text.h"
#include "core/log.h"
#include "core/memory_plan.h"
#include "core/spsc_ring.h"
#include "port/loop.h"

namespace tipring::admin {

struct Notice {
  enum class Kind : uint8_t {
    SetupCode,
    SetUp,
    SignedIn,
    SignInRefused,
    TokenRefused,
    PageOpened,
    PageClosed,
  };

  Kind kind = Kind::SetupCode;
  FixedText<64> name;    // an account, the code, or where the page is
  FixedText<64> source;  // an address; of PageClosed the reason
};

// The page could not be opened at this address.
void log_page_closed(Log& log, std::string_view address, std::string_view reason);

class Notices {
 public:
  static constexpr uint32_t kMax = 16;

  static void plan(MemoryPlan& plan) { plan.add("admin_notices", kMax, sizeof(Notice)); }
  explicit Notices(Arena& arena) : ring_(arena.take<Notice>(kMax)) {}

  // On the admin thread. When the ring is full, the notice is lost.
  void post(port::Wakeup& loop, Notice::Kind kind, std::string_view name, std::string_view source);
  // On the loop's thread.
  void write(Log& log);

 private:
  SpscRing<Notice> ring_;
};

}  // namespace tipring::admin
