#include "sdp/edit.h"

#include "sdp/line.h"
#include "sdp/text_writer.h"

namespace tipring::sdp {

namespace {

// Gathers lines that stay as they are and writes them in one piece.
class Copier {
 public:
  explicit Copier(TextWriter& out) : out_(out) {}

  void keep(const Line& line) {
    const bool joins = kept_.data() + kept_.size() == line.whole.data();
    if (kept_.empty() || !joins) {
      flush();
      kept_ = line.whole;
    } else {
      kept_ = {kept_.data(), kept_.size() + line.whole.size()};
    }
    if (line.end_size() == 2) return;
    kept_.remove_suffix(line.end_size());
    flush().crlf();
  }
  // What is written next stands behind all that was kept.
  TextWriter& flush() {
    out_.text(kept_);
    kept_ = {};
    return out_;
  }

 private:
  TextWriter& out_;
  std::string_view kept_;
};

class EditWriter {
 public:
  EditWriter(const Description& description, const Edit& edit, std::span<char> out)
      : description_(description), edit_(edit), out_(out), copier_(out_) {}

  Result<size_t> write();

 private:
  void write_session();
  void write_session_line(const Line& line);
  void write_origin();
  void write_time();
  void write_media(const Media& media, const MediaEdit& edit);
  void write_media_line(const Line& line, const Media& media, const MediaEdit& edit);
  void write_m_line(const Media& media, uint16_t number);
  void write_connection(const MediaEdit& edit);
  void write_rejected(const Media& media, const MediaEdit& edit);
  void write_end(const MediaEdit& edit);
  bool drops(const Line& line, AttributeGroup groups) const;
  // Address that the c= of the session says when it is written.
  std::optional<port::IpAddress> session_address() const;

