// A proxy on 10.0.0.1 and phones with sockets of their own around it, in a simulated network. The
// tests read and write what is on the wire.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "server/proxy/proxy.h"
#include "sim/node.h"

namespace tipring::proxy {

// What a phone has received.
struct Message {
  std::string text;

  std::string first_line() const { return text.substr(0, text.find("\r\n")); }
  // The values of all lines of this name, each as it stands.
  std::vector<std::string> lines(std::string_view name) const;
  std::string line(std::string_view name) const;  // the first one; empty without any
};

class Exchange final : public sim::Node,
                       public transaction::RequestHandler,
                       public service::OwnNames,
                       public service::AccessControl,
                       public Location {
 public:
  Exchange(port::SimWorld& world, const Limits& limits);

  // As if the user had registered.
  void bind(const std::string& user, const std::string& contact, std::optional<Flow> flow = {},
            const std::string& path = "") {
    bindings_[user] = {{contact, flow, path, 1000}};
  }
  // One that is on the server's own host.
  void bind_on_host(const std::string& user, const std::string& contact) {
    bindings_[user] = {{contact, {}, {}, 1000, true}};
  }
  // One more phone of the user, tried after the others.
  void bind_also(const std::string& user, const std::string& contact,
                 std::optional<Flow> flow = {}) {
    std::vector<Binding>& all = bindings_[user];
    all.push_back({contact, flow, {}, static_cast<uint16_t>(900 - 10 * all.size())});
  }
  void bind_with_q(const std::string& user, const std::string& contact, uint16_t q) {
    bindings_[user].push_back({contact, {}, {}, q});
  }
  // One that has registered with features (RFC 3840).
  void bind_with_features(const std::string& user, const std::string& contact,
                          const std::string& params) {
    bindings_[user].push_back({contact, {}, {}, 1000, false, params});
  }
  // As if every standing call had had its BYE.
  void forget_calls() {
    calls.for_each([this](dialog::Dialog& dialog) { calls.end(dialog); });
  }
  void unbind(const std::string& user) { bindings_.erase(user); }
  const Flow& last_flow() const { return last_flow_; }  // that a request came over

 private:
  struct Binding {
    std::string contact;
    std::optional<Flow> flow;
    std::string path;
    uint16_t q = 1000;
    bool on_host = false;
    std::string params = {};
  };

  void on_request(const service::Incoming& request) override;
  bool is_own(std::string_view name, uint16_t port) const override;
  service::Access judge(const service::Incoming& request,
                        const service::RouteFacts& route) override;
  bool may_follow(const sip::MessageView&, const sip::Uri&) override { return follows_abroad; }
  bool is_local(const sip::Uri& uri) const override { return is_own(uri.host, uri.port); }
  void find_targets(const sip::Uri& uri, TargetList& targets, uint16_t& status) override;

  service::Overload overload_;
  service::Environment environment_;
  std::map<std::string, std::vector<Binding>> bindings_;
  Flow last_flow_;

 public:
  dialog::Calls calls;
  Proxy proxy;
  std::vector<bool> judged_in_dialog;
  bool follows_abroad = false;  // what the policy says of redirections
};

// A phone on UDP.
class Phone final : public port::DatagramHandler {
 public:
  Phone(port::SimWorld& world, std::string_view address, uint16_t port = 5060);

  void send(const std::string& text);
  // The next message that has not been taken yet; waits for it in virtual time.
  Message take(Millis within = Millis(1000));
  bool got_nothing(Millis within = Millis(200));

 private:
  void on_readable(port::DatagramSocket& socket) override;
  void on_unreachable(port::DatagramSocket&, const port::SocketAddress&, int) override {}

  port::SimWorld& world_;
  std::unique_ptr<port::DatagramSocket> socket_;
  std::vector<Message> received_;
  size_t taken_ = 0;
};

// A phone that listens on TCP. Takes messages that came over any connection, and answers on the
// last one.
class StreamListener final : public port::StreamHandler, private port::ListenerHandler {
 public:
  StreamListener(port::SimWorld& world, std::string_view address, uint16_t port = 5060);

  void send(const std::string& text);
  Message take();
  bool got_nothing(Millis within = Millis(200));

 private:
  void on_accept(port::Listener&, port::Stream& stream) override;
  void on_accept_refused(port::Listener&, int) override {}
  void on_connected(port::Stream&) override {}
  void on_readable(port::Stream& stream) override;
  void on_writable(port::Stream&) override {}
  void on_connect_failed(port::Stream&, int) override {}
  size_t first_size() const;  // of the first whole message; 0 for none

  port::SimWorld& world_;
  std::unique_ptr<port::Listener> listener_;
  port::Stream* stream_ = nullptr;
  std::string received_;
};

// A phone's connection to the proxy.
class StreamPhone final : public port::StreamHandler {
 public:
  StreamPhone(port::SimWorld& world, std::string_view address);

  void send(const std::string& text);
  Message take();  // as that of Phone; of messages without a body
  void close();

 private:
  void on_connected(port::Stream&) override { is_up_ = true; }
  void on_readable(port::Stream& stream) override;
  void on_writable(port::Stream&) override {}
  void on_connect_failed(port::Stream&, int) override {}

  port::SimWorld& world_;
  port::Stream* stream_ = nullptr;
  bool is_up_ = false;
  std::string received_;
};

}  // namespace tipring::proxy
