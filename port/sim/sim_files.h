// Files of a simulated host, in memory. What was written is there for every reader at once, and
// survives a crash only if sync() had succeeded after it. Making, removing and renaming are durable
// at once, as they are in port/linux.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "port/files.h"
#include "port/sim/sim_world.h"

namespace tipring::port {

// What a crash leaves of the writes since the last sync(): nothing, those up to some moment (the
// one at that moment torn), or any of them.
enum class SimCrashKeeps : uint8_t { Nothing, Prefix, Any };

struct SimFileFaults {
  int open_error = 0;  // errno value that every call of the kind fails with; 0 for none
  int read_error = 0;
  int write_error = 0;     // also of truncate()
  int sync_error = 0;      // what was not durable stays so
  bool read_only = false;  // EROFS for all that changes anything
  // Bytes; a write beyond is cut short there and fails with ENOSPC.
  uint64_t space_left = UINT64_MAX;
  Millis read_latency{0};
  Millis write_latency{0};
  Millis sync_latency{1};
};

class SimFiles final : public Files {
 public:
  explicit SimFiles(SimHost& host);
  ~SimFiles() override;

  std::unique_ptr<File> open(std::string_view path, OpenMode mode, int& error) override;
  int info(std::string_view path, FileInfo& info) override;
  int remove(std::string_view path) override;
  int rename(std::string_view from, std::string_view to) override;
  int real_path(std::string_view path, std::string& target) override;
  int make_directory(std::string_view path) override;
  bool native() const override { return false; }

  SimFileFaults& faults() { return faults_; }
  void set_crash_keeps(SimCrashKeeps keeps) { crash_keeps_ = keeps; }

  // For port/sim only.
  void crash();

 private:
  class SimFile;

  // A write is a position and bytes; a truncation has no bytes and cuts or fills up to the
  // position.
  struct Change {
    uint64_t at = 0;
    std::string bytes;
    bool truncates = false;
  };
  struct Node {
    std::string content;
    std::string durable;
    std::vector<Change> unsynced;
    bool is_directory = false;
    const SimFile* locked_by = nullptr;
    uint64_t number = 0;
  };

  std::shared_ptr<Node> make_node();
  static void apply(const Change& change, std::string& content);
  void crash(Node& node);
  int change(Node& node, Change change);
  void spend(Millis time);
  bool parent_exists(const std::string& path) const;

  SimHost& host_;
  std::map<std::string, std::shared_ptr<Node>> nodes_;
  uint64_t last_number_ = 0;
  SimFileFaults faults_;
  SimCrashKeeps crash_keeps_ = SimCrashKeeps::Nothing;
};

}  // namespace tipring::port
