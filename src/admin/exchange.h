// What the admin API needs of the running exchange. The app implements it over the store, the
// transports and the counters. All calls come on the loop's thread, take bounded time and no
// memory.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "admin/channel.h"

namespace tipring::admin {

struct UserChange {
  std::string_view domain;  // lower case; empty: the default domain
  std::string_view name;
  const UserFields& fields;
  const UserSecret* secret;  // made for fields.auth_name, or the name; null: stays as it is
  PutMode mode = PutMode::Either;
};

// The server as a whole.
class Control {
 public:
  virtual void reload() = 0;  // reads its configuration anew, soon
  // Ends in order, to be started anew. False: nobody would start it.
  virtual bool restart() = 0;

 protected:
  ~Control() = default;
};

class Exchange {
 public:
  // The outcome, or nullopt when it comes later by LoopEndpoint::complete(ticket, outcome), which
  // must then be called once. Created or Changed only when it is durable.
  // With OtherAuthName and NeedsPassword nothing was done.
  virtual std::optional<Outcome> put_user(const UserChange& change, uint64_t ticket) = 0;
  // Changed when it is durable. `secret` is made for the new name; null where the user has an
  // auth_name of its own. NeedsPassword or KeepsPassword when it is not so.
  virtual std::optional<Outcome> rename_user(std::string_view domain, std::string_view name,
                                             std::string_view new_name, const UserSecret* secret,
                                             uint64_t ticket) = 0;
  virtual std::optional<Outcome> remove_user(std::string_view domain, std::string_view name,
                                             uint64_t ticket) = 0;
  // The registrations of a user with this contact, or all of them when it is empty. NotFound when
  // there is none.
  virtual std::optional<Outcome> remove_bindings(std::string_view domain, std::string_view name,
                                                 std::string_view contact, uint64_t ticket) = 0;

  // Adds rows from `cursor` on while page.has_room(), looking at a bounded number of slots: a page
  // may stay empty. Returns the cursor to go on with, 0 at the end. Starts with 0.
  // Of bindings those that hold `search`, which is in lower case, in what they show of themselves.
  virtual uint64_t list_users(uint64_t cursor, const UserFilter& filter, Page& page) = 0;
  virtual uint64_t list_credentials(uint64_t cursor, Page& page) = 0;
  virtual uint64_t list_bindings(uint64_t cursor, std::string_view search, Page& page) = 0;
  virtual uint64_t list_blocks(uint64_t cursor, Page& page) = 0;
  virtual uint64_t list_refused(uint64_t cursor, Page& page) = 0;
  virtual uint64_t list_unknown(uint64_t cursor, Page& page) = 0;
  virtual uint64_t list_calls(uint64_t cursor, Page& page) = 0;
  // By CallRow::id. Done when its BYEs are on their way; NoCall or NotAnswered.
  virtual Outcome end_call(uint64_t id) = 0;
  // Of one user, as a BlockRow names him, or with an empty name all of the source. Done or NoBlock.
  virtual Outcome lift_block(const port::IpAddress& source, std::string_view user) = 0;
  // See revision.h; 0 when there is no such user.
  virtual uint64_t revision_of_user(std::string_view domain, std::string_view name) const = 0;
  // One user; false when there is none.
  virtual bool show_user(std::string_view domain, std::string_view name, Page& page) = 0;
  // As list_bindings(), of one user; nullopt when there is none.
  virtual std::optional<uint64_t> list_bindings_of(std::string_view domain, std::string_view name,
                                                   uint64_t cursor, Page& page) = 0;

  // Facts in the order to be shown: version, uptime, counters. What finds no room is left out.
  virtual void status(Page& page) = 0;

 protected:
  ~Exchange() = default;
};

}  // namespace tipring::admin
