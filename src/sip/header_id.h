// Which header field a name stands for: RFC 3261 7.3.1 and 7.3.3 (compact forms).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sip/header_table.h"

namespace tipring::sip {

enum class HeaderId : uint8_t {
#define TIPRING_SIP_HEADER_ENUM(id, name, compact, kind, view) id,
  TIPRING_SIP_HEADERS(TIPRING_SIP_HEADER_ENUM)
#undef TIPRING_SIP_HEADER_ENUM
      Other,  // any other name
};

inline constexpr size_t kHeaderIdCount = static_cast<size_t>(HeaderId::Other) + 1;

constexpr size_t to_index(HeaderId id) { return static_cast<size_t>(id); }

enum class HeaderKind : uint8_t {
  Single,  // may appear once only
  List,    // comma-separated values over any number of lines
  Lines,   // may repeat, a comma belongs to the value (7.3.1: the authentication headers); unknown
           // headers too
};

// Case-insensitive, both forms; Other for unknown names.
HeaderId find_header_id(std::string_view name);

// The long form as the RFC writes it; empty for Other.
std::string_view to_text(HeaderId id);

char compact_form(HeaderId id);  // lower case; 0 when there is none

inline constexpr std::array<HeaderKind, kHeaderIdCount> kHeaderKinds = {
#define TIPRING_SIP_HEADER_KIND(id, name, compact, kind, view) HeaderKind::kind,
    TIPRING_SIP_HEADERS(TIPRING_SIP_HEADER_KIND)
#undef TIPRING_SIP_HEADER_KIND
        HeaderKind::Lines,
};

constexpr HeaderKind header_kind(HeaderId id) { return kHeaderKinds[to_index(id)]; }

}  // namespace tipring::sip
