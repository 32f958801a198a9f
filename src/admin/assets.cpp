#include "admin/assets.h"

#include <algorithm>

#include "core/text.h"

namespace tipring::admin {

namespace {

constexpr std::string_view kFolder = "/assets/";
constexpr std::string_view kAsk = "no-cache";  // each time whether it is still the same
constexpr std::string_view kForGood = "public, max-age=31536000, immutable";

// RFC 9110 13.1.2: by weak comparison, so a "W/" before it does not matter.
bool has_tag(std::string_view list, std::string_view etag) {
  while (!list.empty()) {
    const auto [item, rest] = split_once(list, ',');
    std::string_view tag = trim(item);
    if (tag.starts_with("W/")) tag.remove_prefix(2);
    if (tag == etag || tag == "*") return true;
    list = rest;
  }
  return false;
}

const AssetFile* find_file(std::string_view folder, std::string_view name) {
  const auto files = asset_files();
  const auto found = std::find_if(files.begin(), files.end(), [&](const AssetFile& file) {
    return file.path.size() == folder.size() + name.size() && file.path.starts_with(folder) &&
           file.path.ends_with(name);
  });
  return found == files.end() ? nullptr : &*found;
}

}  // namespace

AssetReply find_asset(std::string_view path, std::string_view if_none_match) {
  AssetReply reply;
  reply.cache_control = kAsk;
  if (path == "/") path = "/index.html";
  if (path.starts_with(kFolder)) {
    const auto [version, name] = split_once(path.substr(kFolder.size()), '/');
    if (version == asset_version()) {
      reply.cache_control = kForGood;
      reply.file = find_file(kFolder, name);
    }
  }
  if (reply.file == nullptr) reply.file = find_file("", path);
  if (reply.file != nullptr && has_tag(if_none_match, reply.file->etag)) reply.status = 304;
  return reply;
}

bool serve_asset(port::HttpExchange& exchange) {
  if (exchange.method() != port::HttpMethod::Get) return false;
  const AssetReply reply = find_asset(exchange.path(), exchange.header("If-None-Match"));
  if (reply.file == nullptr) return false;
  const port::HttpHeader headers[] = {
      {"ETag", reply.file->etag},
      {"Cache-Control", reply.cache_control},
      {"Content-Encoding", "gzip"},
  };
  exchange.answer({reply.status, reply.file->content_type, reply.body(), headers});
  return true;
}

}  // namespace tipring::admin
