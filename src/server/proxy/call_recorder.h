// Writes the records of calls that pass through the proxy: of the call with its INVITE's transaction,
// of each phone with the branch that rings it, and of both with the dialogs that its 2xx has made.
#pragma once

#include "dialog/calls.h"
#include "server/proxy/location.h"
#include "service/branches.h"
#include "service/call_book.h"
#include "service/environment.h"

namespace tipring::proxy {

struct ProxyContext;
struct Plan;

// What a response context keeps for it.
struct RecordedCall {
  uint64_t id = 0;  // of the call's own record; 0: none is kept
  Millis rang{0};
  uint8_t legs = 0;
  bool is_over = false;  // its final response has been written down
};

class CallRecorder final : public dialog::EndObserver {
 public:
  // Borrows both.
  CallRecorder(const service::Environment& environment, const Location& location)
      : environment_(environment), location_(location) {}

  // A new call, whose transaction is open.
  void begin(ProxyContext& context, const transport::Incoming& invite) const;
  // The request of the branch is on its way over `flow`.
  void on_try(ProxyContext& context, service::Branch& branch, const Plan& plan,
              const transport::Flow& flow) const;
  // A response of the branch has gone upstream: a provisional one above 100, or a 2xx.
  void on_forwarded(ProxyContext& context, service::Branch& branch,
                    const transport::Incoming& response) const;
  // The final response has gone upstream.
  void on_final(ProxyContext& context, std::string_view reason) const;
  // Nothing more comes of the branch. The context is as it is by then.
  void on_branch_over(ProxyContext& context, const service::Branch& branch) const;

  void on_over(const dialog::Dialog& dialog, bool is_last) override;
  void on_bye(const dialog::Dialog& dialog, bool is_last, const sip::MessageView& bye) override;

 private:
  void write_end(const dialog::Dialog& dialog, bool is_last, const store::CallRecord& record) const;
  void write_answer(ProxyContext& context, service::Branch& branch, dialog::Dialog* dialog) const;

  std::string_view user_of(std::string_view uri) const;

  const service::Environment& environment_;
  const Location& location_;
};

}  // namespace tipring::proxy
