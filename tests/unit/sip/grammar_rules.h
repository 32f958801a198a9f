// RFC 3261 section 25 as rules for the generator, and the headers of other RFCs. A rule named as a
// header gives its value. Narrower than the RFC where a rule would give what the RFC forbids
// elsewhere in words: numbers within their bounds, addresses without brackets that need none,
// parameters once.
#pragma once

#include <string_view>

namespace tipring::test {

inline constexpr std::string_view kSipRules = R"ABNF(
ALPHA = %x41-5A / %x61-7A
DIGIT = %x30-39
HEX = DIGIT / %x41-46 / %x61-66
alphanum = ALPHA / DIGIT
WSP = %x20 / %x09
LWS = 1*2WSP / 1*2WSP %x0D.0A 1*2WSP / %x0D.0A 1*2WSP
SWS = [LWS]
HCOLON = *1WSP ":" SWS
COMMA = SWS "," SWS
SEMI = SWS ";" SWS
EQUAL = SWS "=" SWS
SLASH = SWS "/" SWS
LAQUOT = SWS "<"
RAQUOT = ">" SWS
UTF8 = %xC3 %x80-BF / %xE2 %x82 %x80-BF / %xF0.9F.98 %x80-BF
mark = "-" / "_" / "." / "!" / "~" / "*" / "'" / "(" / ")"
unreserved = alphanum / mark
escaped = "%" HEX HEX
token-char = alphanum / "-" / "." / "!" / "%" / "*" / "_" / "+" / "`" / "'" / "~"
token = 1*token-char
word-char = token-char / "(" / ")" / "<" / ">" / ":" / "\" / %x22 / "/" / "[" / "]" / "?" / "{" / "}"
word = 1*word-char
callid = word ["@" word]
qdtext = LWS / %x21 / %x23-5B / %x5D-7E / UTF8
quoted-pair = "\" (%x00-09 / %x0B-0C / %x0E-7F)
quoted-string = SWS %x22 *(qdtext / quoted-pair) %x22
ctext = %x21-27 / %x2A-5B / %x5D-7E / UTF8 / LWS
comment = SWS "(" *(ctext / quoted-pair / comment) ")"
text-char = %x21-7E / UTF8
text = 1*text-char *(SWS text-char)
seconds = %x31-39 *8DIGIT / "0"

octet = DIGIT / %x31-39 DIGIT / "1" DIGIT DIGIT / "25" %x30-35
IPv4address = octet "." octet "." octet "." octet
hex4 = 1*4HEX
IPv6address = 7(hex4 ":") hex4 / "2001:db8::" hex4 / "::" hex4 / hex4 "::" / "::ffff:" IPv4address
IPv6reference = "[" IPv6address "]"
domainlabel = alphanum / alphanum *(alphanum / "-") alphanum
toplabel = ALPHA / ALPHA *(alphanum / "-") alphanum
hostname = *(domainlabel ".") toplabel ["."]
host = hostname / IPv4address / IPv6reference
port = %x31-39 *3DIGIT / "65535"
hostport = host [":" port]
user = 1*(unreserved / escaped / "&" / "=" / "+" / "$" / "," / ";" / "?" / "/")
password = *(unreserved / escaped / "&" / "=" / "+" / "$" / ",")
userinfo = user [":" password] "@"
paramchar = unreserved / escaped / "[" / "]" / "/" / ":" / "&" / "+" / "$"
uri-parameter = "transport=" ("udp" / "tcp" / "tls" / "sctp") / "user=" ("phone" / "ip")
 / "method=INVITE" / "ttl=" octet / "maddr=" host / "lr" / 1*paramchar ["=" 1*paramchar]
hnv = unreserved / escaped / "[" / "]" / "/" / "?" / ":" / "+" / "$"
uri-header = 1*hnv "=" *hnv
SIP-URI = ("sip:" / "sips:") [userinfo] hostport *(";" uri-parameter)
SIP-URI-with-headers = SIP-URI ["?" uri-header *("&" uri-header)]
other-URI = "http://" hostname "/" *unreserved / "urn:" 1*alphanum ":" 1*alphanum / "tel:+" 1*DIGIT
bare-URI = "sip:" [1*(unreserved / escaped) "@"] hostport
Request-URI = SIP-URI

gen-value = token / host / quoted-string
generic-param = token [EQUAL gen-value]
params = *(SEMI generic-param)
display-name = *(token LWS) / quoted-string
name-addr = [display-name] LAQUOT (SIP-URI-with-headers / other-URI) RAQUOT
address = (name-addr / bare-URI) params
sip-address = ([display-name] LAQUOT SIP-URI RAQUOT / bare-URI) params
uri-params = LAQUOT (SIP-URI / other-URI) RAQUOT params
token-params = token params
qvalue = "0" ["." *3DIGIT] / "1" ["." *3"0"]
media-range = ("*/*" / token SLASH "*" / token SLASH token) params [SEMI "q" EQUAL qvalue]
dialog-ids = word-id ["@" word-id] SEMI "to-tag" EQUAL token SEMI "from-tag" EQUAL token [SEMI "early-only"]
word-id = 1*(alphanum / "-" / ".")
pseudonym = token

via-param = "ttl" EQUAL octet / "maddr" EQUAL host / "received" EQUAL (IPv4address / IPv6address)
 / "branch" EQUAL token / "rport" / "rport" EQUAL port / generic-param
Via = "SIP" SLASH "2.0" SLASH ("UDP" / "TCP" / "TLS" / "SCTP" / token) LWS host [SWS ":" SWS port]
 *(SEMI via-param)
From = sip-address SEMI "tag" EQUAL token
To = sip-address [SEMI "tag" EQUAL token]
Call-ID = callid
Max-Forwards = octet
Contact = sip-address [SEMI "q" EQUAL qvalue] [SEMI "expires" EQUAL seconds]
Route = [display-name] LAQUOT SIP-URI RAQUOT params
Record-Route = [display-name] LAQUOT SIP-URI RAQUOT params
Content-Type = token SLASH token params
Expires = seconds
dig-string = quoted-string
Authorization = "Digest" LWS "username" EQUAL dig-string COMMA "realm" EQUAL dig-string COMMA "nonce" EQUAL dig-string
 COMMA "uri" EQUAL %x22 SIP-URI %x22 COMMA "response" EQUAL %x22 32HEX %x22 [COMMA "algorithm" EQUAL ("MD5" / token)]
 [COMMA "cnonce" EQUAL dig-string] [COMMA "qop" EQUAL "auth" COMMA "nc" EQUAL 8HEX] [COMMA "x-" token EQUAL token]
Proxy-Authorization = Authorization
WWW-Authenticate = "Digest" LWS "realm" EQUAL dig-string [COMMA "domain" EQUAL %x22 SIP-URI %x22] COMMA "nonce" EQUAL
 dig-string [COMMA "stale" EQUAL ("true" / "false")] [COMMA "qop" EQUAL %x22 "auth" ["," "auth-int"] %x22]
Proxy-Authenticate = WWW-Authenticate
Authentication-Info = "nextnonce" EQUAL dig-string [COMMA "qop" EQUAL "auth" COMMA "rspauth" EQUAL %x22 *HEX %x22]
Require = token
Proxy-Require = token
Supported = token
Unsupported = token
Allow = token
User-Agent = token ["/" token] *(LWS (token / comment))
Server = token ["/" token] *(LWS (token / comment))
Accept = media-range
Accept-Encoding = token-params
Accept-Language = token-params
Alert-Info = uri-params
Call-Info = uri-params
Content-Disposition = token-params
Content-Encoding = token
Content-Language = 1*8ALPHA *("-" 1*8ALPHA)
Date = (%x4D.6F.6E / %x53.75.6E) ", 0" %x31-39 " " (%x4A.61.6E / %x44.65.63) " 20" 2DIGIT " 1" DIGIT ":" %x30-35 DIGIT
 ":" %x30-35 DIGIT " " %x47.4D.54
Error-Info = uri-params
In-Reply-To = word-id ["@" word-id]
MIME-Version = 1*2DIGIT "." 1*2DIGIT
Min-Expires = seconds
Organization = text
Priority = "emergency" / "urgent" / "normal" / "non-urgent" / token
Reply-To = address
Retry-After = seconds [comment] params
Subject = text
Timestamp = 1*DIGIT ["." *DIGIT] [LWS 1*DIGIT ["." *DIGIT]]
Warning = 3DIGIT " " (hostport / pseudonym) " " %x22 *(%x21 / %x23-5B / %x5D-7E / quoted-pair) %x22

RAck = seconds LWS seconds LWS token
RSeq = seconds
Privacy = ("header" / "session" / "user" / "none" / "critical" / "id" / "history" / token) *(SWS ";" SWS "user")
P-Asserted-Identity = name-addr
P-Preferred-Identity = name-addr
Reason = token-params
Path = LAQUOT SIP-URI RAQUOT params
Security-Client = token-params
Security-Server = token-params
Security-Verify = token-params
Refer-To = address
Service-Route = LAQUOT SIP-URI RAQUOT params
Accept-Contact = "*" params
Reject-Contact = "*" params
Request-Disposition = "proxy" / "redirect" / "cancel" / "no-fork" / "recurse" / "parallel" / "no-queue"
Replaces = dialog-ids
Referred-By = address
SIP-ETag = token
SIP-If-Match = token
Join = dialog-ids
Session-Expires = seconds [SEMI "refresher" EQUAL ("uac" / "uas")] params
Min-SE = seconds params
Resource-Priority = 1*alphanum "." 1*alphanum
Accept-Resource-Priority = 1*alphanum "." 1*alphanum
Refer-Sub = ("true" / "false") params
Target-Dialog = word-id ["@" word-id] params
P-Early-Media = "supported" / "sendrecv" / "gated"
Max-Breadth = seconds
Answer-Mode = ("Manual" / "Auto") params
Priv-Answer-Mode = ("Manual" / "Auto") params
Flow-Timer = seconds
Diversion = name-addr params
Suppress-If-Match = token / "*"
Info-Package = token-params
Recv-Info = token-params
Geolocation = uri-params
Geolocation-Routing = "yes" / "no"
Geolocation-Error = 3DIGIT params
Event = token-params
Allow-Events = token
Subscription-State = ("active" / "pending" / "terminated" / token) [SEMI "expires" EQUAL seconds] params
Feature-Caps = "*" params
History-Info = name-addr params
P-Associated-URI = name-addr params
P-Called-Party-ID = name-addr params
P-Visited-Network-ID = (token / quoted-string) params
P-Access-Network-Info = token params
P-Charging-Vector = "icid-value" EQUAL gen-value params
P-Charging-Function-Addresses = "ccf" EQUAL gen-value params
User-to-User = (token / quoted-string) params
Session-ID = 32HEX [";remote=" 32HEX]
Identity = 1*(alphanum / "-" / "_" / ".") ";info=<" SIP-URI ">"
Identity-Info = uri-params
unknown-value = *(text-char / LWS / quoted-string)
Reason-Phrase = *(unreserved / escaped / ";" / "/" / "?" / ":" / "@" / "&" / "=" / "+" / "$" / "," / UTF8 / %x20 / %x09)
body = *(%x00-FF)
)ABNF";

}  // namespace tipring::test
