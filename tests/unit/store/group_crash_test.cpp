// Hunt groups changed by chance, on disks that fail and machines that lose their power.
#include "group_bench.h"
#include "port/sim/sim_random.h"

using namespace tipring;
using namespace tipring::store;

namespace {

// What the groups are to be: a line for each, and one for each of its members.
using Model = std::map<std::string, std::map<std::string, std::string>>;

struct Step {
  enum class Kind : uint8_t { PutGroup, RemoveGroup, PutMember, RemoveMember };

  Kind kind;
  std::string group;
  std::string member;
  uint16_t value;
};

std::string display_name(uint16_t value) { return "v" + std::to_string(value); }

void apply(const Step& step, Model& model) {
  const bool stands = model.contains(step.group);
  switch (step.kind) {
    case Step::Kind::PutGroup: model[step.group][""] = display_name(step.value); return;
    case Step::Kind::RemoveGroup: model.erase(step.group); return;
    case Step::Kind::PutMember:
      if (stands) model[step.group][step.member] = std::to_string(step.value);
      return;
    case Step::Kind::RemoveMember:
      if (stands) model[step.group].erase(step.member);
      return;
  }
}

Model look(const Store& store) {
  Model model;
  store.walk_groups(0, UINT32_MAX, [&](const Group& group) {
    auto& lines = model[std::string(group.name())];
    lines[""] = std::string(group.display_name());
    for (const GroupMember* m = group.first_member(); m != nullptr; m = group.next_member(*m))
      lines[std::string(m->name())] = std::to_string(m->delay_s());
  });
  return model;
}

class Player {
 public:
  explicit Player(uint64_t seed) : random_(seed), bench_({}, seed) {
    bench_.host.files().set_crash_keeps(port::SimCrashKeeps::Any);
  }

  void play(int steps) {
    for (int i = 0; i < steps; ++i) {
      set_faults();
      const Step step = choose();
      Model after = model_;
      apply(step, after);
      const uint64_t tag = begin(step);
      if (random_.below(8) == 0) {
        crash(tag, after);
        continue;
      }
      REQUIRE(bench_.run_until([&] { return bench_.answers.by_tag.contains(tag); }));
      hear(tag, after);
      CHECK(look(bench_.store()) == model_);
    }
    bench_.host.files().faults() = {};
    bench_.restart();
    CHECK(look(bench_.store()) == model_);
  }

 private:
  void set_faults() {
    port::SimFileFaults& faults = bench_.host.files().faults();
    faults = {};
    switch (random_.below(8)) {
      case 0: faults.space_left = random_.below(20'000); break;
      case 1: faults.sync_error = EIO; break;
      case 2: faults.write_error = EIO; break;
      default: break;
    }
  }

  Step choose() {
    const std::string group = "60" + std::to_string(random_.below(4));
    const std::string member = "20" + std::to_string(random_.below(4));
    return {static_cast<Step::Kind>(random_.below(4)), group, member,
            static_cast<uint16_t>(random_.below(1000))};
  }

  uint64_t begin(const Step& step) {
    const uint64_t tag = ++bench_.last_tag;
    Store& store = bench_.store();
    const std::string text = display_name(step.value);
    GroupRecord group = group_record(step.group);
    group.display_name = text;
    MemberRecord member = member_record(step.member);
    member.delay_s = step.value;
    const auto started = [&]() -> Result<void> {
      switch (step.kind) {
        case Step::Kind::PutGroup:
          return store.put_group(group, PutMode::Either, bench_.answers, tag);
        case Step::Kind::RemoveGroup:
          return store.remove_group("", step.group, bench_.answers, tag);
        case Step::Kind::PutMember:
          return store.put_group_member("", step.group, member, PutMode::Either, bench_.answers,
                                        tag);
        case Step::Kind::RemoveMember:
          return store.remove_group_member("", step.group, step.member, bench_.answers, tag);
      }
      return Error::Invalid;
    };
    REQUIRE(started());
    return tag;
  }

  // A commit that failed may be whole on the disk, and be found after the next start unless another
  // one has followed it.
  void hear(uint64_t tag, const Model& after) {
    const GroupAnswers::Answer& answer = bench_.answers.by_tag.at(tag);
    if (answer.verdict == GroupVerdict::NotStored) perhaps_.push_back(after);
    if (answer.verdict > GroupVerdict::Removed) return;
    model_ = after;
    perhaps_.clear();
  }

  // What was not answered may have been written or not.
  void crash(uint64_t tag, const Model& after) {
    bench_.run_for(Millis(static_cast<int64_t>(random_.below(20))));
    const auto answer = bench_.answers.by_tag.find(tag);
    if (answer != bench_.answers.by_tag.end()) {
      hear(tag, after);
    } else {
      perhaps_.push_back(after);
    }
    bench_.host.files().faults() = {};
    bench_.crash(Millis(100));
    REQUIRE_MESSAGE(bench_.server->report.ready(), bench_.server->report.message);
    const Model found = look(bench_.store());
    const bool was_written = std::find(perhaps_.begin(), perhaps_.end(), found) != perhaps_.end();
    CHECK((was_written || found == model_));
    model_ = found;
    perhaps_.clear();
  }

  port::SimRandom random_;
  GroupBench bench_;
  Model model_;
  std::vector<Model> perhaps_;  // what may stand after a crash instead
};

}  // namespace

TEST_CASE(
    "groups: what was answered stands, whatever fails, and what is shown is what was answered" *
    doctest::description("R15.1; DESIGN: storage")) {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    CAPTURE(seed);
    Player(seed).play(60);
  }
}
