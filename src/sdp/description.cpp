#include "sdp/description.h"

#include <optional>

#include "core/text.h"
#include "sdp/attributes.h"
#include "sdp/line.h"

namespace tipring::sdp {

namespace {

constexpr auto kNowhere = std::string_view::npos;

// The letters in their order (RFC 8866 5). Those of a time description may alternate.
constexpr std::string_view kSessionOrder = "vosiuepcbtka";
constexpr std::string_view kMediaOrder = "micbka";
constexpr std::string_view kOnce = "vosiuck";

struct TypeName {
  std::string_view name;
  MediaType type;
};
constexpr std::array kTypeNames = {TypeName{"audio", MediaType::Audio},
                                   TypeName{"video", MediaType::Video},
                                   TypeName{"text", MediaType::Text},
                                   TypeName{"image", MediaType::Image},
                                   TypeName{"application", MediaType::Application},
                                   TypeName{"message", MediaType::Message}};

MediaType media_type_of(std::string_view name) {
  for (const TypeName& entry : kTypeNames) {
    if (entry.name == name) return entry.type;
  }
  return MediaType::Other;
}

constexpr uint32_t letter_bit(char type) {
  return type >= 'a' && type <= 'z' ? 1U << (type - 'a') : 0;
}

// Reads the lines from first to last; what belongs together is in one member.
class Parser {
 public:
  Parser(std::string_view text, Description& out) : text_(text), out_(out) {}

  // Nothing when all is well.
  std::optional<ParseError> run();

 private:
  using Outcome = std::optional<Fault>;

  Outcome read_line(const Line& line);
  Outcome check_bytes(const Line& line);
  Outcome check_place(char type);
  Outcome read_session_line(char type, std::string_view value);
  Outcome read_media_line(char type, std::string_view value);
  Outcome read_origin(std::string_view value);
  Outcome read_connection(std::string_view value);
  Outcome start_media(const Line& line, std::string_view value);
  Outcome end_media();
  Outcome read_port(std::string_view field, Media& media);
  void read_attribute(const Line& line);
  void note_direction(Direction direction);
  std::optional<ParseError> finish();

  void forgive(Laxity laxity) { out_.laxities.add(laxity); }
  void note_blanks(std::string_view value) {
    if (has_extra_blanks(value)) forgive(Laxity::ExtraBlank);
  }
  ParseError error(Fault fault, char type) const { return {fault, type, number_}; }
  Media& media() { return out_.sections[out_.media_count - 1U]; }
  bool in_media() const { return out_.media_count != 0; }

