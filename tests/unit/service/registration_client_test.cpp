#include "service/registration_client.h"

#include <doctest/doctest.h>

#include <deque>
#include <string>
#include <vector>

#include "auth/digest.h"
#include "sim/node.h"
#include "sip/headers.h"
#include "support/service_bench.h"

using namespace tipring;
using namespace tipring::service;
using sip::HeaderId;

namespace {

// Answers each REGISTER with the next thing it was told to say; silent when nothing is left.
class Registrar final : public sim::Node, private transaction::RequestHandler {
 public:
  explicit Registrar(port::SimWorld& world, const char* address = "10.0.0.2",
                     Millis idle_timeout = Millis(3'600'000))
      : Node(world, address, address, kTinyLimits) {
    transactions.set_request_handler(*this);
    REQUIRE(start(idle_timeout));
  }
  struct Answer {
    uint16_t status;
    std::string lines;
  };
  std::deque<Answer> answers;
  std::vector<std::string> requests;

  std::string line(size_t request, std::string_view name) const {
    const std::string& text = requests.at(request);
    const size_t at = text.find("\r\n" + std::string(name) + ": ");
    if (at == std::string::npos) return "";
    const size_t begin = at + 2 + name.size() + 2;
    return text.substr(begin, text.find("\r\n", begin) - begin);
  }

 private:
  void on_request(const transport::Incoming& request) override {
    requests.emplace_back(request.message.text());
    if (answers.empty()) return;
    sip::ResponseParts parts;
    parts.headers = answers.front().lines;
    transactions.reply_stateless(request, answers.front().status, parts);
    answers.pop_front();
  }
};

class Bench : public sim::ServiceBench, public RegistrationObserver {
 public:
  explicit Bench(port::SimWorld& world)
      : ServiceBench(world), client(environment, host.entropy(), *this) {
    REQUIRE(start());
    options.registrar = "sip:10.0.0.2";
    options.address = "<sip:anna@example.com>";
    options.contact_user = "anna";
    options.credentials = credentials;
  }
  void begin() {
    client.start(options);
    driver.on_turn_end(host.loop().now());
    transport.flush(host.loop().now());
  }
  void end() {
    client.stop();
    driver.on_turn_end(host.loop().now());
    transport.flush(host.loop().now());
  }

  void on_registered(uint32_t expires_s) override {
    events.push_back("registered " + std::to_string(expires_s));
  }
  void on_registration_failed(uint16_t status, std::string_view, Millis retry_in) override {
    events.push_back("failed " + std::to_string(status));
    last_wait = retry_in;
  }
  void on_unregistered() override { events.push_back("unregistered"); }

  Credential credentials[1] = {{"", "anna", "secret"}};
  RegistrationOptions options;
  std::vector<std::string> events;
  Millis last_wait{0};
  RegistrationClient client;
};

struct Scene {
  port::SimWorld world{11};
  Registrar registrar{world};
  Bench phone{world};
  using Texts = std::vector<std::string>;
};

const std::string kContact = "Contact: <sip:anna@10.0.0.1:5060>;expires=";

}  // namespace

TEST_CASE("registration: a REGISTER as it is on the wire" *
          doctest::description("RFC 3261 10.2; F16")) {
  Scene scene;
  scene.registrar.answers = {{200, kContact + "600\r\n"}};
  scene.phone.begin();
  scene.world.run_for(Millis(1000));
  REQUIRE(scene.registrar.requests.size() == 1);
  CHECK(scene.registrar.requests[0].starts_with("REGISTER sip:10.0.0.2 SIP/2.0\r\n"));
  CHECK(scene.registrar.line(0, "To") == "<sip:anna@example.com>");
  CHECK(scene.registrar.line(0, "From").starts_with("<sip:anna@example.com>;tag="));
  CHECK(scene.registrar.line(0, "Contact") == "<sip:anna@10.0.0.1:5060>");
  CHECK(scene.registrar.line(0, "Expires") == "3600");
  CHECK(scene.registrar.line(0, "CSeq") == "1 REGISTER");
  CHECK(scene.phone.events == Scene::Texts{"registered 600"});
}

