// Status codes and their default reason phrases: RFC 3261 21 and the registry that grew from it.
#pragma once

#include <cstdint>
#include <string_view>

namespace tipring::sip {

namespace status {

inline constexpr uint16_t kTrying = 100;
inline constexpr uint16_t kRinging = 180;
inline constexpr uint16_t kCallIsBeingForwarded = 181;
inline constexpr uint16_t kQueued = 182;
inline constexpr uint16_t kSessionProgress = 183;
inline constexpr uint16_t kEarlyDialogTerminated = 199;  // RFC 6228
inline constexpr uint16_t kOk = 200;
inline constexpr uint16_t kAccepted = 202;        // RFC 6665 (deprecated there, still received)
inline constexpr uint16_t kNoNotification = 204;  // RFC 5839
inline constexpr uint16_t kMultipleChoices = 300;
inline constexpr uint16_t kMovedPermanently = 301;
inline constexpr uint16_t kMovedTemporarily = 302;
inline constexpr uint16_t kUseProxy = 305;
inline constexpr uint16_t kAlternativeService = 380;
inline constexpr uint16_t kBadRequest = 400;
inline constexpr uint16_t kUnauthorized = 401;
inline constexpr uint16_t kPaymentRequired = 402;
inline constexpr uint16_t kForbidden = 403;
inline constexpr uint16_t kNotFound = 404;
inline constexpr uint16_t kMethodNotAllowed = 405;
inline constexpr uint16_t kNotAcceptable = 406;
inline constexpr uint16_t kProxyAuthenticationRequired = 407;
inline constexpr uint16_t kRequestTimeout = 408;
inline constexpr uint16_t kGone = 410;
inline constexpr uint16_t kConditionalRequestFailed = 412;  // RFC 3903
inline constexpr uint16_t kRequestEntityTooLarge = 413;
inline constexpr uint16_t kRequestUriTooLong = 414;
inline constexpr uint16_t kUnsupportedMediaType = 415;
inline constexpr uint16_t kUnsupportedUriScheme = 416;
inline constexpr uint16_t kUnknownResourcePriority = 417;  // RFC 4412
inline constexpr uint16_t kBadExtension = 420;
inline constexpr uint16_t kExtensionRequired = 421;
inline constexpr uint16_t kSessionIntervalTooSmall = 422;  // RFC 4028
inline constexpr uint16_t kIntervalTooBrief = 423;
inline constexpr uint16_t kBadLocationInformation = 424;   // RFC 6442
inline constexpr uint16_t kUseIdentityHeader = 428;        // RFC 8224
inline constexpr uint16_t kProvideReferrerIdentity = 429;  // RFC 3892
inline constexpr uint16_t kFlowFailed = 430;               // RFC 5626
inline constexpr uint16_t kAnonymityDisallowed = 433;      // RFC 5079
inline constexpr uint16_t kBadIdentityInfo = 436;          // RFC 8224
inline constexpr uint16_t kUnsupportedCredential = 437;    // RFC 8224
inline constexpr uint16_t kInvalidIdentityHeader = 438;    // RFC 8224
inline constexpr uint16_t kFirstHopLacksOutbound = 439;    // RFC 5626
inline constexpr uint16_t kMaxBreadthExceeded = 440;       // RFC 5393
inline constexpr uint16_t kBadInfoPackage = 469;           // RFC 6086
inline constexpr uint16_t kConsentNeeded = 470;            // RFC 5360
inline constexpr uint16_t kTemporarilyUnavailable = 480;
inline constexpr uint16_t kCallOrTransactionDoesNotExist = 481;
inline constexpr uint16_t kLoopDetected = 482;
inline constexpr uint16_t kTooManyHops = 483;
inline constexpr uint16_t kAddressIncomplete = 484;
inline constexpr uint16_t kAmbiguous = 485;
inline constexpr uint16_t kBusyHere = 486;
inline constexpr uint16_t kRequestTerminated = 487;
inline constexpr uint16_t kNotAcceptableHere = 488;
inline constexpr uint16_t kBadEvent = 489;  // RFC 6665
inline constexpr uint16_t kRequestPending = 491;
inline constexpr uint16_t kUndecipherable = 493;
inline constexpr uint16_t kSecurityAgreementRequired = 494;  // RFC 3329
inline constexpr uint16_t kServerInternalError = 500;
inline constexpr uint16_t kNotImplemented = 501;
inline constexpr uint16_t kBadGateway = 502;
inline constexpr uint16_t kServiceUnavailable = 503;
inline constexpr uint16_t kServerTimeout = 504;
inline constexpr uint16_t kVersionNotSupported = 505;
inline constexpr uint16_t kMessageTooLarge = 513;
inline constexpr uint16_t kPushNotificationServiceNotSupported = 555;  // RFC 8599
inline constexpr uint16_t kPreconditionFailure = 580;                  // RFC 3312
inline constexpr uint16_t kBusyEverywhere = 600;
inline constexpr uint16_t kDecline = 603;
inline constexpr uint16_t kDoesNotExistAnywhere = 604;
inline constexpr uint16_t kNotAcceptableAnywhere = 606;
inline constexpr uint16_t kUnwanted = 607;  // RFC 8197
inline constexpr uint16_t kRejected = 608;  // RFC 8688

}  // namespace status

constexpr bool is_provisional(uint16_t code) { return code >= 100 && code < 200; }
constexpr bool is_success(uint16_t code) { return code >= 200 && code < 300; }
constexpr bool is_redirection(uint16_t code) { return code >= 300 && code < 400; }
constexpr bool is_failure(uint16_t code) {
  return code >= 300 && code < 700;
}  // any final that is no 2xx
constexpr bool is_final(uint16_t code) { return code >= 200 && code < 700; }

// The phrase of RFC 3261 21 or of the RFC that defines `code`; for an unknown code that of its
// class (x00, RFC 3261 8.1.3.2). Never empty.
std::string_view default_reason(uint16_t code);

// With a 480, why a URI cannot be followed whose scheme asks for TLS on every hop, or does not: whole
// lines (RFC 5630 5.3).
inline constexpr std::string_view kSipsNotAllowedLine =
    "Warning: 380 tipring \"SIPS Not Allowed\"\r\n";
inline constexpr std::string_view kSipsRequiredLine = "Warning: 381 tipring \"SIPS Required\"\r\n";

}  // namespace tipring::sip
