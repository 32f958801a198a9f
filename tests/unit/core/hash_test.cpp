#include "core/hash.h"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/hash_table.h"
#include "core/pool.h"
#include "test_arena.h"

using namespace tipring;

namespace {

constexpr HashKey kReferenceKey = {0x0706050403020100U, 0x0f0e0d0c0b0a0908U};

std::string counting(size_t size) {
  std::string text;
  for (size_t i = 0; i < size; ++i) text.push_back(static_cast<char>(i));
  return text;
}

struct Entry {
  explicit Entry(std::string k) : key(std::move(k)) {}
  std::string key;
  HashNode node;
};

}  // namespace

TEST_CASE("siphash: the reference vectors of the 64-bit hash") {
  CHECK(siphash64(kReferenceKey, counting(0)) == 0x726fdb47dd0e0e31U);
  CHECK(siphash64(kReferenceKey, counting(1)) == 0x74f839c593dc67fdU);
  CHECK(siphash64(kReferenceKey, counting(7)) == 0xab0200f58b01d137U);
  CHECK(siphash64(kReferenceKey, counting(8)) == 0x93f5f5799a932462U);
  CHECK(siphash64(kReferenceKey, counting(15)) == 0xa129ca6149be45e5U);
}

TEST_CASE("siphash: the reference vectors of the 128-bit hash") {
  CHECK(siphash128(kReferenceKey, counting(0)) == Hash128{0xe6a825ba047f81a3U, 0x930255c71472f66dU});
  CHECK(siphash128(kReferenceKey, counting(1)) == Hash128{0x44af996bd8c187daU, 0x45fc229b11597634U});
}

TEST_CASE("siphash: pieces give the hash of the whole, and case can be folded") {
  SipHasher128 pieces(kReferenceKey);
  pieces.add("SIP/2.0 2");
  pieces.add("");
  pieces.add("00 OK");
  CHECK(pieces.finish() == siphash128(kReferenceKey, "SIP/2.0 200 OK"));
  SipHasher64 folded(kReferenceKey);
  folded.add_lower("Example.COM");
  CHECK(folded.finish() == siphash64(kReferenceKey, "example.com"));
}

TEST_CASE("hash table: agrees with a model over random inserts and erases") {
  TestArena arena;
  Pool<Entry> pool("entries", arena, 300);
  HashTable<Entry, &Entry::node> table(arena, 300);
  std::unordered_map<std::string, Entry*> model;
  std::mt19937 random(7);
  const auto find = [&](const std::string& key) {
    return table.find(siphash64(kReferenceKey, key), [&](const Entry& entry) { return entry.key == key; });
  };
  for (int step = 0; step < 20000; ++step) {
    const std::string key = "key" + std::to_string(random() % 400);
    const auto known = model.find(key);
    REQUIRE(find(key) == (known == model.end() ? nullptr : known->second));
    if (known != model.end()) {
      table.erase(*known->second);
      table.erase(*known->second);  // a second time does nothing
      pool.release(*known->second);
      model.erase(known);
    } else if (Entry* entry = pool.acquire(key)) {
      table.insert(siphash64(kReferenceKey, key), *entry);
      model[key] = entry;
    }
    REQUIRE(table.size() == model.size());
  }
  for (const auto& [key, entry] : model) table.erase(*entry);
}

TEST_CASE("hash table: elements whose hashes collide are told apart") {
  TestArena arena;
  HashTable<Entry, &Entry::node> table(arena, 4);
  Entry a("a"), b("b");
  table.insert(5, a);
  table.insert(5, b);
  CHECK(table.find(5, [](const Entry& entry) { return entry.key == "a"; }) == &a);
  CHECK(table.find(5, [](const Entry& entry) { return entry.key == "c"; }) == nullptr);
  table.erase(a);
  CHECK(table.find(5, [](const Entry& entry) { return entry.key == "a"; }) == nullptr);
  CHECK(table.find(5, [](const Entry& entry) { return entry.key == "b"; }) == &b);
  table.erase(b);
}
