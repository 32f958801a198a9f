// Call records (store/call_record.h), as the parts that see calls write them.
#pragma once

#include <string_view>

#include "store/call_record.h"
#include "transport/incoming.h"

namespace tipring::service {

// One phone of a call.
struct RungPhone {
  uint64_t call = 0;  // the call's own record; 0: none is kept, of its phones neither
  uint8_t leg = 1;
  store::RecordKind kind = store::RecordKind::Proxied;
  std::string_view uri;
  std::string_view user;
  std::string_view call_id;
  port::SocketAddress remote;
  std::string_view transport;
};

class CallBook {
 public:
  virtual bool is_on() const = 0;
  // The call that the INVITE begins: the id of its record, 0 where none is kept. `user`: handle of
  // whoever has signed in with it, 0 for a stranger.
  virtual uint64_t begin(const transport::Incoming& invite, store::RecordKind kind, uint64_t user,
                         std::string_view to_uri, std::string_view group) = 0;
  virtual uint64_t begin(const RungPhone& phone, Millis now) = 0;

  // What is known more of a record: times that are not 0, texts that are not empty, and all the
  // rest. Of no effect with the id 0.
  virtual void update(uint64_t id, const store::CallRecord& record) = 0;

 protected:
  ~CallBook() = default;
};

}  // namespace tipring::service
