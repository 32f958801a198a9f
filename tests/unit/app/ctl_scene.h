// Commands of tipringctl without a server and without a terminal.
#pragma once

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

#include "app/ctl_run.h"

namespace tipring::app {

struct FakeBackend final : CtlBackend {
  std::string put_user(const CtlUserChange& change) override {
    last_mode = change.mode;
    last_fields = change.fields;
    if (fault.empty()) users[change.user.text()] = change.password;
    return fault;
  }
  std::string show_user(const admin::UserName& user, CtlRow& row) override {
    row = {{"name", user.name},
           {"auth_name", login.empty() ? user.name : login},
           {"aliases", "1\n2\n", true, true}};
    return users.count(user.text()) > 0 ? "" : "there is no such user";
  }
  std::string list_registrations(const admin::UserName& user, CtlRows& into) override {
    into = {{{"name", user.name}, {"contact", "sip:x"}}};
    return fault;
  }
  std::string remove_registrations(const admin::UserName& user, std::string_view contact) override {
    removed = user.text() + " " + std::string(contact);
    return fault;
  }
  std::string rename_user(const admin::UserName& user, const std::string& new_name,
                          std::string_view password) override {
    renamed = user.text() + " " + new_name + " " + std::string(password);
    return fault;
  }
  std::string remove_user(const admin::UserName& user) override {
    return users.erase(user.text()) > 0 ? "" : "there is no such user";
  }
  std::string import(const admin::ImportLines& lines, uint32_t& created, uint32_t&) override {
    for (const admin::ImportLine& line : lines.lines)
      users[line.user.text()] = line.password.view();
    created = static_cast<uint32_t>(lines.lines.size());
    return fault;
  }
  std::string put_group(const admin::UserName& group, admin::PutMode mode,
                        const admin::GroupFields& fields) override {
    last_mode = mode;
    group_fields = fields;
    changed_group = group.text();
    return fault;
  }
  std::string rename_group(const admin::UserName& group, const std::string& new_name) override {
    renamed = group.text() + " " + new_name;
    return fault;
  }
  std::string remove_group(const admin::UserName& group) override {
    removed = group.text();
    return fault;
  }
  std::string show_group(const admin::UserName&, CtlRow& row) override {
    row = rows.front();
    return fault;
  }
  std::string list_members(const admin::UserName&, CtlRows& into) override {
    into = members;
    return fault;
  }
  std::string put_member(const admin::UserName& group, const std::string& member,
                         admin::PutMode mode, const admin::MemberFields& fields) override {
    if (member == "refused") return "no";
    last_mode = mode;
    member_fields = fields;
    changed_members += group.text() + "/" + member + " ";
    return fault;
  }
  std::string remove_member(const admin::UserName& group, const std::string& member) override {
    removed = group.text() + "/" + member;
    return fault;
  }
  std::string lift_block(std::string_view source, std::string_view user) override {
    lifted = std::string(source) + " " + std::string(user);
    return fault;
  }
  std::string end_call(std::string_view id) override {
    ended = id;
    return fault;
  }
  std::string list(CtlListing listing, CtlRows& into) override {
    into = listing == CtlListing::Credentials ? credentials : rows;
    if (listing == CtlListing::Credentials) return fault;
    for (const auto& [name, password] : users) {
      const admin::UserName user = admin::split_user_name(name);
      into.push_back({{"name", user.name}, {"domain", user.domain}});
    }
    return fault;
  }

  std::map<std::string, std::string> users;
  CtlRows rows;  // listed before them
  CtlRows credentials;
  CtlRows members;
  admin::GroupFields group_fields;
  admin::MemberFields member_fields;
  std::string changed_group;
  std::string changed_members;
  std::string fault;
  admin::UserFields last_fields;
  std::string login;  // of all users; empty: the name
  std::string removed;
  std::string renamed;
  std::string lifted;
  std::string ended;
  admin::PutMode last_mode = admin::PutMode::Either;
};

struct FakeConsole final : CtlConsole {
  std::string read_password(const admin::UserName&, admin::SecretText& text) override {
    text.append(input);
    return input_fault;
  }
  void make_password(admin::SecretText& text) override { text.append("made-for-you"); }
  size_t width() const override { return 0; }
  std::string write_private(const std::string& path, std::string_view text) override {
    file = path + ": " + std::string(text);
    return input_fault;
  }
  std::string read_import(const std::string&, admin::SecretText& text) override {
    text.append(input);
    return input_fault;
  }
  void write(std::string_view text) override { out += text; }
  void write_error(std::string_view text) override { errors += text; }

  std::string input;
  std::string input_fault;
  std::string file;  // the last one that was written
  std::string out;
  std::string errors;
};

struct Scene {
  int run(std::vector<std::string_view> words) {
    const CtlArguments arguments = parse_ctl_arguments(words);
    REQUIRE(arguments.fault == "");
    return run_ctl(arguments, "example.org", backend, console);
  }
  FakeBackend backend;
  FakeConsole console;
};

}  // namespace tipring::app
