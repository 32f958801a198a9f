#include "port/sim/sim_files.h"

#include <algorithm>
#include <cerrno>

#include "port/sim/sim_host.h"

namespace tipring::port {

class SimFiles::SimFile final : public File {
 public:
  SimFile(SimFiles& files, std::shared_ptr<Node> node, OpenMode mode)
      : files_(files), node_(std::move(node)), epoch_(files.host_.epoch()), mode_(mode) {}

  ~SimFile() override {
    if (node_->locked_by == this) node_->locked_by = nullptr;
  }

  int lock() override {
    if (dead()) return EIO;
    if (node_->locked_by != nullptr && node_->locked_by != this) return EWOULDBLOCK;
    node_->locked_by = this;
    return 0;
  }
  int read_at(uint64_t offset, std::span<char> into, size_t& read) override {
    read = 0;
    if (dead()) return EIO;
    files_.spend(files_.faults_.read_latency);
    if (files_.faults_.read_error != 0) return files_.faults_.read_error;
    const std::string& content = node_->content;
    if (offset >= content.size()) return 0;
    read = std::min(into.size(), content.size() - static_cast<size_t>(offset));
    std::copy_n(content.begin() + static_cast<std::ptrdiff_t>(offset), read, into.begin());
    return 0;
  }
  int write_at(uint64_t offset, std::span<const char> bytes) override {
    return change({offset, std::string(bytes.begin(), bytes.end()), false});
  }
  int append(std::span<const char> bytes) override {
    return write_at(node_->content.size(), bytes);
  }
  int truncate(uint64_t size) override { return change({size, {}, true}); }
  int set_permissions(uint32_t) override { return dead() ? EIO : 0; }  // all are the same here
  int sync() override {
    if (dead()) return EIO;
    files_.spend(files_.faults_.sync_latency);
    if (files_.faults_.sync_error != 0) return files_.faults_.sync_error;
    node_->durable = node_->content;
    node_->unsynced.clear();
    return 0;
  }
  int size(uint64_t& size) override {
    size = node_->content.size();
    return dead() ? EIO : 0;
  }

 private:
  // Opened before a crash: nobody who lives holds it.
  bool dead() const { return epoch_ != files_.host_.epoch(); }
  int change(Change change) {
    if (dead()) return EIO;
    if (mode_ == OpenMode::Read) return EBADF;
    return files_.change(*node_, std::move(change));
  }

  SimFiles& files_;
  std::shared_ptr<Node> node_;  // stays readable when the file was removed
  uint64_t epoch_;
  OpenMode mode_;
};

SimFiles::SimFiles(SimHost& host) : host_(host) {
  nodes_["/"] = make_node();
  nodes_["/"]->is_directory = true;
}

SimFiles::~SimFiles() = default;

std::shared_ptr<SimFiles::Node> SimFiles::make_node() {
  auto node = std::make_shared<Node>();
  node->number = ++last_number_;
  return node;
}

void SimFiles::spend(Millis time) {
  if (host_.running_latency != nullptr) *host_.running_latency += time;
}

// A relative path is one in the root: there is no working directory here.
bool SimFiles::parent_exists(const std::string& path) const {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos || slash == 0) return true;
  const auto parent = nodes_.find(path.substr(0, slash));
  return parent != nodes_.end() && parent->second->is_directory;
}

std::unique_ptr<File> SimFiles::open(std::string_view path, OpenMode mode, int& error) {
  const std::string name(path);
  const auto found = nodes_.find(name);
  error = faults_.open_error;
  if (error != 0) return nullptr;
  if (mode != OpenMode::Read && faults_.read_only) {
    error = EROFS;
  } else if (found != nodes_.end() && mode == OpenMode::CreateNew) {
    error = EEXIST;
  } else if (found != nodes_.end() && found->second->is_directory) {
    error = EISDIR;
  } else if (found == nodes_.end() && (mode == OpenMode::Read || !parent_exists(name))) {
    error = ENOENT;
  }
  if (error != 0) return nullptr;
  std::shared_ptr<Node> node = found != nodes_.end() ? found->second : nullptr;
  if (node == nullptr) node = nodes_[name] = make_node();
  return std::make_unique<SimFile>(*this, std::move(node), mode);
}

