// Paths of the admin API.
#pragma once

#include <string>
#include <string_view>

#include "admin/user_names.h"

namespace tipring::app {

std::string percent_encoded(std::string_view text);

// Always with the domain, which may be empty, so that a name may hold "/".
std::string path_of(std::string_view folder, const admin::UserName& user);

}  // namespace tipring::app
