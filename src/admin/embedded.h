// Files that are part of the program. See tools/embed_text.
#pragma once

#include <string_view>

namespace tipring::admin {

std::string_view openapi_document();  // openapi.json

}  // namespace tipring::admin
