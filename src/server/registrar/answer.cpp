#include "server/registrar/answer.h"

#include <algorithm>
#include <array>

#include "server/registrar/path.h"
#include "sip/headers.h"
#include "sip/uri.h"

namespace tipring::registrar {

namespace {

// The start of 2020: a board that does not know the time yet tells phones none.
constexpr Millis kClockIsSet{1'577'836'800'000};
constexpr size_t kContactLineMax = 64;  // beside the contact and its parameters
constexpr size_t kDateLineMax = 64;

void write_binding(const store::Binding& binding, Millis now, sip::Writer& out) {
  // Upwards, so that what was granted is what is said.
  const int64_t seconds = std::max<int64_t>(((binding.expires_at() - now).count() + 999) / 1000, 0);
  out.text("Contact: ").text(binding.display_name());
  out.text(binding.display_name().empty() ? "<" : " <")
      .text(binding.contact())
      .text(">")
      .text(binding.params());
  out.text(";expires=").number(static_cast<uint64_t>(seconds)).crlf();
}

// The address-of-record as the phone writes it, under the user's name (SPEC C12).
void write_identity(const sip::MessageView& request, std::string_view display_name,
                    sip::Writer& out) {
  auto uri = request.to_uri();
  if (!uri) return;
  uri->port = 0;
  uri->has_password = false;
  uri->params = uri->headers = {};
  out.text("P-Associated-URI: ").quoted(display_name).text(" <");
  sip::write_uri(out, *uri);
  out.text(">").crlf();
}

}  // namespace

bool answer_fits(const store::User& user, const store::BindingUpdate& changes, size_t others) {
  if (changes.added_count() == 0) return true;
  // Each character of the name may need a backslash.
  size_t size =
      kDateLineMax + kPathMax + 3 * kContactLineMax + others + 2 * user.display_name().size();
  const auto add = [&size](const store::Binding& binding) {
    size += kContactLineMax + binding.contact().size() + binding.params().size() +
            binding.display_name().size();
  };
  for (const store::Binding* binding = user.first_binding(); binding != nullptr;
       binding = user.next_binding(*binding)) {
    add(*binding);
  }
  for (const store::Binding* binding = changes.first_added(); binding != nullptr;
       binding = changes.next_added(*binding)) {
    add(*binding);
  }
  return size <= kAnswerMax;
}

void write_answer(const sip::MessageView& request, const store::User& user,
                  const AnswerFacts& facts, sip::Writer& out) {
  for (const store::Binding* binding = user.first_binding(); binding != nullptr;
       binding = user.next_binding(*binding)) {
    write_binding(*binding, facts.now, out);
  }
  std::array<char, kPathMax> path;
  const std::string_view route = write_path(request, path);
  if (!route.empty()) out.header(sip::HeaderId::Path, route);
  if (!facts.service_route.empty()) out.header(sip::HeaderId::ServiceRoute, facts.service_route);
  if (!user.display_name().empty()) write_identity(request, user.display_name(), out);
  std::array<char, sip::kDateSize> date;
  if (facts.wall >= kClockIsSet) {
    out.header(sip::HeaderId::Date, sip::write_date(facts.wall, date));
  }
}

}  // namespace tipring::registrar
