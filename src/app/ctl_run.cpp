#include "app/ctl_run.h"

#include <algorithm>
#include <utility>

#include "tipring/version.h"

namespace tipring::app {

namespace {

constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kWrongUsage = 2;

std::string version_line() { return "tipringctl " + std::string(kVersion) + "\n"; }

std::string_view cell_text(const CtlRow& row, std::string_view name) {
  const CtlCell* cell = find_cell(row, name);
  return cell == nullptr ? std::string_view() : cell->text;
}

// Rows of one user, his registrations, keep their order.
void sort_by_user(CtlRows& rows) {
  std::stable_sort(rows.begin(), rows.end(), [](const CtlRow& a, const CtlRow& b) {
    const auto key = [](const CtlRow& row) {
      return std::make_pair(cell_text(row, "domain"), cell_text(row, "name"));
    };
    return key(a) < key(b);
  });
}

class Runner {
 public:
  Runner(const CtlArguments& arguments, std::string_view default_domain, CtlBackend& backend,
         CtlConsole& console)
      : arguments_(arguments),
        default_domain_(default_domain),
        backend_(backend),
        console_(console) {}

  int run() {
    switch (arguments_.command) {
      case CtlCommand::Help: return help();
      case CtlCommand::Version: console_.write(version_line()); return kDone;
      case CtlCommand::UserAdd: return put_user(admin::PutMode::Create, "created");
      case CtlCommand::UserPassword: return put_user(admin::PutMode::Change, "changed");
      case CtlCommand::UserDelete: return delete_user();
      case CtlCommand::UserImport: return import();
      case CtlCommand::UserList: return list(CtlListing::Users);
      case CtlCommand::Registrations: return list(CtlListing::Registrations);
      case CtlCommand::Pools: return list(CtlListing::Pools);
      case CtlCommand::Status: return list(CtlListing::Status);
    }
    return kWrongUsage;
  }

 private:
  int fail(const std::string& message) {
    console_.write_error("tipringctl: " + message + "\n");
    return kFailed;
  }

  int help() {
    console_.write(arguments_.topic == nullptr ? ctl_help() : ctl_help(*arguments_.topic));
    return kDone;
  }

  int done(const admin::UserName& user, std::string_view what) {
    if (arguments_.json) {
      console_.write(format_json(CtlRow{{"result", std::string(what)}}) + "\n");
    } else {
      console_.write("user " + user.text() + " " + std::string(what) + "\n");
    }
    return kDone;
  }

  int put_user(admin::PutMode mode, std::string_view what) {
    const admin::UserName user = admin::split_user_name(arguments_.operand);
    if (const char* fault = admin::fault_of(user)) return fail(fault);
    admin::SecretText password;
    if (const std::string fault = console_.read_password(user, password); !fault.empty())
      return fail(fault);
    if (const char* fault = admin::fault_of_password(password.view())) return fail(fault);
    const std::string fault = backend_.put_user(user, password.view(), mode);
    return fault.empty() ? done(user, what) : fail("user " + user.text() + ": " + fault);
  }

  int delete_user() {
    const admin::UserName user = admin::split_user_name(arguments_.operand);
    if (const char* fault = admin::fault_of(user)) return fail(fault);
    const std::string fault = backend_.remove_user(user);
    return fault.empty() ? done(user, "deleted") : fail("user " + user.text() + ": " + fault);
  }

  int import() {
    admin::SecretText text;
    if (const std::string fault = console_.read_import(arguments_.operand, text); !fault.empty())
      return fail(fault);
    const admin::ImportLines lines = admin::parse_import(text.view(), default_domain_);
    const std::string source = arguments_.operand == "-" ? "standard input" : arguments_.operand;
    for (const admin::ImportFault& fault : lines.faults) fail(source + ", " + fault.text());
    if (!lines.faults.empty()) return fail("nothing was stored; correct these lines first");
    uint32_t created = 0;
    uint32_t changed = 0;
    const std::string fault = backend_.import(lines, created, changed);
    if (!fault.empty()) return fail(source + ", " + fault);
    if (arguments_.json) {
      console_.write(format_json(CtlRow{{"created", std::to_string(created), false},
                                        {"changed", std::to_string(changed), false}}) +
                     "\n");
    } else {
      console_.write(std::to_string(created) + (created == 1 ? " user" : " users") + " created, " +
                     std::to_string(changed) + " changed\n");
    }
    return kDone;
  }

  int list(CtlListing listing) {
    CtlRows rows;
    if (const std::string fault = backend_.list(listing, rows); !fault.empty()) return fail(fault);
    // The server lists by slot, and slots are used again.
    if (listing == CtlListing::Users || listing == CtlListing::Registrations) sort_by_user(rows);
    if (listing == CtlListing::Status) {
      if (rows.empty()) rows.emplace_back();
      console_.write(arguments_.json ? format_json(rows.front()) + "\n"
                                     : format_facts(rows.front()));
    } else if (arguments_.quiet) {
      for (const CtlRow& row : rows) console_.write(name_of(row) + "\n");
    } else if (arguments_.json) {
      console_.write(format_json(rows) + "\n");
    } else if (rows.empty()) {
      console_.write(listing == CtlListing::Users ? "no users\n" : "no registrations\n");
    } else {
      console_.write(format_table(rows));
    }
    return kDone;
  }

  static std::string name_of(const CtlRow& row) {
    return admin::UserName{std::string(cell_text(row, "name")),
                           std::string(cell_text(row, "domain"))}
        .text();
  }

  const CtlArguments& arguments_;
  std::string_view default_domain_;
  CtlBackend& backend_;
  CtlConsole& console_;
};

}  // namespace

int run_ctl(const CtlArguments& arguments, std::string_view default_domain, CtlBackend& backend,
            CtlConsole& console) {
  return Runner(arguments, default_domain, backend, console).run();
}

}  // namespace tipring::app
