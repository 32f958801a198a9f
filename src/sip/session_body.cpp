#include "sip/session_body.h"

#include <array>
#include <optional>

#include "core/text.h"
#include "sip/headers.h"
#include "sip/multipart.h"

namespace tipring::sip {

namespace {

// What the headers of a body, or of a part, say about it.
struct Labels {
  std::optional<std::string_view> type;
  std::optional<std::string_view> disposition;
  std::optional<std::string_view> encoding;
};

// An unknown disposition is not "session", and one that cannot be read is none at all.
bool is_session(const Labels& labels) {
  if (!labels.disposition) return true;
  const auto disposition = TokenParamsTraits::parse(*labels.disposition);
  return !disposition || iequals(disposition->token, "session");
}

bool is_plain(const Labels& labels) {
  if (!labels.encoding) return true;
  for (const std::string_view plain : {"identity", "binary", "8bit", "7bit"}) {
    if (iequals(*labels.encoding, plain)) return true;
  }
  return false;
}

class Finder {
 public:
  SessionBody find(const Labels& labels, std::string_view body) {
    take(labels, body);
    while (depth_ > 0) step();
    if (found_.status == SessionBodyStatus::None && broken_)
      found_.status = SessionBodyStatus::Malformed;
    return found_;
  }

 private:
  struct Level {
    Multipart parts;
    bool alternative;
  };

  // A body or a part: what is looked for, more parts, or something else.
  void take(const Labels& labels, std::string_view body) {
    if (!labels.type) return;
    const auto type = MediaTypeTraits::parse(*labels.type);
    if (!type) return;
    if (type->is("application", "sdp")) {
      if (is_session(labels)) note(labels, body);
      return;
    }
    if (!iequals(type->type, "multipart") || depth_ == kMultipartDepthMax) return;
    const auto parts = Multipart::open(*type, body);
    if (!parts) {
      broken_ = true;
      return;
    }
    levels_[depth_++] = Level{*parts, iequals(type->subtype, "alternative")};
  }

  void note(const Labels& labels, std::string_view body) {
    const bool alternative = depth_ > 0 && levels_[depth_ - 1]->alternative;
    if (found_.status != SessionBodyStatus::None && !alternative) {
      found_ = {SessionBodyStatus::Malformed, {}};
    } else if (is_plain(labels)) {
      found_ = {SessionBodyStatus::Found, body};
    } else {
      found_ = {SessionBodyStatus::Encoded, {}};
    }
  }

  void step() {
    BodyPart part;
    const PartStatus status = levels_[depth_ - 1]->parts.next(part);
    if (status != PartStatus::Found) {
      broken_ = broken_ || status == PartStatus::Malformed;
      --depth_;
      return;
    }
    Labels labels{part.header("Content-Type"), part.header("Content-Disposition"),
                  part.header("Content-Transfer-Encoding")};
    if (!labels.encoding) labels.encoding = part.header("Content-Encoding");
    take(labels, part.body);
  }

  std::array<std::optional<Level>, kMultipartDepthMax> levels_;
  size_t depth_ = 0;
  SessionBody found_;
  bool broken_ = false;
};

}  // namespace

SessionBody find_session_body(const MessageView& message) {
  if (message.body().empty()) return {};
  const Labels labels{message.header(HeaderId::ContentType),
                      message.header(HeaderId::ContentDisposition),
                      message.header(HeaderId::ContentEncoding)};
  return Finder().find(labels, message.body());
}

}  // namespace tipring::sip