  const Description& description_;
  const Edit& edit_;
  TextWriter out_;
  Copier copier_;
  bool time_written_ = false;
  bool connection_written_ = false;  // of the section
};

Result<size_t> EditWriter::write() {
  write_session();
  for (size_t i = 0; i < description_.media().size(); ++i)
    write_media(description_.sections[i], edit_.media[i]);
  copier_.flush();
  return out_.finish();
}

void EditWriter::write_origin() {
  const OriginValues& origin = *edit_.origin;
  copier_.flush().text("o=").text(origin.user).text(" ").number(origin.session_id).text(" ");
  out_.number(origin.version).text(" ").address(origin.address).crlf();
}

void EditWriter::write_time() {
  if (!time_written_ && description_.time.empty()) copier_.flush().text("t=0 0\r\n");
  time_written_ = true;
}

void EditWriter::write_session() {
  LineReader lines(description_.session);
  Line line;
  while (lines.next(line)) write_session_line(line);
  write_time();
  copier_.flush().text(edit_.lines);
}

void EditWriter::write_session_line(const Line& line) {
  const bool named = !description_.session_name.empty();
  switch (line.type()) {
    case 'o':
      if (edit_.origin != nullptr) write_origin();
      if (edit_.origin == nullptr) copier_.keep(line);
      if (!named) copier_.flush().text("s=-\r\n");
      return;
    case 's':
      if (named) copier_.keep(line);
      return;
    case 't':
      if (!description_.time.empty()) copier_.keep(line);
      return;
    case 'c':
      if (edit_.address.family == port::Family::None) return copier_.keep(line);
      copier_.flush().connection_line(edit_.address);
      return;
    case 'k': return write_time();
    case 'a':
      write_time();
      if (!drops(line, edit_.drop)) copier_.keep(line);
      return;
    case 0: return;  // an empty line at the end
    default: return copier_.keep(line);
  }
}

bool EditWriter::drops(const Line& line, AttributeGroup groups) const {
  const Attribute attribute = split_attribute(line);
  if (overlap(group_of(attribute.name), groups)) return true;
  return edit_.filter != nullptr && !edit_.filter->keep(attribute);
}

std::optional<port::IpAddress> EditWriter::session_address() const {
  const Connection& connection = description_.connection;
  if (connection.kind == AddressKind::None) return std::nullopt;
  if (edit_.address.family != port::Family::None) return edit_.address;
  if (connection.kind != AddressKind::Ip) return std::nullopt;
  return connection.ip;
}

void EditWriter::write_m_line(const Media& media, uint16_t number) {
  copier_.flush().text("m=").text(media.type).text(" ").number(number);
  if (media.port_count != 1 && number != 0) out_.text("/").number(media.port_count);
  out_.text(" ").text(media.protocol).text(" ");
  out_.text(media.formats.empty() ? "0" : media.formats).crlf();
}

// The c= line where it belongs: in front of all but m= and i=, unless the session's says the same.
void EditWriter::write_connection(const MediaEdit& edit) {
  const bool changed = edit.rtp.port != 0 && edit.rtp.ip.family != port::Family::None;
  if (connection_written_ || !changed) return;
  connection_written_ = true;
  if (session_address() != edit.rtp.ip) copier_.flush().connection_line(edit.rtp.ip);
}

void EditWriter::write_media(const Media& media, const MediaEdit& edit) {
  if (edit.reject) return write_rejected(media, edit);
  connection_written_ = false;
  LineReader lines(media.text);
  Line line;
  while (lines.next(line)) write_media_line(line, media, edit);
  write_connection(edit);
  write_end(edit);
}

void EditWriter::write_media_line(const Line& line, const Media& media, const MediaEdit& edit) {
  const bool moved = edit.rtp.port != 0;
  switch (line.type()) {
    case 0: return;
    case 'i': return copier_.keep(line);
    case 'm':
      if (!moved && !media.formats.empty()) return copier_.keep(line);
      return write_m_line(media, moved ? edit.rtp.port : media.number);
    case 'c':
      if (!moved || edit.rtp.ip.family == port::Family::None) return copier_.keep(line);
      return write_connection(edit);
    default: break;
  }
  write_connection(edit);
  if (line.type() == 'k') return;
  if (line.type() == 'a') {
    AttributeGroup groups = edit_.drop | edit.drop;
    if (moved) groups = groups | AttributeGroup::Rtcp;
    if (edit.direction) groups = groups | AttributeGroup::Direction;
    if (drops(line, groups)) return;
  }
  copier_.keep(line);
}

void EditWriter::write_end(const MediaEdit& edit) {
  if (edit.rtp.port != 0 && edit.rtcp_number != 0 && edit.rtcp_number != edit.rtp.port + 1)
    copier_.flush().text("a=rtcp:").number(edit.rtcp_number).crlf();
  if (edit.direction) copier_.flush().text("a=").text(to_text(*edit.direction)).crlf();
  if (!edit.lines.empty()) copier_.flush().text(edit.lines);
}

// Nobody sends to the address of its c=, but a grammar without c= in the session wants one.
void EditWriter::write_rejected(const Media& media, const MediaEdit& edit) {
  write_m_line(media, 0);
  if (description_.connection.kind == AddressKind::None) {
    const bool given = edit.rtp.ip.family != port::Family::None;
    out_.connection_line(given ? edit.rtp.ip : edit_.address);
  }
  const auto mid = find_attribute(media.text, "mid");
  if (mid && !overlap(edit_.drop | edit.drop, AttributeGroup::Mid))
    out_.text("a=mid:").text(mid->value).crlf();
}

}  // namespace

Result<size_t> write_edited(const Description& description, const Edit& edit, std::span<char> out) {
  return EditWriter(description, edit, out).write();
}

Edit relay_edit(const port::IpAddress& address) {
  Edit edit;
  edit.address = address;
  edit.drop = AttributeGroup::Ice | AttributeGroup::Bundle;
  return edit;
}

MediaEdit relayed(const Media& media, const port::SocketAddress& rtp, uint16_t rtcp_number) {
  MediaEdit edit;
  edit.rtp = rtp;
  edit.rtcp_number = rtcp_number;
  edit.reject = !media.is_active();
  if (media.connection.is_silent()) edit.direction = make_direction(sends(media.direction), false);
  return edit;
}

}  // namespace tipring::sdp
