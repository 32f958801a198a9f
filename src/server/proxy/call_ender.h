// Ends calls whose session is over, with a BYE to each side (SPEC C4), and those that an operator
// wants to end.
#pragma once

#include "core/arena.h"
#include "core/limits.h"
#include "core/list.h"
#include "core/memory_plan.h"
#include "core/pool.h"
#include "dialog/calls.h"
#include "service/destination_selection.h"
#include "service/environment.h"

namespace tipring::proxy {

// One BYE on its way.
struct EndContext {
  EndContext(dialog::DialogHandle of, dialog::Side side) : dialog(of), to(side) {}

  dialog::DialogHandle dialog;
  dialog::Side to;
  transaction::ClientHandle client;
  service::DestinationSelection selection;
};

class CallEnder final : public dialog::ExpiryObserver,
                        private transaction::TransactionUser,
                        private transport::LocateHandler {
 public:
  static void plan(const Limits& limits, MemoryPlan& plan);

  // Borrows the environment for as long as it lives.
  CallEnder(const service::Environment& environment, Arena& arena, const Limits& limits);

  // For an operator: BYE to both sides, as soon as there is room for them; then the dialog is
  // forgotten, whatever was answered. A side whose target is not known gets none. Of no effect
  // while it is being ended. REQUIRES: it is answered.
  void end(dialog::Dialog& dialog);

  const PoolStats& stats() const { return contexts_.stats(); }

 private:
  using Handle = tipring::Handle<EndContext>;

  void on_expired(dialog::Dialog& dialog) override;
  void on_located(uint64_t tag, const Result<transport::FlowList>& flows) override;
  void on_response(uint64_t id, transaction::ClientHandle, const transport::Incoming&) override;
  void on_client_end(uint64_t id, transaction::ClientHandle, transaction::EndReason) override;
  void on_cancel(uint64_t, transaction::ServerHandle, const transport::Incoming&) override {}
  void on_server_end(uint64_t, transaction::ServerHandle, transaction::EndReason) override {}

  void begin_end(dialog::Dialog& dialog);
  void end_waiting();
  void begin(dialog::Dialog& dialog, dialog::Side to);
  service::Destination destination_of(const dialog::Dialog& dialog, dialog::Side to) const;
  void try_next(EndContext& context);
  bool send(EndContext& context, const dialog::Dialog& dialog, const transport::Flow& flow);
  void finish(EndContext& context);

  const service::Environment& environment_;
  Pool<EndContext> contexts_;
  List<dialog::Dialog, &dialog::Dialog::ending_node> waiting_;
  bool busy_ = false;
};

}  // namespace tipring::proxy
