// A context: one job with one peer or one request, made of the services in its type.
//
// What a context can do is the list of services it is composed of. Its services are members, not
// heap objects; a context lives in a pool and is referred to by handle. A service in the list costs
// its bytes, one that is not in the list costs nothing.
//
// A service is a class with these members, each of them optional:
//
//   using Before = ServiceList<X, Y>;     X and Y, where present, must stand after this service
//   using Requires = ServiceList<Z>;      Z must be present
//   Screening screen_request(const Environment&, const Incoming&);
//       may refuse a new request, in list order
//   bool examine_request(const Environment&, const Incoming&);
//       a request that nobody has refused; true: there is a server event to report
//   using ManagesRequests = void;
//       the request manager, one at most: its server event is the last, wherever it stands
//   bool examine_response(const Environment&, Exchange&);
//       a response to a request of ours, with what the context knows of it; true: there is a client
//       event, which the application answers
//
// A wrong order does not compile.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <type_traits>

#include "transport/incoming.h"

namespace tipring::service {

using transport::Flow;
using transport::Incoming;

struct Environment;

template <class... Services>
struct ServiceList {};

// What a service says of a new request.
enum class Screening : uint8_t {
  Pass,     // not this service's concern, or all is well
  Refused,  // answered; the context has nothing more to do
};

// What the application says to a client event.
enum class ClientVerdict : uint8_t {
  Reissue,  // the request is sent again as the service has changed it
  Next,     // not by this service: the next one is asked, and in the end the response is reported
  Done,     // the response is dealt with; the request is over and nothing more is said of it
};

namespace detail {

template <class S>
concept HasBefore = requires {
  typename S::Before;
};
template <class S>
concept HasRequires = requires {
  typename S::Requires;
};
template <class S>
concept Screens = requires(S service, const Environment& environment, const Incoming& request) {
  { service.screen_request(environment, request) } -> std::same_as<Screening>;
};

template <class S>
concept ExaminesRequests = requires(S service, const Environment& environment,
                                    const Incoming& request) {
  { service.examine_request(environment, request) } -> std::same_as<bool>;
};
template <class S, class Exchange>
concept ExaminesResponses = requires(S service, const Environment& environment,
                                     Exchange& exchange) {
  { service.examine_response(environment, exchange) } -> std::same_as<bool>;
};
template <class S>
concept ManagesRequests = requires {
  typename S::ManagesRequests;
};

inline constexpr size_t kAbsent = SIZE_MAX;

template <class S, class... Services>
constexpr size_t index_of() {
  constexpr bool same[] = {std::is_same_v<S, Services>...};
  for (size_t i = 0; i < sizeof...(Services); ++i) {
    if (same[i]) return i;
  }
  return kAbsent;
}

template <class... Services>
struct Order {
  template <class S, class... Later>
  static constexpr bool stands_before(ServiceList<Later...>) {
    constexpr size_t own = index_of<S, Services...>();
    return ((index_of<Later, Services...>() == kAbsent || own < index_of<Later, Services...>()) &&
            ...);
  }
  template <class... Needed>
  static constexpr bool all_present(ServiceList<Needed...>) {
    return ((index_of<Needed, Services...>() != kAbsent) && ...);
  }
  template <class S>
  static constexpr bool holds_for() {
    bool good = true;
    if constexpr (HasBefore<S>) good = good && stands_before<S>(typename S::Before{});
    if constexpr (HasRequires<S>) good = good && all_present(typename S::Requires{});
    return good;
  }
};

template <class... Services>
constexpr bool all_distinct() {
  constexpr size_t indices[] = {index_of<Services, Services...>()...};
  for (size_t i = 0; i < sizeof...(Services); ++i) {
    if (indices[i] != i) return false;
  }
  return true;
}

}  // namespace detail

// True when every service stands where it and the others want it, and has what it requires.
template <class... Services>
constexpr bool order_holds() {
  return detail::all_distinct<Services...>() &&
         (detail::Order<Services...>::template holds_for<Services>() && ...);
}

template <class... Services>
class Context {
  static_assert(order_holds<Services...>(),
                "a service stands in the wrong place, twice, or without one that it requires");
  static_assert((size_t{detail::ManagesRequests<Services>} + ... + 0) <= 1,
                "a context has one request manager");

 public:
  template <class S>
  S& get() {
    return std::get<S>(services_);
  }
  template <class S>
  const S& get() const {
    return std::get<S>(services_);
  }

  template <class S>
  static constexpr bool has() {
    return detail::index_of<S, Services...>() != detail::kAbsent;
  }

  // Shows a new request to all services in order, until one refuses it.
  Screening screen_request(const Environment& environment, const Incoming& request) {
    Screening outcome = Screening::Pass;
    (void)((outcome = screen_with(std::get<Services>(services_), environment, request),
            outcome == Screening::Pass) &&
           ...);
    return outcome;
  }

  // The same, and then the server events: `report(service)` for each service that has one, helpers
  // first and in order, the request manager last.
  template <class Report>
  Screening pass_request(const Environment& environment, const Incoming& request, Report report) {
    if (screen_request(environment, request) == Screening::Refused) return Screening::Refused;
    (examine<false>(std::get<Services>(services_), environment, request, report), ...);
    (examine<true>(std::get<Services>(services_), environment, request, report), ...);
    return Screening::Pass;
  }

  // Shows a response to all services in order. Each that has a client event is one that `ask(service)`
  // decides about, until one of them is not Next. Next: the response is to be reported by who sent the
  // request.
  template <class Exchange, class Ask>
  ClientVerdict pass_response(const Environment& environment, Exchange& exchange, Ask ask) {
    ClientVerdict verdict = ClientVerdict::Next;
    (void)((verdict = examine(std::get<Services>(services_), environment, exchange, ask),
            verdict == ClientVerdict::Next) &&
           ...);
    return verdict;
  }

 private:
  template <bool kManager, class S, class Report>
  static void examine(S& service, const Environment& environment, const Incoming& request,
                      Report& report) {
    if constexpr (detail::ExaminesRequests<S> && detail::ManagesRequests<S> == kManager) {
      if (service.examine_request(environment, request)) report(service);
    }
  }

  template <class S, class Exchange, class Ask>
  static ClientVerdict examine(S& service, const Environment& environment, Exchange& exchange,
                               Ask& ask) {
    if constexpr (detail::ExaminesResponses<S, Exchange>) {
      if (service.examine_response(environment, exchange)) return ask(service);
    }
    return ClientVerdict::Next;
  }

  template <class S>
  static Screening screen_with(S& service, const Environment& environment,
                               const Incoming& request) {
    if constexpr (detail::Screens<S>) {
      return service.screen_request(environment, request);
    } else {
      return Screening::Pass;
    }
  }

  std::tuple<Services...> services_;
};

}  // namespace tipring::service
