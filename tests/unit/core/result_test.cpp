#include "core/result.h"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>
#include <set>
#include <string>
#include <type_traits>

#include "core/handle.h"

using namespace tipring;

namespace {

Result<int> half(int value) {
  if (value % 2 != 0) return Error::Invalid;
  return value / 2;
}

Result<void> check(bool good) {
  if (!good) return Error::Busy;
  return {};
}

enum class Fault : uint8_t { Syntax };

struct Outcome {
  int status = 0;
  std::string text;  // what went to standard error
};

// Runs `action` in a process of its own.
template <class Action>
Outcome run_apart(Action action) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    dup2(ends[1], STDERR_FILENO);
    signal(SIGABRT, SIG_DFL);
    action();
    _exit(0);
  }
  close(ends[1]);
  Outcome outcome;
  char bytes[256];
  for (ssize_t size; (size = read(ends[0], bytes, sizeof(bytes))) > 0;) {
    outcome.text.append(bytes, static_cast<size_t>(size));
  }
  close(ends[0]);
  waitpid(child, &outcome.status, 0);
  return outcome;
}

}  // namespace

TEST_CASE("result: holds the value or the error") {
  CHECK(half(8).has_value());
  CHECK(*half(8) == 4);
  CHECK(half(8).value_or(9) == 4);
  CHECK_FALSE(half(7));
  CHECK(half(7).error() == Error::Invalid);
  CHECK(half(7).value_or(9) == 9);
  CHECK(check(true));
  CHECK(check(false).error() == Error::Busy);
}

TEST_CASE("result: carries what can only be moved, and errors of other types") {
  Result<std::unique_ptr<int>> owned = std::make_unique<int>(5);
  REQUIRE(owned);
  const std::unique_ptr<int> taken = *std::move(owned);
  CHECK(*taken == 5);
  const Result<std::string, Fault> text = std::string("abc");
  CHECK(text->size() == 3);
  CHECK(Result<int, Fault>(Fault::Syntax).error() == Fault::Syntax);
}

TEST_CASE("result: costs no destructor when its value has none") {
  CHECK(std::is_trivially_destructible_v<Result<int>>);
  CHECK(std::is_trivially_destructible_v<Result<void>>);
  CHECK(std::is_trivially_copyable_v<Result<uint64_t>>);
}

TEST_CASE("result: every error has a text of its own") {
  std::set<std::string_view> texts;
  int count = 0;
  for (; to_text(static_cast<Error>(count)) != "unknown"; ++count) {
    texts.insert(to_text(static_cast<Error>(count)));
  }
  CHECK(count >= 14);
  CHECK(texts.size() == static_cast<size_t>(count));
}

TEST_CASE("result: asking a failure for its value ends the process") {
  const Outcome outcome = run_apart([] { (void)*half(7); });
  REQUIRE(WIFSIGNALED(outcome.status));
  CHECK(WTERMSIG(outcome.status) == SIGABRT);
}

TEST_CASE("assert: says what and where in one line, and ends the process in every build") {
  const Outcome failed = run_apart([] { TIPRING_ASSERT(1 + 1 == 3); });
  REQUIRE(WIFSIGNALED(failed.status));
  CHECK(WTERMSIG(failed.status) == SIGABRT);
  CHECK(failed.text.find("1 + 1 == 3") != std::string::npos);
  CHECK(failed.text.find("result_test.cpp:") != std::string::npos);
  CHECK(failed.text.find('\n') == failed.text.size() - 1);
  const Outcome held = run_apart([] { TIPRING_ASSERT(1 + 1 == 2); });
  CHECK(WIFEXITED(held.status));
  CHECK(held.text.empty());
}

TEST_CASE("handle: null by default, and one number on the wire") {
  struct Thing;
  CHECK_FALSE(Handle<Thing>{});
  constexpr Handle<Thing> handle{7, 0x80000001};
  static_assert(Handle<Thing>::from_u64(handle.to_u64()) == handle);
  CHECK(handle.to_u64() == 0x8000000100000007U);
  CHECK(static_cast<bool>(handle));
}
