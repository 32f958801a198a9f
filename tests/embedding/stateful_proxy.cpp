// A program that embeds Tipring: a stateful proxy with a table of its own.
//
//     stateful_proxy udp:127.0.0.1:5060,tcp:127.0.0.1:5060 anna=sip:127.0.0.1:5071 bert=sip:127.0.0.1:5072
//
// A user may have several addresses, which ring together. It ends with standard input.

#include <tipring/stack.h>
#include <unistd.h>

#include <iostream>
#include <map>
#include <sstream>
#include <thread>

namespace {

class Table : public tipring::ProxyEvents {
 public:
  virtual ~Table() = default;
  std::multimap<std::string, std::string> routes;

  void on_request(const tipring::ProxyRequest& request, tipring::ProxyTargets& targets) override {
    std::cout << request.method << " " << request.request_uri << " from " << request.source
              << std::endl;
    if (request.method == "MESSAGE") return targets.refuse(405);
    const std::string user = user_of(std::string(request.request_uri));
    const auto [first, last] = routes.equal_range(user);
    for (auto route = first; route != last; ++route) targets.add(route->second);
  }

 private:
  static std::string user_of(const std::string& uri) {
    const size_t colon = uri.find(':');
    const size_t at = uri.find('@');
    return at == std::string::npos ? "" : uri.substr(colon + 1, at - colon - 1);
  }
};

}  // namespace

int main(int count, char** words) {
  if (count < 2) return 2;
  tipring::StackOptions options;
  options.listen.clear();
  std::istringstream points(words[1]);
  for (std::string point; std::getline(points, point, ',');) options.listen.push_back(point);
  Table table;
  for (int i = 2; i < count; ++i) {
    const std::string word = words[i];
    const size_t equals = word.find('=');
    if (equals == std::string::npos) return 2;
    table.routes.emplace(word.substr(0, equals), word.substr(equals + 1));
  }

  std::string fault;
  const auto stack = tipring::Stack::create(options, fault);
  if (stack == nullptr) {
    std::cerr << fault << std::endl;
    return 3;
  }
  stack->set_proxy({}, table);
  stack->on_notify([&] { stack->stop(); });
  std::cout << "ready" << std::endl;
  // Another thread may wake the stack, and do nothing else with it.
  std::thread input([&] {
    while (std::cin.get() != EOF) {}
    stack->notify();
  });
  stack->run();
  input.join();
  const tipring::ProxyStatistics statistics = stack->proxy_statistics();
  std::cout << "forwarded " << statistics.forwarded << ", forked " << statistics.forked
            << ", calls " << statistics.calls << std::endl;
}