TEST_CASE("registration: refreshed in time, in the same series, by what was granted" *
          doctest::description("RFC 3261 10.2.4")) {
  Scene scene;
  scene.registrar.answers = {{200, kContact + "100\r\n"}, {200, "Expires: 200\r\n"}};
  scene.phone.begin();
  scene.world.run_for(Millis(74'000));
  CHECK(scene.registrar.requests.size() == 1);
  scene.world.run_for(Millis(12'000));
  REQUIRE(scene.registrar.requests.size() == 2);
  CHECK(scene.registrar.line(1, "CSeq") == "2 REGISTER");
  CHECK(scene.registrar.line(1, "Call-ID") == scene.registrar.line(0, "Call-ID"));
  CHECK(scene.phone.events == Scene::Texts{"registered 100", "registered 200"});
}

TEST_CASE("registration: another phone's contact says nothing of ours") {
  Scene scene;
  scene.registrar.answers = {
      {200, "Contact: <sip:anna@10.9.9.9:5060>;expires=7\r\n" + kContact + "70\r\n"}};
  scene.phone.begin();
  scene.world.run_for(Millis(1000));
  CHECK(scene.phone.events == Scene::Texts{"registered 70"});
}

TEST_CASE("registration: a challenge is answered, and the answer kept for the refresh" *
          doctest::description("RFC 3261 22.2, 22.3; F57")) {
  for (const uint16_t status : {uint16_t{401}, uint16_t{407}}) {
    const bool server = status == 401;
    CAPTURE(status);
    Scene scene;
    scene.registrar.answers = {
        {status, std::string(server ? "WWW" : "Proxy") +
                     "-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\"\r\n"},
        {200, kContact + "100\r\n"},
        {200, kContact + "100\r\n"}};
    scene.phone.begin();
    scene.world.run_for(Millis(90'000));
    REQUIRE(scene.registrar.requests.size() == 3);
    const std::string name = server ? "Authorization" : "Proxy-Authorization";
    CHECK(scene.registrar.line(0, name).empty());
    CHECK(scene.registrar.line(1, name).find("username=\"anna\"") != std::string::npos);
    CHECK(scene.registrar.line(1, "CSeq") == "2 REGISTER");
    CHECK(scene.registrar.line(2, name).find("nc=00000002") != std::string::npos);
    CHECK(scene.registrar.requests[1].find("secret") == std::string::npos);
  }
}

TEST_CASE("registration: a wrong password ends it until it is begun anew") {
  Scene scene;
  const Registrar::Answer challenge = {
      401, "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\"\r\n"};
  scene.registrar.answers = {challenge, challenge};
  scene.phone.begin();
  scene.world.run_for(Millis(3'600'000));
  CHECK(scene.registrar.requests.size() == 2);
  CHECK(scene.phone.events == Scene::Texts{"failed 401"});
  CHECK(scene.phone.last_wait == kNever);
  scene.registrar.answers = {{200, kContact + "100\r\n"}};
  scene.phone.begin();
  scene.world.run_for(Millis(1000));
  CHECK(scene.phone.events.back() == "registered 100");
}

TEST_CASE("registration: 423 raises the interval" * doctest::description("RFC 3261 10.2.8")) {
  Scene scene;
  scene.phone.options.expires_s = 30;
  scene.registrar.answers = {{423, "Min-Expires: 120\r\n"}, {200, kContact + "120\r\n"}};
  scene.phone.begin();
  scene.world.run_for(Millis(1000));
  REQUIRE(scene.registrar.requests.size() == 2);
  CHECK(scene.registrar.line(1, "Expires") == "120");
  CHECK(scene.phone.events == Scene::Texts{"registered 120"});
}

TEST_CASE("registration: a 423 that asks for no more is a failure") {
  Scene scene;
  scene.registrar.answers = {{423, "Min-Expires: 60\r\n"}};
  scene.phone.begin();
  scene.world.run_for(Millis(1000));
  CHECK(scene.phone.events == Scene::Texts{"failed 423"});
}

TEST_CASE("registration: a redirection is followed, and the first registrar asked next time" *
          doctest::description("RFC 3261 10.2, 8.1.3.4")) {
  Scene scene;
  Registrar other(scene.world, "10.0.0.3");
  scene.registrar.answers = {{302, "Contact: <sip:10.0.0.3>\r\n"}, {200, kContact + "100\r\n"}};
  other.answers = {{200, kContact + "100\r\n"}};
  scene.phone.begin();
  scene.world.run_for(Millis(1000));
  CHECK(other.requests.size() == 1);
  CHECK(other.requests.at(0).starts_with("REGISTER sip:10.0.0.3 SIP/2.0\r\n"));
  CHECK(scene.phone.events == Scene::Texts{"registered 100"});
  scene.world.run_for(Millis(90'000));
  CHECK(scene.registrar.requests.size() == 2);
}

TEST_CASE("registration: redirections that go in a circle end") {
  Scene scene;
  for (int i = 0; i < 20; ++i) {
    scene.registrar.answers.push_back({302, "Contact: <sip:10.0.0.2>\r\n"});
  }
  scene.phone.begin();
  scene.world.run_for(Millis(1000));
  CHECK(scene.registrar.requests.size() == 4);
  CHECK(scene.phone.events == Scene::Texts{"failed 302"});
}

TEST_CASE("registration: a registrar that is silent is asked again, ever more rarely" *
          doctest::description("RFC 5626 4.5")) {
  Scene scene;
  scene.phone.begin();
  std::vector<Millis> waits;
  while (waits.size() < 9) {
    const size_t before = scene.phone.events.size();
    REQUIRE(scene.world.run_until([&] { return scene.phone.events.size() > before; },
                                  Millis(2'000'000)));
    CHECK(scene.phone.events.back() == "failed 408");
    waits.push_back(scene.phone.last_wait);
  }
  Millis longest = RegistrationClient::kRetryBase;
  for (const Millis wait : waits) {
    CHECK(wait >= longest / 2);
    CHECK(wait <= longest);
    longest = std::min(longest * 2, RegistrationClient::kRetryMax);
  }
  scene.registrar.answers = {{200, kContact + "100\r\n"}};
  REQUIRE(scene.world.run_until([&] { return scene.phone.events.back() == "registered 100"; },
                                Millis(2'000'000)));
}

TEST_CASE("registration: Retry-After is waited for" * doctest::description("RFC 3261 20.33")) {
  Scene scene;
  scene.registrar.answers = {{503, "Retry-After: 400\r\n"}, {200, kContact + "100\r\n"}};
  scene.phone.begin();
  scene.world.run_for(Millis(399'000));
  CHECK(scene.registrar.requests.size() == 1);
  scene.world.run_for(Millis(2'000));
  CHECK(scene.phone.events == Scene::Texts{"failed 503", "registered 100"});
}

TEST_CASE("registration: taken back when it is not wanted any more" *
          doctest::description("RFC 3261 10.2.2; F57")) {
  Scene scene;
  scene.registrar.answers = {{200, kContact + "100\r\n"}, {200, ""}};
  scene.phone.begin();
  scene.world.run_for(Millis(1000));
  scene.phone.end();
  scene.world.run_for(Millis(600'000));
  REQUIRE(scene.registrar.requests.size() == 2);
  CHECK(scene.registrar.line(1, "Expires") == "0");
  CHECK(scene.phone.events == Scene::Texts{"registered 100", "unregistered"});
  CHECK(scene.phone.client.state() == RegistrationClient::State::Off);
}

TEST_CASE("registration: stopped while its answer is under way, it is taken back") {
  Scene scene;
  scene.registrar.answers = {{200, kContact + "100\r\n"}, {200, ""}};
  scene.phone.begin();
  scene.phone.end();
  scene.world.run_for(Millis(1000));
  REQUIRE(scene.registrar.requests.size() == 2);
  CHECK(scene.registrar.line(1, "Expires") == "0");
  CHECK(scene.phone.events == Scene::Texts{"unregistered"});
}

TEST_CASE("registration: stopped without a binding, nothing is sent") {
  Scene scene;
  scene.registrar.answers = {{403, ""}};
  scene.phone.begin();
  scene.world.run_for(Millis(1000));
  scene.phone.end();
  scene.world.run_for(Millis(1000));
  CHECK(scene.registrar.requests.size() == 1);
  CHECK(scene.phone.events == Scene::Texts{"failed 403", "unregistered"});
}

TEST_CASE("registration: stopped when the registrar has gone, it is over after one try") {
  Scene scene;
  scene.registrar.answers = {{200, kContact + "100\r\n"}};
  scene.phone.begin();
  scene.world.run_for(Millis(1000));
  scene.phone.end();
  scene.world.run_for(Millis(40'000));
  CHECK(scene.phone.events == Scene::Texts{"registered 100", "unregistered"});
}

TEST_CASE("registration: over TCP the contact says so, and a connection that stands is kept") {
  Scene scene;
  scene.phone.options.registrar = "sip:10.0.0.2;transport=tcp";
  scene.registrar.answers = {{200, kContact + "3600\r\n"}};
  scene.phone.begin();
  scene.world.run_for(Millis(60'000));
  CHECK(scene.registrar.requests.size() == 1);
  CHECK(scene.registrar.line(0, "Contact") == "<sip:anna@10.0.0.1:5060;transport=tcp>");
  CHECK(scene.phone.events == Scene::Texts{"registered 3600"});
}

TEST_CASE("registration: over TCP a lost connection is made anew at once" *
          doctest::description("RFC 5626 4.4, 4.5")) {
  port::SimWorld world(11);
  Registrar registrar(world, "10.0.0.2", Millis(20'000));
  Bench phone(world);
  phone.options.registrar = "sip:10.0.0.2;transport=tcp";
  registrar.answers = {{200, kContact + "3600\r\n"}, {200, kContact + "3600\r\n"}};
  phone.begin();
  world.run_for(Millis(35'000));
  CHECK(registrar.requests.size() == 2);
  CHECK(phone.events == Scene::Texts{"registered 3600", "registered 3600"});
}

TEST_CASE("registration: a registrar by its name, at its next address when the first is silent" *
          doctest::description("RFC 3263 4.2, 4.3")) {
  Scene scene;
  scene.phone.host.names().set("registrar.example",
                               {*port::parse_ip("10.0.0.9"), *port::parse_ip("10.0.0.2")});
  scene.phone.options.registrar = "sip:registrar.example";
  scene.registrar.answers = {{200, kContact + "100\r\n"}};
  scene.phone.begin();
  scene.world.run_for(Millis(40'000));
  REQUIRE(scene.registrar.requests.size() == 1);
  CHECK(scene.registrar.requests[0].starts_with("REGISTER sip:registrar.example SIP/2.0\r\n"));
  CHECK(scene.phone.events == Scene::Texts{"registered 100"});
}

TEST_CASE("registration: a name that nobody knows is tried again later") {
  Scene scene;
  scene.phone.options.registrar = "sip:nowhere.example";
  scene.phone.begin();
  scene.world.run_for(Millis(1000));
  CHECK(scene.phone.events == Scene::Texts{"failed 503"});
  CHECK(scene.phone.last_wait != kNever);
  scene.phone.end();
  scene.world.run_for(Millis(1000));
  CHECK(scene.phone.events == Scene::Texts{"failed 503", "unregistered"});
}

TEST_CASE("registration: through an outbound proxy, which is asked for in a Route" *
          doctest::description("RFC 3261 8.1.2")) {
  Scene scene;
  scene.phone.options.registrar = "sip:example.com";
  scene.phone.options.routes = "<sip:10.0.0.2;lr>";
  scene.registrar.answers = {{200, kContact + "100\r\n"}};
  scene.phone.begin();
  scene.world.run_for(Millis(1000));
  REQUIRE(scene.registrar.requests.size() == 1);
  CHECK(scene.registrar.line(0, "Route") == "<sip:10.0.0.2;lr>");
  CHECK(scene.registrar.requests[0].starts_with("REGISTER sip:example.com SIP/2.0\r\n"));
}
