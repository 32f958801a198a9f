// The admin page's files, which lie compressed in the binary (tools/embed_web makes them from web/), and what a
// browser is told of them. On the admin thread, without state.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "port/http_server.h"

namespace tipring::admin {

struct AssetFile {
  std::string_view path;  // "/index.html", "/assets/app.css"
  std::string_view content_type;
  std::string_view etag;  // with its quotes
  std::span<const unsigned char> gzip;
};

std::span<const AssetFile> asset_files();  // in the order of their paths
std::string_view asset_version();          // changes with any of the files

// An answer: 200 with the file, or 304 without.
struct AssetReply {
  int status = 200;
  const AssetFile* file = nullptr;
  std::string_view cache_control;

  std::string_view body() const {
    if (status != 200) return {};
    return {reinterpret_cast<const char*>(file->gzip.data()), file->gzip.size()};
  }
};

// What GET of `path` is answered with; `file` is null when there is no such file. "/" is index.html. What lies under
// "/assets/" is found with asset_version() as a folder before it too, and may then be kept for good.
// All is sent with Content-Encoding: gzip, which every browser takes (RFC 9110 12.5.3 allows it where none is named).
AssetReply find_asset(std::string_view path, std::string_view if_none_match);

// Answers what find_asset() finds. False, and no answer, when there is no such file.
bool serve_asset(port::HttpExchange& exchange);

}  // namespace tipring::admin
