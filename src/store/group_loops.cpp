#include "store/group_loops.h"

#include <algorithm>

namespace tipring::store {
namespace {

constexpr std::string_view kArrow = " > ";
constexpr std::string_view kMore = " > ...";

}  // namespace

bool GroupLoops::would_close(std::string_view domain, std::string_view group,
                             std::string_view next) {
  Group* last = nullptr;
  if (next != group) {
    Group* const from = groups_.find_any(domain, next);
    last = from != nullptr ? search(domain, group, *from) : nullptr;
    if (last == nullptr) return false;
  }
  write_path(group, last);
  return true;
}

template <class Visit>
bool GroupLoops::any_target(const Group& group, Visit visit) {
  for (const GroupMember* member = group.first_member(); member != nullptr;
       member = group.next_member(*member)) {
    if (visit(member->name())) return true;
  }
  return !group.no_answer_to().empty() && visit(group.no_answer_to());
}

// Breadth first, so that the shortest loop is named. The group that leads to `group`, or null.
Group* GroupLoops::search(std::string_view domain, std::string_view group, Group& from) {
  ++searches_;
  from.search_ = searches_;
  from.search_from_ = from.search_next_ = nullptr;
  Group* last = &from;
  for (Group* here = &from; here != nullptr; here = here->search_next_) {
    const bool found = any_target(*here, [&](std::string_view name) {
      if (name == group) return true;
      Group* next = groups_.find_any(domain, name);
      if (next == nullptr || next->search_ == searches_) return false;
      next->search_ = searches_;
      next->search_from_ = here;
      next->search_next_ = nullptr;
      last->search_next_ = next;
      last = next;
      return false;
    });
    if (found) return here;
  }
  return nullptr;
}

void GroupLoops::write_path(std::string_view group, Group* last) {
  size_ = 0;
  write(group);
  Group* next = nullptr;
  for (Group* step = last; step != nullptr; step = step->search_from_) {
    step->search_next_ = next;
    next = step;
  }
  // Room is kept for the mark of what is left out, and for the end.
  const size_t kept = kMore.size() + kArrow.size() + group.size();
  for (; next != nullptr; next = next->search_next_) {
    const bool fits = size_ + kArrow.size() + next->name().size() + kept <= path_.size();
    write(fits ? kArrow : kMore);
    if (!fits) break;
    write(next->name());
  }
  write(kArrow);
  write(group);
}

void GroupLoops::write(std::string_view name) {
  std::copy(name.begin(), name.end(), path_.begin() + static_cast<ptrdiff_t>(size_));
  size_ += name.size();
}

}  // namespace tipring::store
