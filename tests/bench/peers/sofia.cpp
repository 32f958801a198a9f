// Sofia-SIP: the way of a message through its transport and its transaction engine, which is also
// where its fields are parsed: msg_make() copies the bytes in one piece, extracts the header and
// parses each field. The memory of a message is one home of its own; the library has no way to use
// it again.

#include <sofia-sip/msg.h>
#include <sofia-sip/sip.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_util.h>

#include <cstdlib>
#include <cstring>

#include "tests/bench/parser_messages.h"
#include "tests/support/measure.h"

namespace {

size_t parse() {
  using tipring::bench::kInvite;
  static const msg_mclass_t* const kClass = sip_default_mclass();
  msg_t* const message = msg_make(kClass, 0, kInvite.data(), static_cast<ssize_t>(kInvite.size()));
  const sip_t* const sip = sip_object(message);
  const bool good = sip != nullptr && sip_sanity_check(sip) == 0 &&
                    sip->sip_cseq->cs_seq == 314159 && sip->sip_contact != nullptr &&
                    sip->sip_contact->m_url->url_host != nullptr && sip->sip_allow != nullptr &&
                    sip->sip_supported != nullptr && sip->sip_user_agent != nullptr &&
                    sip->sip_content_type != nullptr && sip->sip_payload != nullptr &&
                    sip->sip_payload->pl_len == 238;
  if (!good) std::abort();
  msg_destroy(message);
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace tipring;
  const unsigned rounds = test::rounds_of(argc, argv, 20000);
  std::printf("%.0f\n", test::best_nanoseconds(rounds, parse));
}
