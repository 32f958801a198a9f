#include "app/ctl_run.h"

#include "app/ctl_session.h"
#include "tipring/version.h"

namespace tipring::app {

namespace {

int help(CtlSession& session) {
  const CtlCommandRow* topic = session.arguments.topic;
  const std::string& group = session.arguments.topic_group;
  session.console.write(topic != nullptr ? ctl_help(*topic)
                        : group.empty()  ? ctl_help()
                                         : ctl_help_of_group(group));
  return kCtlDone;
}

int version(CtlSession& session) {
  session.console.write("tipringctl " + std::string(kVersion) + "\n");
  return kCtlDone;
}

}  // namespace

int run_ctl(const CtlArguments& arguments, std::string_view default_domain, CtlBackend& backend,
            CtlConsole& console) {
  CtlSession session{arguments, default_domain, backend, console};
  switch (arguments.command) {
    case CtlCommand::Help: return help(session);
    case CtlCommand::Version: return version(session);
    case CtlCommand::UserAdd: return add_user(session);
    case CtlCommand::UserSet: return set_user(session);
    case CtlCommand::UserPassword: return change_password(session);
    case CtlCommand::UserShow: return show_user(session);
    case CtlCommand::UserRename: return rename_user(session);
    case CtlCommand::UserDelete: return delete_user(session);
    case CtlCommand::UserList: return list_users(session);
    case CtlCommand::UserImport: return import_users(session);
    case CtlCommand::UserExport: return export_users(session);
    case CtlCommand::GroupAdd: return add_group(session);
    case CtlCommand::GroupSet: return set_group(session);
    case CtlCommand::GroupEnable:
    case CtlCommand::GroupDisable: return switch_group(session);
    case CtlCommand::GroupRename: return rename_group(session);
    case CtlCommand::GroupImport: return import_groups(session);
    case CtlCommand::GroupExport: return export_groups(session);
    case CtlCommand::GroupRemove: return remove_group(session);
    case CtlCommand::GroupShow: return show_group(session);
    case CtlCommand::GroupList: return list_groups(session);
    case CtlCommand::MemberAdd: return add_member(session);
    case CtlCommand::MemberSet: return set_member(session);
    case CtlCommand::MemberEnable:
    case CtlCommand::MemberDisable: return switch_member(session);
    case CtlCommand::MemberRemove: return remove_member(session);
    case CtlCommand::Registrations: return list_registrations(session);
    case CtlCommand::RegistrationsRemove: return remove_registrations(session);
    case CtlCommand::Blocks: return list_blocks(session);
    case CtlCommand::Refused: return list_refused(session);
    case CtlCommand::Unknown: return list_unknown(session);
    case CtlCommand::Calls: return list_calls(session);
    case CtlCommand::CallsEnd: return end_call(session);
    case CtlCommand::Records: return list_records(session);
    case CtlCommand::AdminSetupCode: return show_setup_code(session);
    case CtlCommand::AdminList: return list_admins(session);
    case CtlCommand::AdminAdd:
    case CtlCommand::AdminSet:
    case CtlCommand::AdminPassword: return put_admin(session);
    case CtlCommand::AdminRemove: return remove_admin(session);
    case CtlCommand::TokenList: return list_tokens(session);
    case CtlCommand::TokenAdd: return add_token(session);
    case CtlCommand::TokenRemove: return remove_token(session);
    case CtlCommand::Audit: return list_audit(session);
    case CtlCommand::ConfigShow: return show_configuration(session);
    case CtlCommand::ConfigCheck: return check_configuration(session);
    case CtlCommand::ConfigSet: return set_configuration(session);
    case CtlCommand::LogShow: return show_log(session);
    case CtlCommand::Backup: return save_backup(session);
    case CtlCommand::Restore: return restore_backup(session);
    case CtlCommand::Restart: return restart_server(session);
    case CtlCommand::BlocksLift: return lift_block(session);
    case CtlCommand::Pools: return list_pools(session);
    case CtlCommand::Status: return show_status(session);
    case CtlCommand::TraceOn: return start_trace(session);
    case CtlCommand::TraceShow: return show_ladder(session);
    case CtlCommand::TracePcap: return save_capture(session);
    case CtlCommand::TraceOff: return stop_trace(session);
    case CtlCommand::Trace: return follow_trace(session);
  }
  return kCtlWrongUsage;
}

}  // namespace tipring::app
