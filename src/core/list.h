// Doubly linked lists whose nodes are members of the objects in them: no memory, O(1) everywhere.
#pragma once

#include <cstddef>

#include "core/assert.h"

namespace tipring {

class ListNode {
 public:
  ListNode() = default;
  ~ListNode() { unlink(); }
  ListNode(const ListNode&) = delete;
  ListNode& operator=(const ListNode&) = delete;

  bool linked() const { return next_ != nullptr; }

  void unlink() {
    if (next_ == nullptr) return;
    previous_->next_ = next_;
    next_->previous_ = previous_;
    next_ = previous_ = nullptr;
  }

 private:
  template <class T, ListNode T::*Member>
  friend class List;

  void link_before(ListNode& other) {
    TIPRING_ASSERT(!linked());
    previous_ = other.previous_;
    next_ = &other;
    previous_->next_ = this;
    other.previous_ = this;
  }

  ListNode* next_ = nullptr;
  ListNode* previous_ = nullptr;
};

// Borrows its elements; an element that is destroyed leaves the list by itself. An object may be in
// several lists by several members.
template <class T, ListNode T::*Member>
class List {
 public:
  List() { head_.next_ = head_.previous_ = &head_; }
  ~List() {
    clear();
    head_.next_ = head_.previous_ = nullptr;
  }
  List(const List&) = delete;
  List& operator=(const List&) = delete;

  bool empty() const { return head_.next_ == &head_; }
  void push_back(T& item) { (item.*Member).link_before(head_); }
  void push_front(T& item) { (item.*Member).link_before(*head_.next_); }
  T* front() const { return empty() ? nullptr : owner(head_.next_); }
  T* back() const { return empty() ? nullptr : owner(head_.previous_); }

  T* pop_front() {
    T* item = front();
    if (item != nullptr) (item->*Member).unlink();
    return item;
  }

  // The element after `item`, null at the end: for loops that unlink as they go, read it first.
  T* next(const T& item) const {
    ListNode* node = (item.*Member).next_;
    return node == &head_ ? nullptr : owner(node);
  }

  static void remove(T& item) { (item.*Member).unlink(); }

  void clear() {
    while (!empty()) head_.next_->unlink();
  }

 private:
  static T* owner(ListNode* node) {
    // The distance of the member from the start of its object, measured on storage that is never
    // read.
    alignas(T) static std::byte storage[sizeof(T)];
    const auto* object = reinterpret_cast<const T*>(storage);
    const auto distance = reinterpret_cast<const std::byte*>(&(object->*Member)) - storage;
    return reinterpret_cast<T*>(reinterpret_cast<std::byte*>(node) - distance);
  }

  ListNode head_;
};

}  // namespace tipring
