// GNU oSIP: osip_message_parse() reads the whole message into structures of its own. Its memory
// comes from an arena that begins anew with each message, through the hooks that it has for that:
// with malloc() it takes longer.

#include <osipparser2/osip_parser.h>
#include <osipparser2/osip_port.h>

#include <array>
#include <cstdlib>
#include <cstring>

#include "tests/bench/parser_messages.h"
#include "tests/support/measure.h"

namespace {

constexpr size_t kArena = 256 * 1024;
constexpr size_t kAlignment = 16;

alignas(kAlignment) std::array<char, kArena> g_arena;
size_t g_used = 0;

// In front of each piece its size, for take_again().
void* take(size_t size) {
  char* const piece = g_arena.data() + g_used;
  g_used += kAlignment + (size + kAlignment - 1) / kAlignment * kAlignment;
  if (g_used > kArena) std::abort();
  std::memcpy(piece, &size, sizeof size);
  return piece + kAlignment;
}

void* take_again(void* old, size_t size) {
  void* const piece = take(size);
  if (old == nullptr) return piece;
  size_t old_size = 0;
  std::memcpy(&old_size, static_cast<char*>(old) - kAlignment, sizeof old_size);
  std::memcpy(piece, old, std::min(old_size, size));
  return piece;
}

void give_back(void*) {}

size_t parse() {
  using tipring::bench::kInvite;
  const size_t before = g_used;
  osip_message_t* message = nullptr;
  if (osip_message_init(&message) != 0) return 0;
  const bool good = osip_message_parse(message, kInvite.data(), kInvite.size()) == 0 &&
                    message->cseq != nullptr && std::strcmp(message->cseq->number, "314159") == 0 &&
                    message->from->url != nullptr && osip_list_size(&message->contacts) == 1 &&
                    osip_list_size(&message->bodies) == 1;
  osip_message_free(message);
  g_used = before;
  if (!good) std::abort();
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace tipring;
  const unsigned rounds = test::rounds_of(argc, argv, 20000);
  osip_set_allocators(take, take_again, give_back);
  parser_init();
  std::printf("%.0f\n", test::best_nanoseconds(rounds, parse));
}
