// Commands that change users.
#include "app/ctl_fields.h"
#include "app/ctl_session.h"

namespace tipring::app {

namespace {

// What became of the user, and the password when one was made here.
int done(CtlSession& session, const admin::UserName& user, std::string_view what,
         std::string_view password = {}, const std::string& new_name = "") {
  const bool made = session.arguments.generate && !password.empty();
  if (session.arguments.json) {
    CtlRow row = {{"result", std::string(what)}};
    if (!new_name.empty()) row.push_back({"name", new_name});
    if (made) row.push_back({"password", std::string(password)});
    session.console.write(format_json(row) + "\n");
  } else {
    const std::string to = new_name.empty() ? "" : " to " + new_name;
    session.console.write("user " + user.text() + " " + std::string(what) + to + "\n");
    if (made) session.console.write("password: " + std::string(password) + "\n");
  }
  return kCtlDone;
}

// Asks for the password, or makes one. Returns what went wrong, or nothing.
std::string take_password(CtlSession& session, const admin::UserName& user,
                          admin::SecretText& password) {
  if (session.arguments.generate) {
    session.console.make_password(password);
    return "";
  }
  if (std::string fault = session.console.read_password(user, password); !fault.empty())
    return fault;
  const char* fault = admin::fault_of_password(password.view());
  return fault == nullptr ? "" : fault;
}

int refuse_fields(CtlSession& session, const CtlFields& fields) {
  session.fail(fields.fault);
  return fields.unknown_field ? kCtlWrongUsage : kCtlFailed;
}

// The user of a command that changes one; what is wrong with the name, or nothing.
std::string user_of(const CtlSession& session, admin::UserName& user) {
  user = admin::split_user_name(session.arguments.operand);
  const char* fault = admin::fault_of(user);
  return fault == nullptr ? "" : fault;
}

std::string aliases_of(const CtlRow& row) {
  std::string aliases(cell_text(row, "aliases"));
  if (!aliases.empty()) aliases.pop_back();
  return admin::aliases_text(aliases);
}

}  // namespace

int add_user(CtlSession& session) {
  admin::UserName user;
  if (const std::string fault = user_of(session, user); !fault.empty()) return session.fail(fault);
  CtlFields fields = parse_ctl_fields(session.arguments.more);
  if (!fields.fault.empty()) return refuse_fields(session, fields);
  if (!fields.alias_changes.empty()) {
    if (const std::string fault = apply_alias_changes(fields, ""); !fault.empty())
      return session.fail(fault);
  }
  admin::SecretText password;
  if (const std::string fault = take_password(session, user, password); !fault.empty())
    return session.fail(fault);
  const std::string fault =
      session.backend.put_user({user, admin::PutMode::Create, password.view(), fields.fields});
  if (!fault.empty()) return session.fail(user, fault);
  return done(session, user, "created", password.view());
}

int set_user(CtlSession& session) {
  admin::UserName user;
  if (const std::string fault = user_of(session, user); !fault.empty()) return session.fail(fault);
  CtlFields fields = parse_ctl_fields(session.arguments.more);
  if (!fields.fault.empty()) return refuse_fields(session, fields);
  CtlRow stands;
  if (const std::string fault = session.backend.show_user(user, stands); !fault.empty())
    return session.fail(user, fault);
  if (!fields.alias_changes.empty()) {
    if (const std::string fault = apply_alias_changes(fields, aliases_of(stands)); !fault.empty())
      return session.fail(user, fault);
  }
  // A digest's hash holds the auth_name.
  const std::string_view given = fields.fields.auth_name.view();
  const bool renames = (fields.fields.present & store::kAuthName) != 0 &&
                       (given.empty() ? user.name : given) != cell_text(stands, "auth_name");
  if (session.arguments.generate && !renames)
    return session.fail(
        "--generate makes a password for a new auth_name; `user password NAME "
        "--generate` makes one alone");
  admin::SecretText password;
  if (renames) {
    if (const std::string fault = take_password(session, user, password); !fault.empty())
      return session.fail("a new auth_name needs a new password: " + fault);
  }
  const std::string fault =
      session.backend.put_user({user, admin::PutMode::Change, password.view(), fields.fields});
  if (!fault.empty()) return session.fail(user, fault);
  return done(session, user, "changed", password.view());
}

int change_password(CtlSession& session) {
  admin::UserName user;
  if (const std::string fault = user_of(session, user); !fault.empty()) return session.fail(fault);
  admin::SecretText password;
  if (const std::string fault = take_password(session, user, password); !fault.empty())
    return session.fail(fault);
  const std::string fault =
      session.backend.put_user({user, admin::PutMode::Change, password.view(), {}});
  if (!fault.empty()) return session.fail(user, fault);
  return done(session, user, "changed", password.view());
}

int rename_user(CtlSession& session) {
  admin::UserName user;
  if (const std::string fault = user_of(session, user); !fault.empty()) return session.fail(fault);
  admin::UserName renamed = admin::split_user_name(session.arguments.more.front());
  if (renamed.domain.empty()) renamed.domain = user.domain;
  if (const char* fault = admin::fault_of(renamed))
    return session.fail("the new name: " + std::string(fault));
  const auto in_store = [&](const admin::UserName& name) {
    return admin::in_store(name, session.default_domain);
  };
  if (in_store(renamed).domain != in_store(user).domain)
    return session.fail(user, "stays in its domain; give the new name without one");
  if (renamed.name == user.name) return session.fail(user, "has that name already");
  CtlRow stands;
  if (const std::string fault = session.backend.show_user(user, stands); !fault.empty())
    return session.fail(user, fault);
  // A digest's hash holds the auth_name.
  const bool login_follows = cell_text(stands, "auth_name") == user.name;
  if (session.arguments.generate && !login_follows)
    return session.fail(user,
                        "has an auth_name of its own and keeps its password; leave out "
                        "--generate");
  admin::SecretText password;
  if (login_follows) {
    if (const std::string fault = take_password(session, renamed, password); !fault.empty())
      return session.fail("a new name needs a new password: " + fault);
  }
  const std::string fault = session.backend.rename_user(user, renamed.name, password.view());
  if (!fault.empty()) return session.fail(user, "cannot become " + renamed.name + ": " + fault);
  return done(session, user, "renamed", password.view(), renamed.name);
}

int delete_user(CtlSession& session) {
  admin::UserName user;
  if (const std::string fault = user_of(session, user); !fault.empty()) return session.fail(fault);
  const std::string fault = session.backend.remove_user(user);
  return fault.empty() ? done(session, user, "deleted") : session.fail(user, fault);
}

int import_users(CtlSession& session) {
  const std::string& file = session.arguments.operand;
  admin::SecretText text;
  if (const std::string fault = session.console.read_import(file, text); !fault.empty())
    return session.fail(fault);
  const admin::ImportLines lines = admin::parse_import(text.view(), session.default_domain);
  const std::string source = file == "-" ? "standard input" : file;
  for (const admin::ImportFault& fault : lines.faults) session.fail(source + ", " + fault.text());
  if (!lines.faults.empty()) return session.fail("nothing was stored; correct these lines first");
  uint32_t created = 0;
  uint32_t changed = 0;
  const std::string fault = session.backend.import(lines, created, changed);
  if (!fault.empty()) return session.fail(source + ", " + fault);
  if (session.arguments.json) {
    session.console.write(format_json(CtlRow{{"created", std::to_string(created), false},
                                             {"changed", std::to_string(changed), false}}) +
                          "\n");
  } else {
    session.console.write(std::to_string(created) + (created == 1 ? " user" : " users") +
                          " created, " + std::to_string(changed) + " changed\n");
  }
  return kCtlDone;
}

}  // namespace tipring::app
