#include "transaction/branch.h"

#include <doctest/doctest.h>

#include <array>
#include <string>

using namespace tipring;
using namespace tipring::transaction;

namespace {

constexpr HashKey kKey{0x1234, 0x5678};

std::string write(const BranchCodec& codec, ClientHandle client, uint64_t loop_hash) {
  std::array<char, BranchCodec::kSize> out;
  return std::string(codec.write(codec.parts_of(client, loop_hash), out));
}

}  // namespace

TEST_CASE("branch: gives back the handle it was written with" *
          doctest::description("RFC 3261 8.1.1.7; F3")) {
  const BranchCodec codec(kKey, 3);
  const ClientHandle client{0x00ab, 0xfffffffe};
  const std::string branch = write(codec, client, 0xdeadbeef);
  CHECK(branch.starts_with("z9hG4bK03000000abfffffffe"));
  CHECK(branch.ends_with(".00000000deadbeef"));
  REQUIRE(codec.read(branch).has_value());
  CHECK(codec.read(branch)->client == client);
  CHECK(codec.read(branch)->loop_hash == 0xdeadbeef);
}

TEST_CASE("branch: nobody can guess what stands beside the handle" *
          doctest::description("RFC 3261 17.1.3; F3")) {
  const auto code_of = [](const std::string& branch) { return branch.substr(25, 16); };
  const BranchCodec codec(kKey, 3);
  const std::string code = code_of(write(codec, {5, 9}, 0x77));
  CHECK(code_of(write(codec, {5, 9}, 0x77)) == code);
  CHECK(code_of(write(codec, {5, 10}, 0x77)) != code);
  CHECK(code_of(write(codec, {6, 9}, 0x77)) != code);
  CHECK(code_of(write(codec, {5, 9}, 0x78)) != code);
  CHECK(code_of(write(BranchCodec({1, 2}, 3), {5, 9}, 0x77)) != code);
  CHECK(code_of(write(BranchCodec(kKey, 4), {5, 9}, 0x77)) != code);
}

TEST_CASE("branch: another node, length or character is not ours" *
          doctest::description("RFC 3261 17.1.3; F3")) {
  const BranchCodec codec(kKey, 3);
  const std::string branch = write(codec, {5, 9}, 0x77);
  CHECK_FALSE(BranchCodec(kKey, 4).read(branch).has_value());
  for (const unsigned i : {0U, 6U, 7U, 8U, 9U, 24U, 41U}) {
    std::string other = branch;
    other[i] = 'x';
    CAPTURE(other);
    CHECK_FALSE(codec.read(other).has_value());
  }
  CHECK_FALSE(codec.read(branch + "0").has_value());
  for (size_t size = 0; size < branch.size(); ++size)
    CHECK_FALSE(codec.read(branch.substr(0, size)).has_value());
}

TEST_CASE("branch: one without a transaction names none" *
          doctest::description("RFC 3261 16.11; F3")) {
  const BranchCodec codec(kKey, 3);
  std::array<char, BranchCodec::kSize> out;
  const std::string_view branch = codec.write_stateless(0x1111, 0x2222, out);
  CHECK(branch.size() == BranchCodec::kSize);
  CHECK(has_magic_cookie(branch));
  CHECK_FALSE(codec.read(branch).has_value());
}

TEST_CASE("branch: the magic cookie counts in any case" *
          doctest::description("RFC 3261 17.2.3; F3")) {
  CHECK(has_magic_cookie("z9hG4bK1"));
  CHECK(has_magic_cookie("Z9HG4BKx"));
  CHECK_FALSE(has_magic_cookie("z9hG4b"));
  CHECK_FALSE(has_magic_cookie("z9hG4bK"));  // RFC 4475 3.2.1: it tells no two requests apart
  CHECK_FALSE(has_magic_cookie("1z9hG4bK"));
}
