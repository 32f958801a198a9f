// What passes between the loop and the storage thread. Requests on their way at one time never
// touch the same row in ways whose order matters, so a commit may carry them out in any order: the
// loop keeps a slot back while a lazy write of it is on its way, a user busy while an update or a
// change is, and there is one change of a hunt group at a time.
#pragma once

#include <cstdint>

#include "port/time.h"
#include "store/store_status.h"

namespace tipring::store {

class BindingUpdate;
struct GroupChange;
struct UserChange;

enum class RequestKind : uint8_t {
  Update,   // `update`, which stays as it is until the reply
  Change,   // `change`, likewise
  Group,    // `group`, likewise
  Refresh,  // lazily: new expiry and CSeq of the row of `slot`, which need not exist
  Delete,   // lazily: the row of `slot`, which need not exist
  Probe,    // nothing: whether the disk is well again
};

struct StoreRequest {
  RequestKind kind = RequestKind::Delete;
  uint32_t slot = 0;  // of Update: the lowest of those it adds, to sort by
  uint32_t cseq = 0;
  Millis expires_at{0};  // of the monotonic clock, like all times in records
  Millis interval{0};
  Millis wall_offset{0};  // what makes them Unix times
  Millis sent_at{0};
  BindingUpdate* update = nullptr;
  UserChange* change = nullptr;
  GroupChange* group = nullptr;
};

struct StoreReply {
  RequestKind kind = RequestKind::Delete;
  StoreStatus status = StoreStatus::Durable;
  int32_t code = 0;              // what SQLite said
  bool first_of_commit = false;  // replies of one commit come one after the other
  bool mended = false;  // of the first: the file or its log had been removed, and was written anew
  uint32_t slot = 0;
  BindingUpdate* update = nullptr;
  UserChange* change = nullptr;
  GroupChange* group = nullptr;
};

}  // namespace tipring::store
