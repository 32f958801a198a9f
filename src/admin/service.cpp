#include "admin/service.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace tipring::admin {

namespace {

// Of every answer. The page loads nothing from elsewhere, runs no script but its own files, stands in
// no frame, and tells other sites nothing.
constexpr std::pair<const char*, const char*> kHeaders[] = {
    {"Content-Security-Policy",
     "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src "
     "'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; "
     "frame-ancestors 'none'"},
    {"X-Content-Type-Options", "nosniff"},
    {"X-Frame-Options", "DENY"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
};

}  // namespace

Service::Service(Arena& arena, port::Loop& loop, store::Store& store, auth::Blocks& blocks,
                 const PoolRegistry& pools, StatusSource& status, const ServiceOptions& options)
    : socket_(options.socket),
      listen_(options.listen),
      limits_(options.limits),
      channel_(arena),
      notices_(arena),
      log_(options.log),
      exchange_(store, blocks, loop, status, options.revision_key),
      groups_(store, loop, options.revision_key),
      endpoint_(channel_, exchange_, pools),
      figures_(arena.take<Figures>(1).front()),
      metrics_(figures_),
      wakeup_(loop.make_wakeup(*this)),
      errands_(store.errands()) {
  if (wakeup_ != nullptr) {
    api_ = std::make_unique<Api>(channel_, *wakeup_, options.realm, options.default_domain);
    api_->set_errands(errands_);
    api_->set_limits(options.limits);
    api_->set_clock(options.clock);
    api_->set_notices(&notices_);
    if (options.figures != nullptr) api_->set_metrics(&metrics_);
  }
  if (api_ != nullptr && options.entropy != nullptr && options.clock != nullptr) {
    access_ = std::make_unique<Access>(
        AccessParts{*options.clock, *options.entropy, errands_, notices_, *wakeup_});
    api_->set_access(*access_);
  }
  exchange_.set_endpoint(endpoint_);
  groups_.set_endpoint(endpoint_);
  endpoint_.set_groups(&groups_);
  exchange_.set_untimed_calls(options.untimed_calls);
  exchange_.set_sign_ins(options.sign_ins);
  exchange_.set_calls(options.calls);
  endpoint_.set_trace(options.trace);
  if (options.figures != nullptr) endpoint_.set_figures(*options.figures, figures_);
  endpoint_.set_control(options.control);
  if (api_ != nullptr) api_->set_config(options.config);
  if (api_ != nullptr) api_->set_log(options.log_tail);
}

Service::~Service() {
  endpoint_.set_server(nullptr);
  errands_.set_notify(nullptr);
}

void Service::set_identity(std::shared_ptr<port::TlsIdentity> identity, bool is_own) {
  if (api_ != nullptr && identity != nullptr)
    api_->set_certificate(port::tls_facts(*identity), is_own);
  if (server_ != nullptr) return server_->set_identity(std::move(identity));
  identity_ = std::move(identity);
}

std::string Service::start() {
  if (api_ == nullptr) return "the system gives no descriptor for the administration thread";
  port::HttpOptions options;
  options.unix_path = socket_;
  options.listen = listen_;
  options.identity = identity_;
  options.headers.assign(std::begin(kHeaders), std::end(kHeaders));
  // A backup of all users that there is room for: restored by the socket where it is a large one.
  constexpr size_t kBytesOfUser = 1024;
  const size_t backup_bytes = size_t{limits_.users} * kBytesOfUser;
  if (backup_bytes > options.local_body_bytes_max) {
    options.heap_bytes += 4 * (backup_bytes - options.local_body_bytes_max);
    options.local_body_bytes_max = backup_bytes;
  }
  options.encrypted_headers = {{"Strict-Transport-Security", "max-age=31536000"}};
  int error = 0;
  server_ = port::start_http_server(options, *api_, error);
  if (server_ == nullptr) {
    const std::string_view advice =
        error == EADDRINUSE ? ": another server uses it; end that one, or set admin.socket"
                            : "; set admin.socket to a file in a folder that may be written";
    return "admin.socket: cannot open " + socket_ + " (" + std::strerror(error) + ")" +
           std::string(advice);
  }
  endpoint_.set_server(server_.get());
  errands_.set_notify(&poll_soon_);
  server_->notify();  // the first errand may have been done before
  api_->attach(*server_);
  for (size_t i = 0; i < listen_.size(); ++i) {
    const int reason = server_->listen_error(i);
    std::array<char, port::kAddressTextMax> text;
    if (reason != 0 && log_ != nullptr)
      log_page_closed(*log_, port::write_address(listen_[i].address, text), std::strerror(reason));
  }
  return "";
}

// The telephones do without the page.
void Service::add_facts(Page& page) const {
  constexpr std::string_view kNotOpen = "not open at ";
  std::array<char, kNotOpen.size() + port::kAddressTextMax> text;
  std::string_view state = listen_.empty() ? "off" : "ok";
  for (size_t i = 0; i < listen_.size() && server_ != nullptr; ++i) {
    if (server_->listen_error(i) == 0) continue;
    const auto end = std::copy(kNotOpen.begin(), kNotOpen.end(), text.begin());
    const std::string_view address = port::write_address(listen_[i].address, {end, text.end()});
    state = {text.data(), kNotOpen.size() + address.size()};
    break;
  }
  if (page.has_room()) page.add(FactRow{"page", state, 0});
}

void Service::on_wakeup() {
  if (log_ != nullptr) notices_.write(*log_);
  // The rest waits for the next turn, after the phones.
  if (endpoint_.serve(kCommandsPerTurn)) wakeup_->notify();
}

}  // namespace tipring::admin