  std::string_view text_;
  Description& out_;
  uint16_t number_ = 0;      // of the line
  uint16_t media_line_ = 0;  // of the last m= line
  uint32_t seen_ = 0;        // letters, since the last m= line
  size_t rank_ = 0;          // of the last line in its order
  bool has_nul_ = false;     // somewhere
  bool has_direction_ = false;
  bool has_rtcp_ = false;
  bool ended_ = false;  // by an empty line
};

std::optional<ParseError> Parser::run() {
  if (text_.size() > kDescriptionSizeMax) return error(Fault::TooLarge, 0);
  out_.text = out_.session = text_;
  has_nul_ = text_.find('\0') != kNowhere;
  LineReader lines(text_);
  Line line;
  while (lines.next(line)) {
    ++number_;
    if (const Outcome fault = read_line(line)) {
      // What was missing in the section before shows at its end.
      if (*fault == Fault::NoConnection) return ParseError{*fault, 'm', media_line_};
      return error(*fault, line.type());
    }
  }
  return finish();
}

std::optional<ParseError> Parser::finish() {
  if (in_media()) {
    if (const Outcome fault = end_media()) return ParseError{*fault, 'm', media_line_};
  }
  number_ = 0;
  if (seen_ == 0 && !in_media()) return error(Fault::Empty, 0);
  if (out_.origin.address.empty()) return error(Fault::NoOrigin, 0);
  if (out_.session_name.empty()) forgive(Laxity::NoSessionName);
  if (out_.time.empty()) forgive(Laxity::NoTime);
  return std::nullopt;
}

// A byte at which others cut lines may stand nowhere else.
Parser::Outcome Parser::check_bytes(const Line& line) {
  if (line.text.find('\r') != kNowhere || (has_nul_ && line.text.find('\0') != kNowhere))
    return Fault::ForbiddenByte;
  if (line.end_size() == 1) forgive(Laxity::BareLineFeed);
  if (line.end_size() == 0) forgive(Laxity::NoFinalLineEnd);
  return std::nullopt;
}

Parser::Outcome Parser::read_line(const Line& line) {
  if (const Outcome fault = check_bytes(line)) return fault;
  if (trim_end(line.text).empty() && number_ > 1) {
    ended_ = true;
    forgive(Laxity::EmptyLastLines);
    return std::nullopt;
  }
  const char type = line.type();
  if (type == 0 || ended_) return Fault::NotALine;
  if (number_ == 1 && type != 'v') return Fault::WrongPlace;
  std::string_view value = line.value();
  if (type != 's' && type != 'i') {
    value = trim_end(value);
    if (value.size() != line.value().size()) forgive(Laxity::TrailingBlank);
  }
  if (type == 'm') return start_media(line, value);
  if (const Outcome fault = check_place(type)) return fault;
  if (type == 'a') {
    read_attribute(line);
    return std::nullopt;
  }
  return in_media() ? read_media_line(type, value) : read_session_line(type, value);
}

Parser::Outcome Parser::check_place(char type) {
  const char place = type == 'r' || type == 'z' ? 't' : type;
  const size_t rank = (in_media() ? kMediaOrder : kSessionOrder).find(place);
  if (rank == kNowhere) {
    if (type == 'v') return Fault::TwoDescriptions;
    return kSessionOrder.find(place) == kNowhere ? Fault::UnknownType : Fault::WrongPlace;
  }
  if (rank < rank_) forgive(Laxity::OutOfOrder);
  rank_ = rank;
  const bool again = (seen_ & letter_bit(type)) != 0;
  seen_ |= letter_bit(type);
  if (!again || kOnce.find(type) == kNowhere) return std::nullopt;
  if (type == 'v') return Fault::TwoDescriptions;
  // Layers of multicast may have a c= line each (5.7).
  const bool layers =
      type == 'c' && in_media() && media().connection.kind == AddressKind::Multicast;
  return layers ? std::nullopt : Outcome(Fault::Duplicate);
}

Parser::Outcome Parser::read_session_line(char type, std::string_view value) {
  switch (type) {
    case 'v': return value == "0" ? std::nullopt : Outcome(Fault::BadVersion);
    case 'o': return read_origin(value);
    case 's': out_.session_name = value; return std::nullopt;
    case 'c': return read_connection(value);
    case 't':
      if (out_.time.empty()) out_.time = value;
      return std::nullopt;
    default: return std::nullopt;  // i, u, e, p, b, r, z and k pass as they are
  }
}

Parser::Outcome Parser::read_media_line(char type, std::string_view value) {
  return type == 'c' ? read_connection(value) : std::nullopt;
}

Parser::Outcome Parser::read_origin(std::string_view value) {
  const auto origin = parse_origin(value);
  if (!origin) return Fault::BadOrigin;
  out_.origin = *origin;
  if (origin->odd) forgive(Laxity::OddOrigin);
  note_blanks(value);
  return std::nullopt;
}

Parser::Outcome Parser::read_connection(std::string_view value) {
  const auto connection = parse_connection(value);
  if (!connection) return Fault::BadConnection;
  note_blanks(value);
  if (connection->lower_case) forgive(Laxity::LowerCaseNet);
  if (connection->unicast_ttl) forgive(Laxity::UnicastTtl);
  if (!in_media()) {
    out_.connection = *connection;
    return std::nullopt;
  }
  if (media().own_connection)  // a further layer
    return connection->kind == AddressKind::Multicast ? std::nullopt : Outcome(Fault::Duplicate);
  media().own_connection = true;
  media().connection = *connection;
  return std::nullopt;
}

// "49170" or "49170/2".
Parser::Outcome Parser::read_port(std::string_view field, Media& media) {
  const auto [number, count] = split_once(field, '/');
  const auto parsed = parse_u16(number);
  if (!parsed) return Fault::BadPort;
  media.number = *parsed;
  if (number.size() == field.size()) return std::nullopt;
  const auto ports = parse_u16(count);
  if (!ports || *ports == 0) return Fault::BadPort;
  media.port_count = *ports;
  return std::nullopt;
}

Parser::Outcome Parser::start_media(const Line& line, std::string_view value) {
  const size_t begin = static_cast<size_t>(line.whole.data() - text_.data());
  if (in_media()) {
    if (const Outcome fault = end_media()) return fault;
    media().text.remove_suffix(text_.size() - begin);
  } else {
    out_.session = text_.substr(0, begin);
  }
  if (out_.media_count == kMediaMax) return Fault::TooManyMedia;
  ++out_.media_count;
  media_line_ = number_;
  seen_ = 0;
  rank_ = 0;
  has_direction_ = false;
  has_rtcp_ = false;
  Media& media = this->media();
  media.text = text_.substr(begin);
  FieldReader fields(value);
  media.type = fields.next();
  if (media.type.empty()) return Fault::BadMedia;
  media.media_type = media_type_of(media.type);
  if (const Outcome fault = read_port(fields.next(), media)) return fault;
  media.protocol = fields.next();
  if (media.protocol.empty()) return Fault::BadMedia;
  media.formats = fields.rest();
  media.connection = out_.connection;
  media.direction = out_.direction;
  if (media.formats.empty()) {
    if (media.is_active()) return Fault::NoFormat;
    forgive(Laxity::NoFormat);
  }
  note_blanks(value);
  return std::nullopt;
}

Parser::Outcome Parser::end_media() {
  if (media().connection.kind != AddressKind::None) return std::nullopt;
  if (media().is_active()) return Fault::NoConnection;
  forgive(Laxity::NoConnection);
  return std::nullopt;
}

void Parser::note_direction(Direction direction) {
  Direction& noted = in_media() ? media().direction : out_.direction;
  if (has_direction_) {
    forgive(Laxity::TwoDirections);
    direction = both(noted, direction);
  }
  noted = direction;
  has_direction_ = true;
  if (in_media()) media().own_direction = true;
}

void Parser::read_attribute(const Line& line) {
  const Attribute attribute = split_attribute(line);
  if (attribute.name.empty()) return forgive(Laxity::EmptyAttribute);
  if (const auto direction = parse_direction(attribute.name)) return note_direction(*direction);
  if (!in_media() || !attribute.name.starts_with("rtcp")) return;
  if (attribute.name == "rtcp-mux") media().rtcp_mux = true;
  if (attribute.name != "rtcp" || has_rtcp_) return;  // the first one counts
  has_rtcp_ = true;
  const auto rtcp = parse_rtcp(attribute.value);
  media().rtcp_number = rtcp ? rtcp->number : 0;
}

}  // namespace

bool Media::is_udptl() const {
  return iequals(protocol, "udptl") || iequals(protocol, "UDP/TLS/UDPTL");
}

bool Media::is_rtp() const {
  return iequals(protocol, "RTP/AVP") || iequals(protocol, "RTP/AVPF") || is_secure();
}

bool Media::is_secure() const {
  const std::string_view profile =
      istarts_with(protocol, "UDP/TLS/") ? protocol.substr(8) : protocol;
  return iequals(profile, "RTP/SAVP") || iequals(profile, "RTP/SAVPF");
}

Result<Description, ParseError> parse_description(std::string_view text) {
  Result<Description, ParseError> result(std::in_place);
  // One variable is returned, so that it is not copied.
  if (const auto error = Parser(text, *result).run()) result = *error;
  return result;
}

}  // namespace tipring::sdp
