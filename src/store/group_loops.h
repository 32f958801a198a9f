// Whether groups lead back to themselves: by members that are groups, or by who gets the call when
// nobody answers. Disabled ones count, since they can be enabled.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "store/group_table.h"

namespace tipring::store {

class GroupLoops {
 public:
  static constexpr size_t kPathMax = 250;

  explicit GroupLoops(const GroupTable& groups) : groups_(groups) {}

  // Whether calls to `group` could come back to it if it led to `next`; both are names in `domain`
  // and need not exist. Looks at each group that can be reached once.
  bool would_close(std::string_view domain, std::string_view group, std::string_view next);

  // Of the loop that was found last: "600 > 610 > 600". Where that is long, its middle is left out.
  std::string_view path() const { return {path_.data(), size_}; }

 private:
  Group* search(std::string_view domain, std::string_view group, Group& from);
  template <class Visit>
  static bool any_target(const Group& group, Visit visit);
  void write_path(std::string_view group, Group* last);
  void write(std::string_view name);

  const GroupTable& groups_;
  uint32_t searches_ = 0;
  std::array<char, kPathMax> path_;
  size_t size_ = 0;
};

}  // namespace tipring::store
