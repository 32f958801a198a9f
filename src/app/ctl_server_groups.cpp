// Hunt groups of the running server.
#include "admin/json.h"
#include "app/ctl_paths.h"
#include "app/ctl_server.h"

namespace tipring::app {

namespace {

// An object of the fields that are present.
template <class Fields, class Text>
std::string body_of(const Fields& fields, std::span<const std::string_view> names, Text text) {
  std::string body = "{";
  for (const std::string_view name : names) {
    // One of the two takes the other's place, and only the one that is set is sent.
    const std::string value = admin::has_field(fields, name) ? text(fields, name) : "";
    const bool is_other =
        (name == "no_answer_status" && value == "0") || (name == "no_answer_to" && value.empty());
    if (!admin::has_field(fields, name) || is_other) continue;
    if (body.size() > 1) body += ',';
    admin::append_json(body, name);
    body += ':';
    admin::append_json(body, value);
  }
  return body + "}";
}

std::string path_of_member(const admin::UserName& group, const std::string& member) {
  return path_of("/api/v1/groups/", group) + "/members/" + percent_encoded(member);
}

}  // namespace

std::string CtlServer::put_fields(const std::string& path, admin::PutMode mode,
                                  const std::string& body) const {
  std::string target = path;
  if (mode != admin::PutMode::Either)
    target += mode == admin::PutMode::Create ? "?mode=create" : "?mode=change";
  port::HttpReply reply;
  return ask({"PUT", target, body}, reply);
}

std::string CtlServer::put_group(const admin::UserName& group, admin::PutMode mode,
                                 const admin::GroupFields& fields) {
  std::string body = body_of(fields, admin::group_field_names(), admin::group_field_text);
  // Neither is set: the caller is told what the calls came to.
  const bool clears = (fields.present & store::kGroupNoAnswer) != 0 &&
                      fields.no_answer_status == 0 && fields.no_answer_to.view().empty();
  if (clears) {
    body.pop_back();
    body += body.size() > 1 ? "," : "";
    body += R"("no_answer_status":0,"no_answer_to":""})";
  }
  return put_fields(path_of("/api/v1/groups/", group), mode, body);
}

std::string CtlServer::rename_group(const admin::UserName& group, const std::string& new_name) {
  port::HttpReply reply;
  return ask(
      {"PATCH", path_of("/api/v1/groups/", group) + "?name=" + percent_encoded(new_name), ""},
      reply);
}

std::string_view CtlServer::after_failure() const {
  return "; what the file says up to there is stored: import it once more when that is mended";
}

std::string CtlServer::remove_group(const admin::UserName& group) {
  port::HttpReply reply;
  return ask({"DELETE", path_of("/api/v1/groups/", group), ""}, reply);
}

std::string CtlServer::show_group(const admin::UserName& group, CtlRow& row) {
  CtlRows rows;
  if (std::string fault = list(path_of("/api/v1/groups/", group), "group", rows); !fault.empty())
    return fault;
  if (rows.size() != 1) return "the server's answer is none that this tool knows";
  row = std::move(rows.front());
  return "";
}

std::string CtlServer::list_members(const admin::UserName& group, CtlRows& rows) {
  return list(path_of("/api/v1/groups/", group) + "/members", "members", rows);
}

std::string CtlServer::put_member(const admin::UserName& group, const std::string& member,
                                  admin::PutMode mode, const admin::MemberFields& fields) {
  return put_fields(path_of_member(group, member), mode,
                    body_of(fields, admin::member_field_names(), admin::member_field_text));
}

std::string CtlServer::remove_member(const admin::UserName& group, const std::string& member) {
  port::HttpReply reply;
  return ask({"DELETE", path_of_member(group, member), ""}, reply);
}

}  // namespace tipring::app
