// The table of known header fields: one line each, and a new header is one more line.
//
//   X(Id, "Canonical-Name", compact form or 0, kind)
//
// Kinds: Single may appear once only. List is defined as a comma-separated list, so that its values
// may be spread over any number of lines (RFC 3261 7.3.1). Lines may repeat, but a comma inside
// belongs to the value.
#pragma once

// clang-format off
#define TIPRING_SIP_HEADERS(X)                                                                     \
  X(Via, "Via", 'v', List)                                                                         \
  X(From, "From", 'f', Single)                                                                     \
  X(To, "To", 't', Single)                                                                         \
  X(CallId, "Call-ID", 'i', Single)                                                                \
  X(CSeq, "CSeq", 0, Single)                                                                       \
  X(MaxForwards, "Max-Forwards", 0, Single)                                                        \
  X(Contact, "Contact", 'm', List)                                                                 \
  X(Route, "Route", 0, List)                                                                       \
  X(RecordRoute, "Record-Route", 0, List)                                                          \
  X(ContentLength, "Content-Length", 'l', Single)                                                  \
  X(ContentType, "Content-Type", 'c', Single)                                                      \
  X(Expires, "Expires", 0, Single)                                                                 \
  X(Authorization, "Authorization", 0, Lines)                                                      \
  X(ProxyAuthorization, "Proxy-Authorization", 0, Lines)                                           \
  X(WwwAuthenticate, "WWW-Authenticate", 0, Lines)                                                 \
  X(ProxyAuthenticate, "Proxy-Authenticate", 0, Lines)                                             \
  X(AuthenticationInfo, "Authentication-Info", 0, Single)                                          \
  X(Require, "Require", 0, List)                                                                   \
  X(ProxyRequire, "Proxy-Require", 0, List)                                                        \
  X(Supported, "Supported", 'k', List)                                                             \
  X(Unsupported, "Unsupported", 0, List)                                                           \
  X(Allow, "Allow", 0, List)                                                                       \
  X(UserAgent, "User-Agent", 0, Single)                                                            \
  X(Server, "Server", 0, Single)                                                                   \
  X(Accept, "Accept", 0, List)                                                                     \
  X(AcceptEncoding, "Accept-Encoding", 0, List)                                                    \
  X(AcceptLanguage, "Accept-Language", 0, List)                                                    \
  X(AlertInfo, "Alert-Info", 0, List)                                                              \
  X(CallInfo, "Call-Info", 0, List)                                                                \
  X(ContentDisposition, "Content-Disposition", 0, Single)                                          \
  X(ContentEncoding, "Content-Encoding", 'e', List)                                                \
  X(ContentLanguage, "Content-Language", 0, List)                                                  \
  X(Date, "Date", 0, Single)                                                                       \
  X(ErrorInfo, "Error-Info", 0, List)                                                              \
  X(InReplyTo, "In-Reply-To", 0, List)                                                             \
  X(MimeVersion, "MIME-Version", 0, Single)                                                        \
  X(MinExpires, "Min-Expires", 0, Single)                                                          \
  X(Organization, "Organization", 0, Single)                                                       \
  X(Priority, "Priority", 0, Single)                                                               \
  X(ReplyTo, "Reply-To", 0, Single)                                                                \
  X(RetryAfter, "Retry-After", 0, Single)                                                          \
  X(Subject, "Subject", 's', Single)                                                               \
  X(Timestamp, "Timestamp", 0, Single)                                                             \
  X(Warning, "Warning", 0, List)                                                                   \
  X(Rack, "RAck", 0, Single)                                       /* RFC 3262 */                  \
  X(Rseq, "RSeq", 0, Single)                                       /* RFC 3262 */                  \
  X(Privacy, "Privacy", 0, Single)                                 /* RFC 3323 */                  \
  X(PAssertedIdentity, "P-Asserted-Identity", 0, List)             /* RFC 3325 */                  \
  X(PPreferredIdentity, "P-Preferred-Identity", 0, List)           /* RFC 3325 */                  \
  X(Reason, "Reason", 0, List)                                     /* RFC 3326 */                  \
  X(Path, "Path", 0, List)                                         /* RFC 3327 */                  \
  X(SecurityClient, "Security-Client", 0, List)                    /* RFC 3329 */                  \
  X(SecurityServer, "Security-Server", 0, List)                    /* RFC 3329 */                  \
  X(SecurityVerify, "Security-Verify", 0, List)                    /* RFC 3329 */                  \
  X(ReferTo, "Refer-To", 'r', Single)                              /* RFC 3515 */                  \
  X(ServiceRoute, "Service-Route", 0, List)                        /* RFC 3608 */                  \
  X(AcceptContact, "Accept-Contact", 'a', List)                    /* RFC 3841 */                  \
  X(RejectContact, "Reject-Contact", 'j', List)                    /* RFC 3841 */                  \
  X(RequestDisposition, "Request-Disposition", 'd', List)          /* RFC 3841 */                  \
  X(Replaces, "Replaces", 0, Single)                               /* RFC 3891 */                  \
  X(ReferredBy, "Referred-By", 'b', Single)                        /* RFC 3892 */                  \
  X(SipEtag, "SIP-ETag", 0, Single)                                /* RFC 3903 */                  \
  X(SipIfMatch, "SIP-If-Match", 0, Single)                         /* RFC 3903 */                  \
  X(Join, "Join", 0, Single)                                       /* RFC 3911 */                  \
  X(SessionExpires, "Session-Expires", 'x', Single)                /* RFC 4028 */                  \
  X(MinSe, "Min-SE", 0, Single)                                    /* RFC 4028 */                  \
  X(ResourcePriority, "Resource-Priority", 0, List)                /* RFC 4412 */                  \
  X(AcceptResourcePriority, "Accept-Resource-Priority", 0, List)   /* RFC 4412 */                  \
  X(ReferSub, "Refer-Sub", 0, Single)                              /* RFC 4488 */                  \
  X(TargetDialog, "Target-Dialog", 0, Single)                      /* RFC 4538 */                  \
  X(PEarlyMedia, "P-Early-Media", 0, List)                         /* RFC 5009 */                  \
  X(MaxBreadth, "Max-Breadth", 0, Single)                          /* RFC 5393 */                  \
  X(AnswerMode, "Answer-Mode", 0, Single)                          /* RFC 5373 */                  \
  X(PrivAnswerMode, "Priv-Answer-Mode", 0, Single)                 /* RFC 5373 */                  \
  X(FlowTimer, "Flow-Timer", 0, Single)                            /* RFC 5626 */                  \
  X(Diversion, "Diversion", 0, List)                               /* RFC 5806 */                  \
  X(SuppressIfMatch, "Suppress-If-Match", 0, Single)               /* RFC 5839 */                  \
  X(InfoPackage, "Info-Package", 0, Single)                        /* RFC 6086 */                  \
  X(RecvInfo, "Recv-Info", 0, List)                                /* RFC 6086 */                  \
  X(Geolocation, "Geolocation", 0, List)                           /* RFC 6442 */                  \
  X(GeolocationRouting, "Geolocation-Routing", 0, Single)          /* RFC 6442 */                  \
  X(GeolocationError, "Geolocation-Error", 0, Single)              /* RFC 6442 */                  \
  X(Event, "Event", 'o', Single)                                   /* RFC 6665 */                  \
  X(AllowEvents, "Allow-Events", 'u', List)                        /* RFC 6665 */                  \
  X(SubscriptionState, "Subscription-State", 0, Single)            /* RFC 6665 */                  \
  X(FeatureCaps, "Feature-Caps", 0, List)                          /* RFC 6809 */                  \
  X(HistoryInfo, "History-Info", 0, List)                          /* RFC 7044 */                  \
  X(PAssociatedUri, "P-Associated-URI", 0, List)                   /* RFC 7315 */                  \
  X(PCalledPartyId, "P-Called-Party-ID", 0, Single)                /* RFC 7315 */                  \
  X(PVisitedNetworkId, "P-Visited-Network-ID", 0, List)            /* RFC 7315 */                  \
  X(PAccessNetworkInfo, "P-Access-Network-Info", 0, List)          /* RFC 7315 */                  \
  X(PChargingVector, "P-Charging-Vector", 0, Single)               /* RFC 7315 */                  \
  X(UserToUser, "User-to-User", 0, List)                           /* RFC 7433 */                  \
  X(SessionId, "Session-ID", 0, Single)                            /* RFC 7989 */                  \
  X(Identity, "Identity", 'y', List)                               /* RFC 8224 */                  \
  X(IdentityInfo, "Identity-Info", 'n', Single)                    /* RFC 4474 */
// clang-format on
