// What one REGISTER does to the bindings of its address-of-record: RFC 3261 10.3 steps 6 and 7. All
// its contacts are taken, or none. same_phone.h tells which binding a contact replaces.
#pragma once

#include <span>

#include "server/registrar/contact.h"
#include "server/registrar/options.h"
#include "server/registrar/refusal.h"
#include "server/registrar/same_phone.h"
#include "service/environment.h"
#include "sip/message.h"
#include "store/store.h"

namespace tipring::registrar {

struct Changes {  // how many bindings, for the log
  uint32_t added = 0;
  uint32_t refreshed = 0;
  uint32_t removed = 0;
};

// Lives for the gathering of one update, and borrows all that it is given.
class Update {
 public:
  struct From {
    const sip::MessageView& request;
    const transport::Flow& flow;
    Millis now;
    bool third_party = false;  // not the phone itself sends it
  };

  // `scratch` has room for the parameters of any contact.
  Update(const RegistrarOptions& options, const service::Environment& environment, const From& from,
         const store::User& user, store::BindingUpdate& bindings, std::span<char> scratch);

  // Reads the request and fills the update. After a refusal the update is to be abandoned.
  Refusal gather();

  const Changes& changes() const { return changes_; }

 private:
  Refusal remove_all();
  Refusal read_all(Contact& last) const;  // gives the last one
  Refusal check_sips(bool other_contacts) const;
  Refusal check_host(const Contact& contact) const;
  bool leads_back(const Contact& contact) const;
  bool names_user(const sip::Uri& uri) const;
  Refusal take(const Contact& contact);
  Refusal find_old(const Contact& contact, store::Binding*& old);
  store::Binding* find_moved(const Contact& contact) const;
  bool is_named_by_another(const Contact& contact, const store::Binding& binding) const;
  bool is_late(const store::Binding& binding) const;
  void remove(store::Binding& binding);
  Refusal make_room();
  store::Binding* find_look_alike() const;
  store::BindingFields fields_of(const Contact& contact, std::span<char> path) const;

  const RegistrarOptions& options_;
  const transport::TransportLayer& transport_;
  const service::OwnNames& names_;
  const From& from_;
  const store::User& user_;
  store::BindingUpdate& bindings_;
  std::span<char> scratch_;
  uint32_t cseq_;
  Sender sender_;
  Changes changes_;
};

}  // namespace tipring::registrar
