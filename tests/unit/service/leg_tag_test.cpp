#include "service/leg_tag.h"

#include <doctest/doctest.h>

#include <string>

using namespace tipring;
using namespace tipring::service;

TEST_CASE("leg tag: what was written is read again" * doctest::description("DESIGN handles")) {
  const LegTagCodec codec({1, 2});
  LegTagCodec::Text text;
  const Handle<LegGroup> group{7, 0xabcdef01};
  CHECK(codec.read(codec.write(group, text)) == group);
}

TEST_CASE("leg tag: one that was changed anywhere, or written with another key, is none" *
          doctest::description("DESIGN handles")) {
  const LegTagCodec codec({1, 2});
  LegTagCodec::Text text;
  const std::string tag(codec.write({7, 3}, text));
  for (size_t i = 0; i < tag.size(); ++i) {
    std::string changed = tag;
    changed[i] = changed[i] == '5' ? '6' : '5';
    CHECK_FALSE(codec.read(changed));
  }
  CHECK_FALSE(codec.read(tag.substr(1)));
  CHECK_FALSE(codec.read(tag + "0"));
  CHECK_FALSE(codec.read(""));
  CHECK_FALSE(LegTagCodec({1, 3}).read(tag));
}