int SimFiles::info(std::string_view path, FileInfo& info) {
  const auto found = nodes_.find(std::string(path));
  if (found == nodes_.end()) return ENOENT;
  const Node& node = *found->second;
  info = {node.content.size(), node.is_directory ? 0700U : 0600U, node.is_directory, 1,
          node.number};
  return 0;
}

int SimFiles::remove(std::string_view path) {
  if (faults_.read_only) return EROFS;
  const auto found = nodes_.find(std::string(path));
  if (found == nodes_.end()) return ENOENT;
  if (found->second->is_directory) return EISDIR;
  nodes_.erase(found);
  return 0;
}

int SimFiles::real_path(std::string_view path, std::string& target) {
  target = path;
  return nodes_.contains(target) ? 0 : ENOENT;
}

int SimFiles::rename(std::string_view from, std::string_view to) {
  if (faults_.read_only) return EROFS;
  const auto found = nodes_.find(std::string(from));
  const std::string name(to);
  if (found == nodes_.end() || !parent_exists(name)) return ENOENT;
  const auto replaced = nodes_.find(name);
  if (replaced != nodes_.end() && replaced->second->is_directory) return EISDIR;
  const std::shared_ptr<Node> node = found->second;
  nodes_.erase(found);
  nodes_[name] = node;
  return 0;
}

int SimFiles::make_directory(std::string_view path) {
  const std::string name(path);
  const auto found = nodes_.find(name);
  if (found != nodes_.end()) return found->second->is_directory ? 0 : ENOTDIR;
  if (faults_.read_only) return EROFS;
  if (!parent_exists(name)) return ENOENT;
  nodes_[name] = make_node();
  nodes_[name]->is_directory = true;
  return 0;
}

int SimFiles::change(Node& node, Change change) {
  spend(faults_.write_latency);
  if (faults_.read_only) return EROFS;
  if (faults_.write_error != 0) return faults_.write_error;
  int error = 0;
  if (change.bytes.size() > faults_.space_left) {
    change.bytes.resize(static_cast<size_t>(faults_.space_left));
    error = ENOSPC;
  }
  if (faults_.space_left != UINT64_MAX) faults_.space_left -= change.bytes.size();
  apply(change, node.content);
  node.unsynced.push_back(std::move(change));
  return error;
}

void SimFiles::apply(const Change& change, std::string& content) {
  const auto at = static_cast<size_t>(change.at);
  if (change.truncates) return content.resize(at);
  if (change.bytes.empty()) return;
  if (content.size() < at + change.bytes.size()) content.resize(at + change.bytes.size());
  std::copy(change.bytes.begin(), change.bytes.end(),
            content.begin() + static_cast<std::ptrdiff_t>(at));
}

void SimFiles::crash() {
  for (const auto& [path, node] : nodes_) crash(*node);
}

void SimFiles::crash(Node& node) {
  SimRandom& random = host_.world().random();
  std::vector<Change>& changes = node.unsynced;
  if (crash_keeps_ == SimCrashKeeps::Nothing) changes.clear();
  if (crash_keeps_ == SimCrashKeeps::Prefix && !changes.empty()) {
    changes.resize(static_cast<size_t>(random.below(changes.size())) + 1);
    std::string& last = changes.back().bytes;
    last.resize(static_cast<size_t>(random.below(last.size() + 1)));
  }
  if (crash_keeps_ == SimCrashKeeps::Any) {
    std::erase_if(changes, [&](const Change&) { return random.chance(500); });
  }
  for (const Change& change : changes) apply(change, node.durable);
  node.content = node.durable;
  changes.clear();
}

}  // namespace tipring::port
