#include "admin/assets.h"

#include <doctest/doctest.h>

#include <string>

using namespace tipring::admin;

namespace {

std::string versioned(std::string_view name) {
  return "/assets/" + std::string(asset_version()) + "/" + std::string(name);
}

}  // namespace

TEST_CASE("assets: the root is the page, which is asked for anew each time" *
          doctest::description("R10.1")) {
  const AssetReply reply = find_asset("/", "");
  REQUIRE(reply.file != nullptr);
  CHECK(reply.status == 200);
  CHECK(reply.file->path == "/index.html");
  CHECK(reply.file->content_type == "text/html; charset=utf-8");
  CHECK(reply.cache_control == "no-cache");
  REQUIRE(reply.body().size() > 18);
  CHECK(reply.body().substr(0, 3) == "\x1f\x8b\x08");        // gzip, by deflate: RFC 1952 2.3.1
  CHECK(reply.body().substr(4, 4) == std::string(4, '\0'));  // without a time: each build is equal
}

TEST_CASE("assets: a file under this build's version is kept for good, by its own path asked for") {
  const AssetReply kept = find_asset(versioned("js/app.js"), "");
  REQUIRE(kept.file != nullptr);
  CHECK(kept.file->content_type == "text/javascript; charset=utf-8");
  CHECK(kept.cache_control == "public, max-age=31536000, immutable");
  const AssetReply asked = find_asset("/assets/js/app.js", "");
  CHECK(asked.file == kept.file);
  CHECK(asked.cache_control == "no-cache");
}

TEST_CASE("assets: what the browser has is not sent again" *
          doctest::description("RFC 9110 13.1.2")) {
  const std::string tag(find_asset("/", "").file->etag);
  CHECK(find_asset("/", tag).status == 304);
  CHECK(find_asset("/", tag).body().empty());
  CHECK(find_asset("/", "\"other\", W/" + tag).status == 304);
  CHECK(find_asset("/", "\"other\"").status == 200);
}

TEST_CASE("assets: other paths are no files, however they are written") {
  for (const std::string path :
       {"", "/assets/", "/assets", "/index.htm", "//index.html", "/assets/../index.html",
        "/etc/passwd", "/assets/0123456789ab/js/app.js", "/api/v1/status"}) {
    CAPTURE(path);
    CHECK(find_asset(path, "").file == nullptr);
  }
  CHECK(find_asset(versioned("../index.html"), "").file == nullptr);
  CHECK(find_asset(versioned(""), "").file == nullptr);
}

TEST_CASE("assets: the whole page is small" * doctest::description("R10.1")) {
  size_t sum = 0;
  for (const AssetFile& file : asset_files()) {
    CAPTURE(file.path);
    CHECK(!file.content_type.empty());
    CHECK(file.etag.size() == 18);
    sum += file.gzip.size();
  }
  CHECK(sum < 150 * 1000);
}
