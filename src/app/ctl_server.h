// The running server, over its Unix socket.
#pragma once

#include <string>

#include "app/ctl_backend.h"
#include "port/http_client.h"

namespace tipring::app {

class CtlServer final : public CtlBackend {
 public:
  explicit CtlServer(std::string_view socket) : socket_(socket) {}

  std::string put_user(const CtlUserChange& change) override;
  std::string rename_user(const admin::UserName& user, const std::string& new_name,
                          std::string_view password) override;
  std::string remove_user(const admin::UserName& user) override;
  std::string show_user(const admin::UserName& user, CtlRow& row) override;
  // In requests of a few hundred lines, since the server answers each when all of it is on the
  // disk.
  std::string import(const admin::ImportLines& lines, uint32_t& created,
                     uint32_t& changed) override;
  std::string put_group(const admin::UserName& group, admin::PutMode mode,
                        const admin::GroupFields& fields) override;
  std::string rename_group(const admin::UserName& group, const std::string& new_name) override;
  std::string remove_group(const admin::UserName& group) override;
  std::string show_group(const admin::UserName& group, CtlRow& row) override;
  std::string list_members(const admin::UserName& group, CtlRows& rows) override;
  std::string put_member(const admin::UserName& group, const std::string& member,
                         admin::PutMode mode, const admin::MemberFields& fields) override;
  std::string remove_member(const admin::UserName& group, const std::string& member) override;
  std::string_view after_failure() const override;
  std::string lift_block(std::string_view source, std::string_view user) override;
  std::string list(CtlListing listing, CtlRows& rows) override;
  std::string list_registrations(const admin::UserName& user, CtlRows& rows) override;
  std::string remove_registrations(const admin::UserName& user, std::string_view contact) override;
  std::string ask(const port::HttpRequest& request, std::string& body) override;
  std::string end_call(std::string_view id) override;
  std::string read_ladder(std::string_view call, CtlLadder& ladder) override;
  std::string read_capture(std::string& bytes) override;
  std::string list_records(std::string_view party, CtlRows& rows) override;
  std::string export_records(std::string_view party,
                             const std::function<void(std::string_view)>& write) override;
  std::string start_trace(std::string_view subject, uint64_t seconds) override;
  std::string stop_trace() override;
  std::string read_trace(std::string_view after, CtlRows& rows) override;

 private:
  // Both empty when the server answered 2xx.
  std::string put_fields(const std::string& path, admin::PutMode mode,
                         const std::string& body) const;
  std::string ask(const port::HttpRequest& request, port::HttpReply& reply) const;

  // All pages of a listing, which the reply has under `name`.
  std::string list(const std::string& path, std::string_view name, CtlRows& rows);

  std::string socket_;
};

}  // namespace tipring::app
