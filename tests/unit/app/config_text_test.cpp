#include "app/config_text.h"

#include <doctest/doctest.h>

#include "app/config_keys.h"

namespace tipring::app {
namespace {

constexpr std::string_view kFile =
    "# Mine.\n"
    "[sip]\n"
    "listen = [\n"
    "  \"udp:0.0.0.0:5060\",  # phones\n"
    "]  # end\n"
    "\n"
    "domains = [\"\xc3\xa4.example\"] # \xc3\xa4\n"
    "#stop_limit = 5\n"
    "\n"
    "[log]\n"
    "level = \"debug\"";

std::string edit(std::string_view text, const ConfigEdits& edits) {
  return edit_configuration(text, edits).value_or("cannot");
}

std::string edited(std::string_view from, std::string_view to) {
  std::string text(kFile);
  return text.replace(text.find(from), from.size(), to);
}

TEST_CASE("configuration's text: a value is changed where it stands, all else stays") {
  CHECK(edit(kFile, {{"log.level", "info"}}) == edited("\"debug\"", "\"info\""));
  CHECK(edit(kFile, {{"sip.domains", std::vector<std::string>{"a", "b"}}}) ==
        edited("[\"\xc3\xa4.example\"]", "[\"a\", \"b\"]"));
  CHECK(edit(kFile, {{"sip.listen", std::vector<std::string>{}}}) ==
        edited("[\n  \"udp:0.0.0.0:5060\",  # phones\n]", "[]"));
}

TEST_CASE(
    "configuration's text: a new value goes below its commented default, else to its section") {
  CHECK(edit(kFile, {{"sip.stop_limit", int64_t{7}}}) ==
        edited("#stop_limit = 5\n", "#stop_limit = 5\nstop_limit = 7\n"));
  CHECK(edit(kFile, {{"sip.message_size", int64_t{5000}}}) ==
        edited("#stop_limit = 5\n", "#stop_limit = 5\nmessage_size = 5000\n"));
  CHECK(edit(kFile, {{"log.syslog", true}}) == std::string(kFile) + "\nsyslog = true\n");
  CHECK(edit(kFile, {{"store.path", "a\"\\\n"}}) ==
        std::string(kFile) + "\n\n[store]\npath = \"a\\\"\\\\\\u000a\"\n");
  CHECK(edit("", {{"log.level", "info"}}) == "\n[log]\nlevel = \"info\"\n");
}

TEST_CASE("configuration's text: back to the default takes the line away") {
  CHECK(edit(kFile, {{"log.level", std::nullopt}}) == edited("level = \"debug\"", ""));
  CHECK(edit(kFile, {{"sip.listen", std::nullopt}}) ==
        edited("listen = [\n  \"udp:0.0.0.0:5060\",  # phones\n]  # end\n", ""));
  CHECK(edit(kFile, {{"store.path", std::nullopt}}) == kFile);
}

TEST_CASE("configuration's text: several at once, and again back") {
  const std::string changed =
      edit(kFile, {{"sip.stop_limit", int64_t{7}}, {"log.level", "info"}, {"log.syslog", true}});
  CHECK(edit(changed, {{"sip.stop_limit", std::nullopt},
                       {"log.level", "debug"},
                       {"log.syslog", std::nullopt}}) == std::string(kFile) + "\n");
}

TEST_CASE("configuration's text: what cannot be found again is refused, not spoilt") {
  CHECK(edit("sip = {stop_limit = 5, message_size = 5000}\n", {{"sip.stop_limit", std::nullopt}}) ==
        "cannot");
  CHECK(edit("sip.stop_limit = 5\n", {{"sip.stop_limit", int64_t{6}}}) == "sip.stop_limit = 6\n");
  CHECK(edit("[sip]\nstop_limit = \n", {{"sip.stop_limit", int64_t{6}}}) == "cannot");
}

TEST_CASE("delivered configuration: tells of every key") {
  const auto descriptions = read_descriptions(delivered_configuration());
  for (const ConfigKey& key : config_key_table()) {
    const auto found = descriptions.find(std::string(key.name));
    REQUIRE_MESSAGE(found != descriptions.end(), key.name);
    if (key.name == "capacity.bindings" || key.name == "capacity.tcp_connections") continue;
    CHECK_MESSAGE(found->second.size() > 10, key.name);
  }
  CHECK(descriptions.at("registrar.max_expires").starts_with("Seconds that a registration may"));
  CHECK(descriptions.at("capacity.calls").starts_with("Calls at one time"));
  CHECK(descriptions.size() == config_key_table().size());
}

TEST_CASE("delivered configuration: each default can be set and taken back") {
  std::string text(delivered_configuration());
  std::vector<ConfigFault> faults;
  for (const ConfigKey& key : config_key_table()) {
    CAPTURE(key.name);
    const std::string before = text;
    const auto set = edit_configuration(text, {{std::string(key.name), ConfigValue(int64_t{1})}});
    REQUIRE(set);
    CHECK(*set != before);
    CHECK(edit_configuration(*set, {{std::string(key.name), std::nullopt}}) == before);
  }
}

}  // namespace
}  // namespace tipring::app
