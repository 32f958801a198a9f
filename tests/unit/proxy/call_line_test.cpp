#include "server/proxy/call_line.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "sip/message.h"
#include "support/service_bench.h"

using namespace tipring;

namespace {

struct World {  // made before the bench that stands in it
  port::SimWorld world{1};
};

class Bench final : private World, public sim::ServiceBench {
 public:
  Bench()
      : ServiceBench(world),
        slots_(8),
        ring_(slots_),
        lines_(ring_, host.clock(), LogLevel::Info) {}

  // What the log gets for a request that is answered so after three seconds.
  std::string line(const sip::MessageView& request, uint16_t status) {
    proxy::CallLine call;
    call.begin(request, Millis(1000), figures);
    call.end(lines_, 0, Millis(2000));
    call.end(lines_, status, Millis(4000));
    call.end(lines_, status, Millis(5000));
    std::string all;
    while (LogSlot* slot = ring_.front()) {
      all += std::string(slot->text.data(), slot->size) + "\n";
      ring_.pop();
    }
    return all;
  }

  dialog::CallFigures figures;

 private:
  std::vector<LogSlot> slots_;
  LogRing ring_;
  Log lines_;
};

}  // namespace

TEST_CASE("call line: a call has one line when it is answered or comes to nothing" *
          doctest::description("G3, R6.2")) {
  Bench bench;
  const sip::MessageView& invite = bench.parse_request("INVITE", "sip:bob@h", "");
  CHECK(bench.line(invite, 200) ==
        "call_answered from=sip:a@h to=sip:bob@h status=200 after_ms=3000\n");
  CHECK(bench.line(invite, 486) ==
        "call_failed from=sip:a@h to=sip:bob@h status=486 after_ms=3000\n");
  CHECK(bench.line(invite, 0).empty());
  CHECK(bench.figures.outcomes(dialog::CallOutcome::Answered) == 1);
  CHECK(bench.figures.outcomes(dialog::CallOutcome::Busy) == 1);
  CHECK(bench.figures.outcomes(dialog::CallOutcome::Failed) == 1);
  CHECK(bench.figures.ringing() == 0);
}

TEST_CASE("call line: a BYE that was taken ends it, other requests have no line" *
          doctest::description("G3, R6.2")) {
  Bench bench;
  CHECK(bench.line(bench.parse_request("BYE", "sip:b@h", ""), 200) ==
        "call_ended from=sip:a@h to=sip:b@h\n");
  CHECK(bench.line(bench.parse_request("BYE", "sip:b@h", ""), 481).empty());
  CHECK(bench.line(bench.parse_request("OPTIONS", "sip:b@h", ""), 200).empty());
}

TEST_CASE("call line: an address that is too long is cut" * doctest::description("G3")) {
  Bench bench;
  const std::string uri = "sip:" + std::string(100, 'b') + "@h";
  CHECK(bench.line(bench.parse_request("INVITE", uri, ""), 404) ==
        "call_failed from=sip:a@h to=" + uri.substr(0, 63) + " status=404 after_ms=3000\n");
}
