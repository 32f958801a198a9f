#include "sdp/codec.h"

#include "core/text.h"
#include "sdp/attributes.h"
#include "sdp/line.h"

namespace tipring::sdp {

namespace {

// RFC 3551 6, tables 4 and 5.
constexpr std::array kStaticFormats = {
    Format{"PCMU", {}, 8000, 0, 1},   Format{"GSM", {}, 8000, 3, 1},
    Format{"G723", {}, 8000, 4, 1},   Format{"DVI4", {}, 8000, 5, 1},
    Format{"DVI4", {}, 16000, 6, 1},  Format{"LPC", {}, 8000, 7, 1},
    Format{"PCMA", {}, 8000, 8, 1},   Format{"G722", {}, 8000, 9, 1},
    Format{"L16", {}, 44100, 10, 2},  Format{"L16", {}, 44100, 11, 1},
    Format{"QCELP", {}, 8000, 12, 1}, Format{"CN", {}, 8000, 13, 1},
    Format{"MPA", {}, 90000, 14, 1},  Format{"G728", {}, 8000, 15, 1},
    Format{"DVI4", {}, 11025, 16, 1}, Format{"DVI4", {}, 22050, 17, 1},
    Format{"G729", {}, 8000, 18, 1},  Format{"CelB", {}, 90000, 25, 1},
    Format{"JPEG", {}, 90000, 26, 1}, Format{"nv", {}, 90000, 28, 1},
    Format{"H261", {}, 90000, 31, 1}, Format{"MPV", {}, 90000, 32, 1},
    Format{"MP2T", {}, 90000, 33, 1}, Format{"H263", {}, 90000, 34, 1},
};

Format static_format(uint8_t payload_type) {
  for (const Format& format : kStaticFormats) {
    if (format.payload_type == payload_type) return format;
  }
  Format unknown;
  unknown.payload_type = payload_type;
  return unknown;
}

// The formats are few and the attributes may be many: the attributes are walked once.
class FormatReader {
 public:
  explicit FormatReader(Formats& out) : out_(out) { places_.fill(kNowhere); }

  void read_numbers(std::string_view formats) {
    FieldReader fields(formats);
    while (out_.count < kFormatsMax) {
      const std::string_view field = fields.next();
      if (field.empty()) return;
      const auto payload_type = parse_payload_type(field);
      if (!payload_type || places_[*payload_type] != kNowhere) continue;
      places_[*payload_type] = out_.count;
      out_.formats[out_.count++] = static_format(*payload_type);
    }
  }

  void read_attributes(std::string_view section) {
    AttributeReader attributes(section);
    Attribute attribute;
    while (attributes.next(attribute)) {
      if (attribute.name == "rtpmap") read_rtpmap(attribute.value);
      if (attribute.name == "fmtp") read_fmtp(attribute.value);
    }
  }

 private:
  static constexpr uint8_t kNowhere = 0xff;

  Format* find(uint8_t payload_type) {
    const uint8_t place = places_[payload_type];
    return place == kNowhere ? nullptr : &out_.formats[place];
  }
  void read_rtpmap(std::string_view value) {
    const auto map = parse_rtpmap(value);
    Format* const format = map ? find(map->payload_type) : nullptr;
    if (format == nullptr) return;
    format->encoding = map->encoding;
    format->clock_rate = map->clock_rate;
    format->channels = map->channels;
  }
  void read_fmtp(std::string_view value) {
    const auto fmtp = parse_fmtp(value);
    if (!fmtp) return;
    const auto payload_type = parse_payload_type(fmtp->format);
    Format* const format = payload_type ? find(*payload_type) : nullptr;
    if (format != nullptr) format->fmtp = fmtp->params;
  }

  Formats& out_;
  std::array<uint8_t, kPayloadTypeMax + 1> places_;  // of each payload type in out_.formats
};

}  // namespace

bool Format::same_codec(const Format& other) const {
  return !encoding.empty() && iequals(encoding, other.encoding) && clock_rate == other.clock_rate &&
         channels == other.channels;
}

const Format* Formats::find(uint8_t payload_type) const {
  for (const Format& format : all()) {
    if (format.payload_type == payload_type) return &format;
  }
  return nullptr;
}

Formats read_formats(const Media& media) {
  Formats out;
  FormatReader reader(out);
  reader.read_numbers(media.formats);
  reader.read_attributes(media.text);
  return out;
}

bool Codec::is_event() const { return iequals(name, "telephone-event"); }
bool Codec::is_auxiliary() const { return is_event() || iequals(name, "CN"); }

bool Codec::matches(const Format& format) const {
  return iequals(name, format.encoding) && clock_rate == format.clock_rate &&
         channels == format.channels && (!exact_fmtp || fmtp == format.fmtp);
}

}  // namespace tipring::sdp
