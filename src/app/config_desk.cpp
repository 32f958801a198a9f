#include "app/config_desk.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "admin/json.h"
#include "admin/json_members.h"
#include "admin/reply.h"
#include "admin/revision.h"
#include "app/config_json.h"
#include "app/config_keys.h"

namespace tipring::app {

using admin::Problem;

namespace {

Problem problem_of(const ConfigFault& fault) {
  return {422, "faults", fault.key + ": " + fault.message, fault.key};
}

constexpr size_t kFileBytesMax = 1 << 20;
constexpr std::string_view kNextFile = ".new";

bool is_place(std::string_view name) {
  const auto keys = config_key_table();
  return std::any_of(keys.begin(), keys.end(),
                     [name](const ConfigKey& key) { return key.is_place && key.name == name; });
}

void refuse_places(const ConfigEdits& edits, std::vector<ConfigFault>& faults) {
  for (const auto& [key, value] : edits) {
    if (!is_place(key)) continue;
    faults.push_back({"", 0, key,
                      "names a place on the device, and is changed there alone: tipringctl config "
                      "set, or in the file"});
  }
}

uint64_t revision_of(std::string_view text) { return siphash64(HashKey(), text) | 1; }

// The client is answered when the configuration was read.
class Reloading final : public admin::Job {
 public:
  using Job::Job;
  void on_answer(admin::Desk&, const std::shared_ptr<Job>&, const admin::Answer&) override {}
};

void append_keys(std::string& out, std::string_view name, const std::vector<std::string>& keys) {
  out += ",\"" + std::string(name) + "\":[";
  for (const std::string& key : keys) {
    if (out.back() != '[') out += ',';
    admin::append_json(out, key);
  }
  out += ']';
}

}  // namespace

ConfigFileDesk::ConfigFileDesk(port::Files& files, ConfigSource source, const Config& running)
    : files_(files),
      source_(std::move(source)),
      running_(running),
      known_revision_(file_revision()) {}

// What was read before a change was written says nothing of it: it is read once more.
void ConfigFileDesk::take_running() {
  const auto next = next_running_.take();
  if (next == nullptr) return;
  const uint64_t revision = file_revision();
  const bool is_news = revision != known_revision_ || !changes(running_, next->config).empty();
  known_revision_ = revision;
  running_ = std::move(next->config);
  const size_t due_before = due_.size();
  for (auto waiting = waiting_.begin(); waiting != waiting_.end();) {
    if (waiting->second.written > next->written) {
      ++waiting;
      continue;
    }
    due_[waiting->first] = std::move(waiting->second.edits);
    waiting = waiting_.erase(waiting);
  }
  if (is_news && due_.size() == due_before) has_news_ = true;
}

uint64_t ConfigFileDesk::file_revision() const {
  std::string text;
  return read_text(text) == 0 ? revision_of(text) : 0;
}

int ConfigFileDesk::read_text(std::string& text) const {
  if (source_.file.empty()) return ENOENT;
  return port::read_file(files_, source_.file, kFileBytesMax, text);
}

void ConfigFileDesk::show(port::HttpExchange& exchange) {
  take_running();
  std::string text;
  const bool readable = read_text(text) == 0;
  std::vector<ConfigFault> faults;
  const Config next = read_config(source_, files_, faults);
  std::string body = R"({"config":{)";
  admin::append_member(body, "file", source_.file);
  if (readable) admin::append_member(body, "revision", admin::revision_text(revision_of(text)));
  body += R"(,"faults":)" + faults_json(faults);
  body += R"(,"values":)" + values_json(running_, faults.empty() ? next : running_) + "}}\n";
  admin::reply_tagged(exchange, body, readable ? revision_of(text) : 0);
}

void ConfigFileDesk::show_schema(port::HttpExchange& exchange) {
  admin::reply_tagged(exchange, R"({"schema":)" + schema_json() + "}\n");
}

// What --set says goes before the file, so that a change of the file would do nothing.
void ConfigFileDesk::refuse_edits_of_settings(Draft& draft) const {
  for (const auto& [key, value] : draft.edits) {
    const bool is_set = std::any_of(
        source_.settings.begin(), source_.settings.end(), [&key = key](const std::string& setting) {
          return setting.starts_with(key + "=") || setting.starts_with(key + " =");
        });
    if (is_set)
      draft.faults.push_back({"--set", 0, key,
                              "is set where the server is started (--set), which goes before its "
                              "file; change it there"});
  }
}

// Why there is nothing to find faults with.
std::optional<Problem> ConfigFileDesk::draft(std::string_view body, Places places, Draft& draft) {
  take_running();
  std::string fault;
  std::string field;
  if (!parse_edits(body, draft.edits, fault, field)) return Problem{400, "invalid", fault, field};
  if (places == Places::Skip) {
    std::erase_if(draft.edits, [](const auto& edit) { return is_place(edit.first); });
  }
  const int error = read_text(draft.before);
  if (source_.file.empty()) {
    return Problem{409, "no_file",
                   "the server was started without a file of its own; start it with --config FILE"};
  }
  if (error != 0) {
    return Problem{409, "unreadable",
                   source_.file + " cannot be read (" + std::strerror(error) +
                       "); let the server's user read it"};
  }
  const auto edited = edit_configuration(draft.before, draft.edits);
  if (!edited) {
    return Problem{409, "not_editable",
                   source_.file +
                       " is written in a way that only a person can change; tipringd "
                       "--check tells of faults"};
  }
  draft.after = *edited;
  draft.config = read_config(source_, draft.after, draft.faults);
  refuse_edits_of_settings(draft);
  if (places == Places::Refuse) refuse_places(draft.edits, draft.faults);
  return std::nullopt;
}

void ConfigFileDesk::check(port::HttpExchange& exchange, bool on_device) {
  Draft drafted;
  if (const auto problem =
          draft(exchange.body(), on_device ? Places::Take : Places::Refuse, drafted))
    return admin::reply_problem(exchange, *problem);
  std::string body = R"({"check":{"faults":)" + faults_json(drafted.faults);
  std::vector<std::string> reload;
  std::vector<std::string> restart;
  if (drafted.faults.empty()) {
    for (const ConfigChange& change : changes(running_, drafted.config))
      (change.at_run_time ? reload : restart).push_back(change.key);
  }
  append_keys(body, "reload", reload);
  append_keys(body, "restart", restart);
  admin::reply_json(exchange, 200, body + "}}\n");
}

// One at a time: what is read again tells of one change what has become of it.
void ConfigFileDesk::change(port::HttpExchange& exchange, bool on_device, admin::Desk& desk) {
  if (waiting_.empty() && due_.empty()) return change_now(exchange, on_device, desk);
  queued_.push_back({exchange.id(), on_device});
}

void ConfigFileDesk::change_now(port::HttpExchange& exchange, bool on_device, admin::Desk& desk) {
  Draft drafted;
  if (const auto problem =
          draft(exchange.body(), on_device ? Places::Take : Places::Refuse, drafted))
    return admin::reply_problem(exchange, *problem);
  const std::optional<uint64_t> seen = admin::if_match_of(exchange);
  if (!seen || (*seen != 0 && *seen != revision_of(drafted.before)))
    return admin::reply_refusal(exchange, admin::Outcome::Stale);
  if (!drafted.faults.empty()) {
    return admin::reply_problem(exchange, problem_of(drafted.faults.front()), {}, {},
                                R"("faults":)" + faults_json(drafted.faults));
  }
  if (const auto problem = put_into_force(drafted, desk, exchange.id()))
    return admin::reply_problem(exchange, *problem);
  waiting_[exchange.id()] = {std::move(drafted.edits), changes_written()};
}

// The file is written, and the server told to read it.
std::optional<Problem> ConfigFileDesk::put_into_force(const Draft& draft, admin::Desk& desk,
                                                      uint64_t exchange) {
  if (const int error = write(draft.after); error != 0) {
    return Problem{409, "not_writable",
                   source_.file + " cannot be written (" + std::strerror(error) +
                       "); let the server's user write it and its folder, or edit it by hand and "
                       "let the server read it (SIGHUP)"};
  }
  known_revision_ = revision_of(draft.after);
  written_.fetch_add(1, std::memory_order_release);
  admin::Command command;
  command.kind = admin::Command::Kind::Reload;
  if (desk.send(command, std::make_shared<Reloading>(exchange)) != 0) return std::nullopt;
  return Problem{503, "busy",
                 "it is in the file, but the server has too much to do to read it; apply it once "
                 "more in a moment"};
}

std::string ConfigFileDesk::settings() {
  std::vector<ConfigFault> faults;
  std::string text;
  if (read_text(text) != 0) return "";
  const Config stands = read_config(source_, text, faults);
  return faults.empty() ? settings_json(stands, source_.file) : "";
}

std::optional<Problem> ConfigFileDesk::check(std::string_view edits, std::string& realm) {
  Draft drafted;
  if (auto problem = draft(edits, Places::Skip, drafted)) return problem;
  if (!drafted.faults.empty()) return problem_of(drafted.faults.front());
  realm = effective_realm(drafted.config);
  return std::nullopt;
}

std::optional<Problem> ConfigFileDesk::apply(std::string_view edits, admin::Desk& desk) {
  Draft drafted;
  if (auto problem = draft(edits, Places::Skip, drafted)) return problem;
  if (!drafted.faults.empty()) return problem_of(drafted.faults.front());
  return put_into_force(drafted, desk, 0);
}

// A new file in place of the old one, so that whoever reads, and a start after a loss of power, finds
// one or the other whole. A symbolic link goes on leading there.
int ConfigFileDesk::write(const std::string& text) {
  std::string target;
  int error = files_.real_path(source_.file, target);
  if (error != 0) return error;
  const std::string next = target + std::string(kNextFile);
  static_cast<void>(files_.remove(next));
  {
    const auto file = files_.open(next, port::OpenMode::CreateNew, error);
    if (file == nullptr) return error;
    port::FileInfo info;
    error = files_.info(target, info);
    if (error == 0) error = file->set_permissions(info.permissions);
    if (error == 0) error = file->write_at(0, text);
    if (error == 0) error = file->sync();
  }
  if (error == 0) error = files_.rename(next, target);
  if (error != 0) static_cast<void>(files_.remove(next));
  return error;
}

// What has become of each key. The running server could not do those that are refused, such as to
// listen where another program does.
std::string ConfigFileDesk::outcome_json(const ConfigEdits& edits) {
  std::string text;
  static_cast<void>(read_text(text));
  std::vector<ConfigFault> faults;
  const Config next = read_config(source_, text, faults);
  const std::vector<ConfigChange> left = changes(running_, next);
  std::vector<std::string> applied;
  std::vector<std::string> restart;
  std::vector<std::string> refused;
  for (const auto& [key, value] : edits) {
    const auto change =
        std::find_if(left.begin(), left.end(),
                     [&key = key](const ConfigChange& candidate) { return candidate.key == key; });
    if (change == left.end()) {
      applied.push_back(key);
    } else {
      (change->at_run_time ? refused : restart).push_back(key);
    }
  }
  std::string body = R"({"result":"changed")";
  admin::append_member(body, "revision", admin::revision_text(revision_of(text)));
  append_keys(body, "applied", applied);
  append_keys(body, "restart", restart);
  append_keys(body, "refused", refused);
  return body + "}\n";
}

bool ConfigFileDesk::on_poll(admin::Desk& desk) {
  take_running();
  for (const auto& [id, edits] : std::exchange(due_, {})) {
    if (port::HttpExchange* exchange = desk.find(id))
      admin::reply_json(*exchange, 200, outcome_json(edits));
  }
  while (waiting_.empty() && !queued_.empty()) {
    const Queued next = queued_.front();
    queued_.pop_front();
    if (port::HttpExchange* exchange = desk.find(next.exchange))
      change_now(*exchange, next.on_device, desk);
  }
  return std::exchange(has_news_, false);
}

}  // namespace tipring::app
