#include "core/hash.h"

#include <doctest/doctest.h>

#include <memory>
#include <random>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/hash_table.h"
#include "core/pool.h"
#include "core/text.h"
#include "siphash_vectors.h"
#include "support/guard_page.h"
#include "test_arena.h"

using namespace tipring;
using tipring::test::GuardedText;

namespace {

constexpr HashKey kReferenceKey = {0x0706050403020100U, 0x0f0e0d0c0b0a0908U};

std::string counting(size_t size) {
  std::string text;
  for (size_t i = 0; i < size; ++i) text.push_back(static_cast<char>(i));
  return text;
}

using CodeHasher = SipHasher<2, 4>;

Hash128 siphash128(const HashKey& key, std::string_view bytes) {
  CodeHasher hasher(key, CodeHasher::Width::Bits128);
  hasher.add(bytes);
  return hasher.finish128();
}

struct Entry {
  explicit Entry(std::string k) : key(std::move(k)) {}
  std::string key;
  HashNode node;
};

}  // namespace

TEST_CASE("siphash: the reference messages of all sizes up to 63 bytes, 64 and 128 bits wide") {
  for (size_t size = 0; size < 64; ++size) {
    CAPTURE(size);
    CHECK(siphash64(kReferenceKey, counting(size)) == kSipHash64Vectors[size]);
    CHECK(siphash128(kReferenceKey, counting(size)) == kSipHash128Vectors[size]);
  }
}

TEST_CASE("siphash: the reference messages with the fewer rounds of tables") {
  for (size_t size = 0; size < 64; ++size) {
    CAPTURE(size);
    CHECK(table_hash64(kReferenceKey, counting(size)) == kSipHash13Vectors64[size]);
    TableHasher128 wide(kReferenceKey);
    wide.add(counting(size));
    CHECK(wide.finish() == kSipHash13Vectors128[size]);
  }
}

TEST_CASE("siphash: any split into pieces gives the hash of the whole") {
  const std::string whole = counting(40);
  for (size_t first = 0; first <= whole.size(); ++first) {
    for (size_t second = first; second <= whole.size(); ++second) {
      CodeHasher hasher(kReferenceKey, CodeHasher::Width::Bits128);
      hasher.add(std::string_view(whole).substr(0, first));
      hasher.add(std::string_view(whole).substr(first, second - first));
      hasher.add(std::string_view(whole).substr(second));
      REQUIRE(hasher.finish128() == kSipHash128Vectors[40]);
    }
  }
}

TEST_CASE("siphash: a number is its eight bytes, least significant first") {
  SipHasher64 hasher(kReferenceKey);
  hasher.add_u64(0x0706050403020100U);
  CHECK(hasher.finish() == kSipHash64Vectors[8]);
}

TEST_CASE("siphash: a text with its size is the size and the text, wherever they begin") {
  for (size_t before = 0; before < 9; ++before) {
    for (size_t size = 0; size < 30; ++size) {
      CAPTURE(before);
      CAPTURE(size);
      SipHasher64 together(kReferenceKey);
      together.add(counting(before));
      together.add_sized(counting(size));
      together.add("end");
      SipHasher64 apart(kReferenceKey);
      apart.add(counting(before));
      apart.add_u64(size);
      apart.add(counting(size));
      apart.add("end");
      CHECK(together.finish() == apart.finish());
    }
  }
}

TEST_CASE("siphash: pieces of any size behind one another give the hash of the whole, folded too") {
  std::mt19937 random(8);
  for (size_t first = 0; first <= 64; ++first) {
    for (size_t second = 0; second <= 64; second += 1 + random() % 3) {
      CAPTURE(first);
      CAPTURE(second);
      std::string whole;
      std::string lower;
      while (whole.size() < first + second) {
        whole += static_cast<char>(random());
        lower += to_lower(whole.back());
      }
      const GuardedText left(whole.substr(0, first));
      const GuardedText right(whole.substr(first));
      CodeHasher plain(kReferenceKey, CodeHasher::Width::Bits128);
      plain.add(left.view());
      plain.add(right.view());
      REQUIRE(plain.finish128() == siphash128(kReferenceKey, whole));
      CodeHasher folded(kReferenceKey, CodeHasher::Width::Bits128);
      folded.add_lower(left.view());
      folded.add_lower(right.view());
      REQUIRE(folded.finish128() == siphash128(kReferenceKey, lower));
    }
  }
}

TEST_CASE("siphash: another key gives another hash") {
  CHECK(siphash64({1, 2}, "abc") != siphash64({1, 3}, "abc"));
}

TEST_CASE("siphash: pieces give the hash of the whole, and case can be folded") {
  CodeHasher pieces(kReferenceKey, CodeHasher::Width::Bits128);
  pieces.add("SIP/2.0 2");
  pieces.add("");
  pieces.add("00 OK");
  CHECK(pieces.finish128() == siphash128(kReferenceKey, "SIP/2.0 200 OK"));
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
    return table.find(siphash64(kReferenceKey, key),
                      [&](const Entry& entry) { return entry.key == key; });
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

TEST_CASE("hash table: a walk meets every element once, and may erase as it goes") {
  TestArena arena;
  HashTable<Entry, &Entry::node> table(arena, 8);
  std::vector<std::unique_ptr<Entry>> entries;
  for (int i = 0; i < 30; ++i) {
    entries.push_back(std::make_unique<Entry>(std::to_string(i)));
    table.insert(siphash64(kReferenceKey, entries.back()->key), *entries.back());
  }
  std::set<std::string> seen;
  table.for_each([&](Entry& entry) {
    CHECK(seen.insert(entry.key).second);
    if (seen.size() % 2 == 0) table.erase(entry);
  });
  CHECK(seen.size() == 30);
  CHECK(table.size() == 15);
  table.clear();
  CHECK(table.size() == 0);
  for (const auto& entry : entries) CHECK_FALSE(entry->node.linked());
}

TEST_CASE("hash table: one that ends before its pool lets go of what still lives") {
  TestArena arena;
  Pool<Entry> pool("entries", arena, 2);
  HashTable<Entry, &Entry::node> table(arena, 2);
  table.insert(1, *pool.acquire("left over"));
  CHECK(table.size() == 1);
}
