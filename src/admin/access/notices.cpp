#include "admin/access/notices.h"

namespace tipring::admin {

void Notices::post(port::Wakeup& loop, Notice::Kind kind, std::string_view name,
                   std::string_view source) {
  Notice notice;
  notice.kind = kind;
  notice.name = FixedText<64>(name.substr(0, 64));
  notice.source = FixedText<64>(source.substr(0, 64));
  if (ring_.push(notice)) loop.notify();
}

void log_page_closed(Log& log, std::string_view address, std::string_view reason) {
  log.error("page_not_open", kv("address", address), kv("reason", reason),
            kv("help",
               "end what uses it, or set admin.listen to another address and port and restart; "
               "it is tried again every 10 s, and by SIGHUP"));
}

void Notices::write(Log& log) {
  while (const Notice* const notice = ring_.front()) {
    const auto name = notice->name.view();
    const auto source = notice->source.view();
    switch (notice->kind) {
      case Notice::Kind::SetupCode:
        log.info("admin_setup_code", kv("code", name),
                 kv("advice", "open the page and set the first password with it"));
        break;
      case Notice::Kind::SetUp:
        log.info("admin_set_up", kv("account", name), kv("source", source));
        break;
      case Notice::Kind::SignedIn:
        log.info("admin_signed_in", kv("account", name), kv("source", source));
        break;
      case Notice::Kind::SignInRefused:
        log.warning("admin_sign_in_refused", kv("account", name), kv("source", source));
        break;
      case Notice::Kind::TokenRefused:
        log.warning("admin_token_refused", kv("source", source));
        break;
      case Notice::Kind::PageOpened: log.info("page_open", kv("address", name)); break;
      case Notice::Kind::PageClosed: log_page_closed(log, name, source); break;
    }
    ring_.pop();
  }
}

}  // namespace tipring::admin
