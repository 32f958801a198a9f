// Phones that come back under another Contact. RFC 3261 10.3 knows a binding by its URI alone, and
// such a phone would pile up bindings at which nobody answers. What tells that a binding and a new
// Contact are one phone:
//
//  1. The same URI (RFC 3261 19.1.4), under whatever Call-ID.
//  2. The same +sip.instance with the same reg-id, or with none on both sides (RFC 5626 6): a phone
//     that was started again, at another address or port.
//  3. The same Call-ID from another socket, the Contact differs in its port only: a phone that has
//     moved. From the same socket they are two contacts of one phone.
//  4. The connection that the binding came by is gone, and the new Contact comes from the same host
//     and the same User-Agent and differs in port and transport only: a phone that has connected
//     anew.
//  5. As 4, but nothing tells whether the old one still answers (another Call-ID, another port): it
//     may be a second phone on the same host, so both are kept, and only where one of the user's
//     places is wanted does the one heard of least recently make room.
//
// Two contacts of one REGISTER are never one phone by 2 to 5, nor are two different instances.
#pragma once

#include <string_view>

#include "server/registrar/contact.h"
#include "store/binding.h"
#include "transport/transport.h"

namespace tipring::registrar {

// Who sends a contact.
struct Sender {
  const transport::Flow& flow;
  uint64_t call_id_hash;
  std::string_view user_agent;
};

// Rule 2. RFC 5626 4.1: URNs compare by their own rules, urn:uuid without case.
bool is_same_instance(const store::Binding& binding, const Contact& contact);

// Rules 3 and 4.
bool has_moved(const store::Binding& binding, const Contact& contact, const Sender& sender,
               const transport::TransportLayer& transport);

// Rule 5.
bool looks_alike(const store::Binding& binding, const Contact& contact, const Sender& sender);

}  // namespace tipring::registrar
