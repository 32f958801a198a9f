// What texts of the configuration may be. Each judges one text: an empty answer is a good one, any
// other says what is wanted, to be read after "must be".
#pragma once

#include <string>
#include <string_view>

namespace tipring::app {

using TextCheck = std::string (*)(std::string_view text);

std::string any_text(std::string_view text);
std::string listen_check(std::string_view text);
std::string group_member_check(std::string_view text);
std::string admin_listen_check(std::string_view text);
std::string collector_check(std::string_view text);
std::string domain_check(std::string_view text);
std::string realm_check(std::string_view text);
std::string source_check(std::string_view text);
std::string third_party_check(std::string_view text);
std::string route_check(std::string_view text);
std::string number_check(std::string_view text);  // as it is dialled
std::string help_target_check(std::string_view text);
std::string port_range_check(std::string_view text);
std::string host_address_check(std::string_view text);  // a literal
std::string place_check(std::string_view text);         // a file
std::string socket_check(std::string_view text);
std::string request_format_check(std::string_view text);

}  // namespace tipring::app
