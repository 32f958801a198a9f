// The records of calls, in the store.
#pragma once

#include "service/call_book.h"
#include "store/store.h"

namespace tipring::policy {

class StoredCalls final : public service::CallBook {
 public:
  // Borrows it.
  explicit StoredCalls(store::Store& store) : store_(store) {}

  bool is_on() const override { return store_.records().is_on(); }
  uint64_t begin(const transport::Incoming& invite, store::RecordKind kind, uint64_t user,
                 std::string_view to_uri, std::string_view group) override;
  uint64_t begin(const service::RungPhone& phone, Millis now) override;
  void update(uint64_t id, const store::CallRecord& record) override {
    store_.records().update(id, record);
  }

 private:
  store::Store& store_;
};

}  // namespace tipring::policy
