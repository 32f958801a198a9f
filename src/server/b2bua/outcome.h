// What the caller is told when nobody has answered: SPEC C18. The table stands in README.md.
#pragma once

#include <cstdint>

namespace tipring::b2bua {

// What the failures of those who were rung come to. The statuses of several phones of one member,
// or of several members, are taken together alike.
class Outcome {
 public:
  // Of a final response above 299, or what stands for one: 408 for a phone that was silent.
  void note(uint16_t status);
  // Of a phone that was not rung, through no fault of its own: a 503 is ours then.
  void note_own(uint16_t status);
  // Somebody rang until his time was over.
  void note_timeout() { timed_out_ = true; }

  // For a hunt group: 480 when nobody was rung at all, or 503 where we have no place for more, 408 after a timeout; 486, 603 or 488 where
  // all say so in one way or another; else 480.
  uint16_t of_group() const;

  // For a user who was called through us: what one of his phones has said, as a proxy chooses it
  // (RFC 3261 16.7 step 6), a refusal of the user himself first; 480 when he has none, 503 when
  // we have no place for more.
  uint16_t of_user() const;

 private:
  uint16_t best_ = 0;
  bool timed_out_ = false;
  bool shortage_ = false;  // of ours
  bool busy_ = false;
  bool declined_ = false;
  bool not_acceptable_ = false;
  bool away_ = false;  // or anything else
};

}  // namespace tipring::b2bua
