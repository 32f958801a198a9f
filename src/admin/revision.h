// Revisions of what an administrator changes, so that nobody overwrites what another has written
// meanwhile: RFC 9110 8.8.3 and 13.1.1. A revision is a hash of all that can be set, with a key of
// this start, so that nothing is stored for it and that none tells of a password. Never 0.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/hash.h"
#include "port/http_server.h"
#include "store/group.h"
#include "store/user.h"

namespace tipring::admin {

uint64_t revision_of(const HashKey& key, const store::User& user);
uint64_t revision_of(const HashKey& key, const store::Group& group);  // without its members
uint64_t revision_of(const HashKey& key, const store::GroupMember& member);

// As rows and tags show it.
std::string revision_text(uint64_t revision);

// The revision that If-Match asks for: 0 where it is absent or "*". nullopt: it can be none of ours.
std::optional<uint64_t> if_match_of(const port::HttpExchange& exchange);

// 200 with an ETag of `body`; 304 when the client has it already (RFC 9110 13.1.2). Where there is a
// revision the tag begins with it, and If-Match may give either.
void reply_tagged(port::HttpExchange& exchange, std::string_view body, uint64_t revision = 0);

}  // namespace tipring::admin
