#include "sip/message_edit.h"

#include "sip/chars.h"
#include "sip/headers.h"
#include "sip/status.h"
#include "sip/uri.h"

namespace tipring::sip {

namespace {

bool holds_value(std::string_view rest) {
  std::string_view value;
  return next_list_value(rest, value, true);
}

// Copies lines as they are. Those that stand behind one another are copied in one go: of most
// messages that is nearly all of them.
class LineCopier {
 public:
  explicit LineCopier(Writer& out) : out_(out) {}

  void copy(const HeaderView& line) {
    const std::string_view text = line.line();
    // A line that was indexed has its line end behind it: CR LF or a bare LF.
    if (line.folded() || *text.end() != '\r') {
      flush();
      out_.unfolded(text).crlf();
      return;
    }
    if (text.data() != run_.data() + run_.size()) {
      flush();
      run_ = text.substr(0, 0);
    }
    run_ = {run_.data(), run_.size() + text.size() + 2};
  }

  // Before anything else is written.
  void flush() {
    out_.text(run_);
    run_ = {};
  }

 private:
  Writer& out_;
  std::string_view run_;  // lines with their ends
};

class RequestWriter {
 public:
  RequestWriter(const MessageView& request, const RequestEdit& edit, std::span<char> out)
      : request_(request), edit_(edit), out_(out) {}

  Result<size_t> write() {
    const std::string_view uri =
        edit_.request_uri.empty() ? request_.request_uri() : edit_.request_uri;
    out_.text(request_.method_text()).text(" ");
    write_request_uri(out_, uri);
    out_.text(" SIP/2.0\r\n");
    out_.header(HeaderId::Via, edit_.via);
    for (const HeaderView line : request_.headers()) write_line(line);
    lines_.flush();
    if (!max_forwards_written_) out_.header(HeaderId::MaxForwards, uint64_t{edit_.max_forwards});
    if (edit_.max_breadth != 0 && !max_breadth_written_) write_max_breadth();
    if (!record_routes_written_) write_record_routes();
    if (!routes_written_) write_routes();
    out_.text(edit_.extra_lines);
    if (!request_.has(HeaderId::ContentLength))
      out_.header(HeaderId::ContentLength, request_.body().size());
    out_.crlf().text(request_.body());
    return out_.finish();
  }

 private:
  void write_line(const HeaderView& line) {
    switch (line.id()) {
      case HeaderId::Via:
        if (!via_fixed_) return write_via(line);
        break;
      case HeaderId::MaxForwards:
        lines_.flush();
        if (!max_forwards_written_)
          out_.header(HeaderId::MaxForwards, uint64_t{edit_.max_forwards});
        max_forwards_written_ = true;
        return;
      case HeaderId::MaxBreadth:
        if (edit_.max_breadth == 0) break;
        lines_.flush();
        if (!max_breadth_written_) write_max_breadth();
        return;
      case HeaderId::Route:
        lines_.flush();
        if (!routes_written_) write_routes();
        return;
      case HeaderId::RecordRoute:
        lines_.flush();
        if (!record_routes_written_) write_record_routes();
        break;
      default:
        if (edit_.filter != nullptr && !edit_.filter->keep(line)) return;
        break;
    }
    lines_.copy(line);
  }

  // The received top Via gets its fix-up where it stands; values behind it on its line follow
  // unchanged.
  void write_via(const HeaderView& line) {
    std::string_view rest = line.value();
    std::string_view top;
    if (!next_list_value(rest, top, true)) return lines_.copy(line);
    lines_.flush();
    via_fixed_ = true;
    const auto& via = request_.typed<HeaderId::Via>();
    out_.text("Via: ");
    if (via) {
      write_fixed_via(out_, top, *via, edit_.top_via);
    } else {
      out_.unfolded(top);
    }
    if (holds_value(rest)) out_.text(",").unfolded(rest);
    out_.crlf();
  }

