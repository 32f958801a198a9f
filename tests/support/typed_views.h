// Every typed view by the number of its header: what a value says, as text that can be compared,
// and the value written anew from what was read.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sip/chars.h"
#include "sip/headers.h"

namespace tipring::test {

// Folds and runs of blanks are one blank (RFC 3261 7.3.1).
inline std::string one_line(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (!sip::kLwsChar(c)) {
      out += c;
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  return out;
}

inline std::string param_text(const sip::Param& param) {
  std::string out = ";" + std::string(param.name);
  if (param.quoted) return out + "=\"" + one_line(param.value) + "\"";
  return param.has_value ? out + "=" + std::string(param.value) : out;
}

// Parameters without the blanks around them.
inline std::string params_text(std::string_view params) {
  std::string out;
  sip::Param param;
  while (sip::next_param(params, param) == sip::ParamStatus::Found) out += param_text(param);
  return out;
}

// The value written anew. Overloads for every view of the table.
inline std::string write_view(std::string_view text) { return one_line(text); }
inline std::string write_view(uint32_t number) { return std::to_string(number); }
inline std::string write_view(uint8_t number) { return std::to_string(number); }

inline std::string write_view(const sip::CSeq& cseq) {
  return std::to_string(cseq.number) + " " + std::string(cseq.method_text);
}
inline std::string write_view(const sip::RAck& rack) {
  return std::to_string(rack.response) + " " + write_view(rack.cseq);
}
inline std::string write_view(const sip::Delta& delta) {
  return std::to_string(delta.seconds) + one_line(delta.comment) + params_text(delta.params);
}
inline std::string write_view(const sip::Timestamp& stamp) {
  return std::string(stamp.time) + (stamp.delay.empty() ? "" : " " + std::string(stamp.delay));
}
inline std::string write_view(const sip::MimeVersion& version) {
  return std::to_string(version.major) + "." + std::to_string(version.minor);
}
inline std::string write_view(const sip::Warning& warning) {
  return std::to_string(1000 + warning.code).substr(1) + " " + std::string(warning.agent) + " \"" +
         one_line(warning.text) + "\"";
}
inline std::string write_view(const sip::TokenParams& value) {
  const std::string text = one_line(value.token);
  const bool quoted = text.empty() || !sip::kTokenChar.all(text);
  return (quoted ? "\"" + text + "\"" : text) + params_text(value.params);
}
inline std::string write_view(const sip::DialogRef& dialog) {
  return std::string(dialog.call_id) + params_text(dialog.params);
}
inline std::string write_view(const sip::Privacy& privacy) {
  std::string out;
  const auto add = [&](bool given, const char* name) {
    if (given) out += (out.empty() ? "" : ";") + std::string(name);
  };
  add(privacy.header, "header");
  add(privacy.session, "session");
  add(privacy.user, "user");
  add(privacy.none, "none");
  add(privacy.critical, "critical");
  add(privacy.id, "id");
  add(privacy.history, "history");
  return out.empty() ? "other" : out;
}
inline std::string write_view(const sip::MediaType& media) {
  return std::string(media.type) + "/" + std::string(media.subtype) + params_text(media.params);
}
inline std::string write_view(Millis date) {
  char out[sip::kDateSize];
  return std::string(sip::write_date(date, out));
}
inline std::string write_view(const sip::NameAddr& address) {
  const std::string params = params_text(address.params);
  if (!address.in_brackets) return std::string(address.uri) + params;
  const std::string display = one_line(address.display);
  return display + (display.empty() ? "<" : " <") + std::string(address.uri) + ">" + params;
}
inline std::string write_view(const sip::Via& via) {
  return "SIP/" + std::string(via.version) + "/" + std::string(via.transport_text) + " " +
         (via.is_ipv6 ? "[" : "") + std::string(via.host) + (via.is_ipv6 ? "]" : "") +
         (via.port == 0 ? "" : ":" + std::to_string(via.port)) + params_text(via.params);
}

inline void add_field(std::string& out, const char* name, std::string_view value) {
  if (value.data() == nullptr) return;
  out += (out.empty() || out.ends_with("Digest ") ? "" : ", ") + std::string(name) + "=\"" +
         one_line(value) + "\"";
}
inline std::string write_view(const sip::DigestCredentials& value) {
  std::string out = "Digest ";
  add_field(out, "username", value.username);
  add_field(out, "realm", value.realm);
  add_field(out, "nonce", value.nonce);
  add_field(out, "uri", value.uri);
  add_field(out, "response", value.response);
  add_field(out, "algorithm", value.algorithm);
  add_field(out, "cnonce", value.cnonce);
  add_field(out, "opaque", value.opaque);
  add_field(out, "qop", value.qop);
  add_field(out, "nc", value.nc);
  add_field(out, "userhash", value.userhash);
  return out;
}
inline std::string write_view(const sip::DigestChallenge& value) {
  std::string out = "Digest ";
  add_field(out, "realm", value.realm);
  add_field(out, "domain", value.domain);
  add_field(out, "nonce", value.nonce);
  add_field(out, "opaque", value.opaque);
  add_field(out, "stale", value.stale);
  add_field(out, "algorithm", value.algorithm);
  add_field(out, "qop", value.qop);
  return out;
}
inline std::string write_view(const sip::DigestInfo& value) {
  std::string out;
  add_field(out, "nextnonce", value.nextnonce);
  add_field(out, "qop", value.qop);
  add_field(out, "rspauth", value.rspauth);
  add_field(out, "cnonce", value.cnonce);
  add_field(out, "nc", value.nc);
  return out;
}

// One value of this header, read and written anew; nothing when it cannot be read.
inline std::optional<std::string> rewrite_value(sip::HeaderId id, std::string_view text) {
  switch (id) {
#define TIPRING_REWRITE(header, name, compact, kind, view)                        \
  case sip::HeaderId::header: {                                                   \
    const auto value = sip::HeaderTraits<sip::HeaderId::header>::parse(text);     \
    return value ? std::optional<std::string>(write_view(*value)) : std::nullopt; \
  }
    TIPRING_SIP_HEADERS(TIPRING_REWRITE)
#undef TIPRING_REWRITE
    case sip::HeaderId::Other: break;
  }
  return one_line(text);
}

}  // namespace tipring::test
