// The table of known header fields: one line each, and a new header is one more line.
//
//   X(Id, "Canonical-Name", compact form or 0, kind, view)
//
// Kinds: Single may appear once only. List is defined as a comma-separated list, so that its values
// may be spread over any number of lines (RFC 3261 7.3.1). Lines may repeat, but a comma inside
// belongs to the value.
//
// View: how one value is read; the struct <view>Traits, all of which headers.h brings.
#pragma once

// clang-format off
#define TIPRING_SIP_HEADERS(X)                                                                     \
  X(Via, "Via", 'v', List, Via)                                                                    \
  X(From, "From", 'f', Single, NameAddr)                                                           \
  X(To, "To", 't', Single, NameAddr)                                                               \
  X(CallId, "Call-ID", 'i', Single, CallId)                                                        \
  X(CSeq, "CSeq", 0, Single, CSeq)                                                                 \
  X(MaxForwards, "Max-Forwards", 0, Single, Hops)                                                  \
  X(Contact, "Contact", 'm', List, NameAddr)                                                       \
  X(Route, "Route", 0, List, NameAddr)                                                             \
  X(RecordRoute, "Record-Route", 0, List, NameAddr)                                                \
  X(ContentLength, "Content-Length", 'l', Single, Number)                                          \
  X(ContentType, "Content-Type", 'c', Single, MediaType)                                           \
  X(Expires, "Expires", 0, Single, Number)                                                         \
  X(Authorization, "Authorization", 0, Lines, Credentials)                                         \
  X(ProxyAuthorization, "Proxy-Authorization", 0, Lines, Credentials)                              \
  X(WwwAuthenticate, "WWW-Authenticate", 0, Lines, Challenge)                                      \
  X(ProxyAuthenticate, "Proxy-Authenticate", 0, Lines, Challenge)                                  \
  X(AuthenticationInfo, "Authentication-Info", 0, Single, AuthInfo)                                \
  X(Require, "Require", 0, List, Token)                                                            \
  X(ProxyRequire, "Proxy-Require", 0, List, Token)                                                 \
  X(Supported, "Supported", 'k', List, Token)                                                      \
  X(Unsupported, "Unsupported", 0, List, Token)                                                    \
  X(Allow, "Allow", 0, List, Token)                                                                \
  X(UserAgent, "User-Agent", 0, Single, Products)                                                  \
  X(Server, "Server", 0, Single, Products)                                                         \
  X(Accept, "Accept", 0, List, MediaType)                                                          \
  X(AcceptEncoding, "Accept-Encoding", 0, List, TokenParams)                                       \
  X(AcceptLanguage, "Accept-Language", 0, List, TokenParams)                                       \
  X(AlertInfo, "Alert-Info", 0, List, UriParams)                                                   \
  X(CallInfo, "Call-Info", 0, List, UriParams)                                                     \
  X(ContentDisposition, "Content-Disposition", 0, Single, TokenParams)                             \
  X(ContentEncoding, "Content-Encoding", 'e', List, Token)                                         \
  X(ContentLanguage, "Content-Language", 0, List, LanguageTag)                                     \
  X(Date, "Date", 0, Single, Date)                                                                 \
  X(ErrorInfo, "Error-Info", 0, List, UriParams)                                                   \
  X(InReplyTo, "In-Reply-To", 0, List, CallId)                                                     \
  X(MimeVersion, "MIME-Version", 0, Single, MimeVersion)                                           \
  X(MinExpires, "Min-Expires", 0, Single, Number)                                                  \
  X(Organization, "Organization", 0, Single, Text)                                                 \
  X(Priority, "Priority", 0, Single, Token)                                                        \
  X(ReplyTo, "Reply-To", 0, Single, NameAddr)                                                      \
  X(RetryAfter, "Retry-After", 0, Single, Delta)                                                   \
  X(Subject, "Subject", 's', Single, Text)                                                         \
  X(Timestamp, "Timestamp", 0, Single, Timestamp)                                                  \
  X(Warning, "Warning", 0, List, Warning)                                                          \
  X(Rack, "RAck", 0, Single, RAck)                                            /* RFC 3262 */       \
  X(Rseq, "RSeq", 0, Single, Number)                                          /* RFC 3262 */       \
  X(Privacy, "Privacy", 0, Single, Privacy)                                   /* RFC 3323 */       \
  X(PAssertedIdentity, "P-Asserted-Identity", 0, List, NameAddr)              /* RFC 3325 */       \
  X(PPreferredIdentity, "P-Preferred-Identity", 0, List, NameAddr)            /* RFC 3325 */       \
  X(Reason, "Reason", 0, List, TokenParams)                                   /* RFC 3326 */       \
  X(Path, "Path", 0, List, NameAddr)                                          /* RFC 3327 */       \
  X(SecurityClient, "Security-Client", 0, List, TokenParams)                  /* RFC 3329 */       \
  X(SecurityServer, "Security-Server", 0, List, TokenParams)                  /* RFC 3329 */       \
  X(SecurityVerify, "Security-Verify", 0, List, TokenParams)                  /* RFC 3329 */       \
  X(ReferTo, "Refer-To", 'r', Single, NameAddr)                               /* RFC 3515 */       \
  X(ServiceRoute, "Service-Route", 0, List, NameAddr)                         /* RFC 3608 */       \
  X(AcceptContact, "Accept-Contact", 'a', List, TokenParams)                  /* RFC 3841 */       \
  X(RejectContact, "Reject-Contact", 'j', List, TokenParams)                  /* RFC 3841 */       \
  X(RequestDisposition, "Request-Disposition", 'd', List, Token)              /* RFC 3841 */       \
  X(Replaces, "Replaces", 0, Single, Replaces)                                /* RFC 3891 */       \
  X(ReferredBy, "Referred-By", 'b', Single, NameAddr)                         /* RFC 3892 */       \
  X(SipEtag, "SIP-ETag", 0, Single, Token)                                    /* RFC 3903 */       \
  X(SipIfMatch, "SIP-If-Match", 0, Single, Token)                             /* RFC 3903 */       \
  X(Join, "Join", 0, Single, Replaces)                                        /* RFC 3911 */       \
  X(SessionExpires, "Session-Expires", 'x', Single, Delta)                    /* RFC 4028 */       \
  X(MinSe, "Min-SE", 0, Single, Delta)                                        /* RFC 4028 */       \
  X(ResourcePriority, "Resource-Priority", 0, List, Token)                    /* RFC 4412 */       \
  X(AcceptResourcePriority, "Accept-Resource-Priority", 0, List, Token)       /* RFC 4412 */       \
  X(ReferSub, "Refer-Sub", 0, Single, TokenParams)                            /* RFC 4488 */       \
  X(TargetDialog, "Target-Dialog", 0, Single, DialogRef)                      /* RFC 4538 */       \
  X(PEarlyMedia, "P-Early-Media", 0, List, TokenParams)                       /* RFC 5009 */       \
  X(MaxBreadth, "Max-Breadth", 0, Single, Number)                             /* RFC 5393 */       \
  X(AnswerMode, "Answer-Mode", 0, Single, TokenParams)                        /* RFC 5373 */       \
  X(PrivAnswerMode, "Priv-Answer-Mode", 0, Single, TokenParams)               /* RFC 5373 */       \
  X(FlowTimer, "Flow-Timer", 0, Single, Number)                               /* RFC 5626 */       \
  X(Diversion, "Diversion", 0, List, NameAddr)                                /* RFC 5806 */       \
  X(SuppressIfMatch, "Suppress-If-Match", 0, Single, Token)                   /* RFC 5839 */       \
  X(InfoPackage, "Info-Package", 0, Single, TokenParams)                      /* RFC 6086 */       \
  X(RecvInfo, "Recv-Info", 0, List, TokenParams)                              /* RFC 6086 */       \
  X(Geolocation, "Geolocation", 0, List, UriParams)                           /* RFC 6442 */       \
  X(GeolocationRouting, "Geolocation-Routing", 0, Single, TokenParams)        /* RFC 6442 */       \
  X(GeolocationError, "Geolocation-Error", 0, Single, TokenParams)            /* RFC 6442 */       \
  X(Event, "Event", 'o', Single, TokenParams)                                 /* RFC 6665 */       \
  X(AllowEvents, "Allow-Events", 'u', List, Token)                            /* RFC 6665 */       \
  X(SubscriptionState, "Subscription-State", 0, Single, TokenParams)          /* RFC 6665 */       \
  X(FeatureCaps, "Feature-Caps", 0, List, TokenParams)                        /* RFC 6809 */       \
  X(HistoryInfo, "History-Info", 0, List, NameAddr)                           /* RFC 7044 */       \
  X(PAssociatedUri, "P-Associated-URI", 0, List, NameAddr)                    /* RFC 7315 */       \
  X(PCalledPartyId, "P-Called-Party-ID", 0, Single, NameAddr)                 /* RFC 7315 */       \
  X(PVisitedNetworkId, "P-Visited-Network-ID", 0, List, ValueParams)          /* RFC 7315 */       \
  X(PAccessNetworkInfo, "P-Access-Network-Info", 0, List, TokenParams)        /* RFC 7315 */       \
  X(PChargingVector, "P-Charging-Vector", 0, Single, Params)                  /* RFC 7315 */       \
  X(PChargingAddresses, "P-Charging-Function-Addresses", 0, Single, Params)   /* RFC 7315 */       \
  X(UserToUser, "User-to-User", 0, List, ValueParams)                         /* RFC 7433 */       \
  X(SessionId, "Session-ID", 0, Single, TokenParams)                          /* RFC 7989 */       \
  X(Identity, "Identity", 'y', List, Text)                                    /* RFC 8224 */       \
  X(IdentityInfo, "Identity-Info", 'n', Single, UriParams)                    /* RFC 4474 */
// clang-format on
