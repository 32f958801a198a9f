// libre: sip_msg_decode() finds the headers and decodes Via, From, To, CSeq and Content-Type, the
// last with the request URI; Contact is decoded by whoever asks for it. It has no pools.

#include <cstdint>
#include <cstdlib>

// clang-format off: it needs what is above
#include <re.h>
// clang-format on

#include "tests/bench/parser_messages.h"
#include "tests/support/measure.h"

namespace {

mbuf* g_bytes = nullptr;

size_t parse() {
  mbuf_set_pos(g_bytes, 0);
  sip_msg* message = nullptr;
  if (sip_msg_decode(&message, g_bytes) != 0) std::abort();
  const sip_hdr* const contact = sip_msg_hdr(message, SIP_HDR_CONTACT);
  sip_addr address;
  const bool good = contact != nullptr && sip_addr_decode(&address, &contact->val) == 0 &&
                    message->cseq.num == 314159 && pl_isset(&message->via.branch) &&
                    pl_isset(&message->from.tag) && pl_isset(&message->ctyp.type) &&
                    pl_isset(&message->uri.host) && pl_isset(&address.uri.host) &&
                    sip_msg_hdr_has_value(message, SIP_HDR_ALLOW, "NOTIFY") &&
                    sip_msg_hdr_has_value(message, SIP_HDR_SUPPORTED, "timer");
  if (!good) std::abort();
  mem_deref(message);
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace tipring;
  const unsigned rounds = test::rounds_of(argc, argv, 20000);
  g_bytes = mbuf_alloc(bench::kInvite.size());
  mbuf_write_mem(g_bytes, reinterpret_cast<const uint8_t*>(bench::kInvite.data()),
                 bench::kInvite.size());
  std::printf("%.0f\n", test::best_nanoseconds(rounds, parse));
}
