#include "core/list.h"

#include <doctest/doctest.h>

#include <deque>
#include <memory>
#include <random>
#include <vector>

using namespace tipring;

namespace {

struct Item {
  int value = 0;
  ListNode node;
  ListNode other;
};

using ItemList = List<Item, &Item::node>;

std::vector<int> values(const ItemList& list) {
  std::vector<int> found;
  for (const Item* item = list.front(); item != nullptr; item = list.next(*item)) {
    found.push_back(item->value);
  }
  return found;
}

}  // namespace

TEST_CASE("list: keeps the order of both ends") {
  ItemList list;
  Item a{1, {}, {}}, b{2, {}, {}}, c{3, {}, {}};
  CHECK(list.empty());
  CHECK(list.front() == nullptr);
  CHECK(list.pop_front() == nullptr);
  list.push_back(b);
  list.push_back(c);
  list.push_front(a);
  CHECK(values(list) == std::vector<int>{1, 2, 3});
  CHECK(list.back() == &c);
  CHECK(list.pop_front() == &a);
  CHECK_FALSE(a.node.linked());
  CHECK(values(list) == std::vector<int>{2, 3});
}

TEST_CASE("list: an element that is destroyed leaves by itself") {
  ItemList list;
  Item stays{1, {}, {}};
  list.push_back(stays);
  {
    Item goes{2, {}, {}};
    list.push_back(goes);
    CHECK(values(list) == std::vector<int>{1, 2});
  }
  CHECK(values(list) == std::vector<int>{1});
}

TEST_CASE("list: its end lets go of the elements, which may then enter another") {
  Item item{1, {}, {}};
  {
    ItemList list;
    list.push_back(item);
  }
  CHECK_FALSE(item.node.linked());
  ItemList second;
  second.push_back(item);
  CHECK(second.front() == &item);
}

TEST_CASE("list: one object is in two lists by two members") {
  ItemList first;
  List<Item, &Item::other> second;
  Item item{1, {}, {}};
  first.push_back(item);
  second.push_back(item);
  ItemList::remove(item);
  CHECK(first.empty());
  CHECK(second.front() == &item);
}

TEST_CASE("list: agrees with a deque over random changes") {
  std::mt19937 random(11);
  std::vector<std::unique_ptr<Item>> items;
  for (int i = 0; i < 20; ++i) items.push_back(std::unique_ptr<Item>(new Item{i, {}, {}}));
  ItemList list;
  std::deque<int> model;
  for (int step = 0; step < 5000; ++step) {
    Item& item = *items[random() % items.size()];
    if (item.node.linked()) {
      ItemList::remove(item);
      std::erase(model, item.value);
    } else if (random() % 2 == 0) {
      list.push_back(item);
      model.push_back(item.value);
    } else {
      list.push_front(item);
      model.push_front(item.value);
    }
    REQUIRE(values(list) == std::vector<int>(model.begin(), model.end()));
  }
}