  // The rest of the route set, one value a line, where the first Route stood.
  void write_routes() {
    routes_written_ = true;
    for (const std::string_view value : edit_.routes_prepended) out_.header(HeaderId::Route, value);
    size_t count = 0;
    for ([[maybe_unused]] const std::string_view value : request_.values(HeaderId::Route)) ++count;
    const size_t end = edit_.last_route_removed && count != 0 ? count - 1 : count;
    size_t index = 0;
    for (const std::string_view value : request_.values(HeaderId::Route)) {
      if (index >= edit_.routes_removed && index < end) out_.header(HeaderId::Route, value);
      ++index;
    }
    if (!edit_.route_appended.empty()) {
      out_.text("Route: <").text(edit_.route_appended).text(">\r\n");
    }
  }

  void write_max_breadth() {
    max_breadth_written_ = true;
    out_.header(HeaderId::MaxBreadth, uint64_t{edit_.max_breadth});
  }

  void write_record_routes() {
    record_routes_written_ = true;
    for (const std::string_view value : edit_.record_routes)
      out_.header(HeaderId::RecordRoute, value);
  }

  const MessageView& request_;
  const RequestEdit& edit_;
  Writer out_;
  LineCopier lines_{out_};
  bool via_fixed_ = false;
  bool max_forwards_written_ = false;
  bool max_breadth_written_ = false;
  bool routes_written_ = false;
  bool record_routes_written_ = false;
};

class ResponseWriter {
 public:
  ResponseWriter(const MessageView& response, const ResponseEdit& edit, std::span<char> out)
      : response_(response), edit_(edit), out_(out), requires_(edit.required.empty()) {}

  Result<size_t> write() {
    const uint16_t status = edit_.status != 0 ? edit_.status : response_.status();
    out_.text("SIP/2.0 ").number(status).text(" ");
    out_.text(edit_.status != 0 ? default_reason(status) : response_.reason()).crlf();
    for (const HeaderView line : response_.headers()) {
      if (line.id() == HeaderId::Via && !via_removed_) {
        take_via(line);
      } else if (line.id() == HeaderId::Require && !requires_) {
        write_require(line);
      } else if (edit_.filter == nullptr || edit_.filter->keep(line)) {
        lines_.copy(line);
      }
    }
    lines_.flush();
    if (!requires_) out_.header(HeaderId::Require, edit_.required);
    out_.text(edit_.extra_lines);
    if (!response_.has(HeaderId::ContentLength))
      out_.header(HeaderId::ContentLength, response_.body().size());
    out_.crlf().text(response_.body());
    return out_.finish();
  }

 private:
  void take_via(const HeaderView& line) {
    std::string_view rest = line.value();
    std::string_view top;
    via_removed_ = next_list_value(rest, top, true);  // an empty line held none
    if (!holds_value(rest)) return;
    lines_.flush();
    out_.header(HeaderId::Via, trim_lws(rest));
  }

  // The tag goes behind those of the first line, unless it is listed.
  void write_require(const HeaderView& line) {
    requires_ = true;
    if (contains_token(response_.values(HeaderId::Require), edit_.required))
      return lines_.copy(line);
    lines_.flush();
    out_.text("Require: ");
    if (holds_value(line.value())) out_.unfolded(line.value()).text(", ");
    out_.text(edit_.required).crlf();
  }

  const MessageView& response_;
  const ResponseEdit& edit_;
  Writer out_;
  LineCopier lines_{out_};
  bool via_removed_ = false;
  bool requires_;  // nothing is to be added to Require, or it has been
};

}  // namespace

Result<size_t> write_forwarded_request(const MessageView& request, const RequestEdit& edit,
                                       std::span<char> out) {
  return RequestWriter(request, edit, out).write();
}

Result<size_t> write_forwarded_response(const MessageView& response, const ResponseEdit& edit,
                                        std::span<char> out) {
  return ResponseWriter(response, edit, out).write();
}

}  // namespace tipring::sip
