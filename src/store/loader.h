// Brings users and bindings from the file into memory. Blocks and uses the heap: at start only.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "port/address.h"
#include "store/binding_table.h"
#include "store/database.h"
#include "store/row_check.h"
#include "store/start_report.h"
#include "store/store_clock.h"
#include "store/user_table.h"
#include "store/writes.h"

namespace tipring::store {

class Loader {
 public:
  Loader(Database& database, Writes& writes, UserTable& users, BindingTable& bindings)
      : database_(database), writes_(writes), users_(users), bindings_(bindings) {}

  // Fills status, message and the counts of `report`; whether it is ready.
  bool load(std::string_view realm, StoreClock& clock, StartReport& report);

 private:
  bool failed(int code, StartReport& report) const;
  bool does_not_fit(std::string_view what, std::string_view key, StartReport& report) const;
  bool load_clock(StoreClock& clock, StartReport& report);
  bool load_seeming_key(StartReport& report);
  bool load_users(StartReport& report);
  bool load_credentials(std::string_view realm, StartReport& report);
  bool make_room(Millis wall_now, StartReport& report);
  int move_rows(StartReport& report);
  bool load_bindings(Millis wall_offset, Millis now, StartReport& report);
  bool load_binding(BindingRow& row, Millis wall_offset, Millis now, StartReport& report);
  bool is_second(const UserRecord& record) const;
  User* user_of(int64_t id) const;

  Database& database_;
  Writes& writes_;
  UserTable& users_;
  BindingTable& bindings_;
  std::vector<std::pair<int64_t, User*>> by_id_;  // in order of the rows
};

}  // namespace tipring::store
