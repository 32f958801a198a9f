// What one REGISTER does to the bindings of its address-of-record: RFC 3261 10.3 steps 6 and 7, RFC
// 5626 6. All its contacts are taken, or none.
#pragma once

#include <span>

#include "server/registrar/contact.h"
#include "server/registrar/options.h"
#include "server/registrar/refusal.h"
#include "sip/message.h"
#include "store/store.h"
#include "transport/flow.h"

namespace tipring::registrar {

struct Changes {  // how many bindings, for the log
  uint32_t added = 0;
  uint32_t refreshed = 0;
  uint32_t removed = 0;
};

// Lives for the gathering of one update, and borrows all that it is given.
class Update {
 public:
  // `scratch` has room for the parameters of any contact.
  Update(const RegistrarOptions& options, const sip::MessageView& request,
         const transport::Flow& flow, Millis now, const store::User& user,
         store::BindingUpdate& bindings, std::span<char> scratch);

  // Reads the request and fills the update. After a refusal the update is to be abandoned.
  Refusal gather();

  const Changes& changes() const { return changes_; }

 private:
  Refusal remove_all();
  Refusal find_old(const Contact& contact, store::Binding*& old);
  Refusal take(const Contact& contact);
  store::BindingFields fields_of(const Contact& contact, std::span<char> path) const;

  const RegistrarOptions& options_;
  const sip::MessageView& request_;
  const transport::Flow& flow_;
  Millis now_;
  const store::User& user_;
  store::BindingUpdate& bindings_;
  std::span<char> scratch_;
  std::string_view call_id_;
  uint32_t cseq_;
  Changes changes_;
};

}  // namespace tipring::registrar
