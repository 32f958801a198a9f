#include "service/request_log_clf.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "core/assert.h"
#include "core/text.h"
#include "sip/headers.h"
#include "transport/trace.h"

namespace tipring::service {

namespace {

// Figure 1: version, length, comma, thirteen pointers, line feed; then time and flags.
constexpr size_t kLengthAt = 1;
constexpr size_t kPointersAt = 8;
constexpr size_t kPointers = 13;
constexpr size_t kFieldsAt = 82;
constexpr size_t kUriMax = 128;
constexpr size_t kTextMax = 96;
constexpr size_t kRecordMax = kClfMax / 2;
// Three URIs, Call-ID, two tags and a branch; CSeq, status, two addresses and a dash; their tabs.
static_assert(kFieldsAt + 3 * kUriMax + 4 * kTextMax + 32 + 3 + 2 * 54 + 1 + 12 + 1 <= kRecordMax);

void write_hex(uint64_t value, std::span<char> out) {
  for (size_t i = out.size(); i-- > 0; value >>= 4) out[i] = "0123456789ABCDEF"[value & 15];
}
void write_decimal(uint64_t value, std::span<char> out) {
  for (size_t i = out.size(); i-- > 0; value /= 10) out[i] = static_cast<char>('0' + value % 10);
}

class Record {
 public:
  explicit Record(std::span<char> out) : out_(out) {}

  void begin(Millis wall, std::string_view flags) {
    std::memset(out_.data(), '0', kFieldsAt);
    out_[0] = 'A';
    out_[7] = ',';
    out_[60] = '\n';
    const auto millis = static_cast<uint64_t>(std::max<int64_t>(wall.count(), 0));
    write_decimal(millis / 1000, out_.subspan(61, 10));
    out_[71] = '.';
    write_decimal(millis % 1000, out_.subspan(72, 3));
    out_[75] = '\t';
    std::memcpy(out_.data() + 76, flags.data(), flags.size());
    out_[81] = '\t';
    size_ = kFieldsAt;
    pointers_ = 0;
  }

  // 4.3: what is absent is a dash; a field that is one would be taken for that.
  void add(std::string_view text, size_t size_max = kTextMax) {
    if (pointers_ > 0) out_[size_++] = '\t';
    point();
    if (text.empty()) text = "-";
    if (text == "-" || text == "?") return put(text == "-" ? "-" : "?");
    const size_t from = size_;
    const Escaped escaped = escape_text(text, out_.subspan(size_, size_max - 1));
    size_ += escaped.written.size();
    const bool cut = escaped.read < text.size();
    if (cut) out_[size_] = '@';  // the password of a URI that ends behind the cut
    transport::mask_uri_passwords(out_.subspan(from, size_ - from + (cut ? 1 : 0)));
  }
  void add_literal_one(std::string_view text) {
    if (text == "-") return add("%2D");
    add(text == "?" ? "%3F" : text);
  }

  size_t finish() {
    point();  // no optional fields
    out_[size_++] = '\n';
    TIPRING_ASSERT(pointers_ == kPointers);
    write_hex(size_, out_.subspan(kLengthAt, 6));
    return size_;
  }

 private:
  void put(std::string_view text) {
    std::memcpy(out_.data() + size_, text.data(), text.size());
    size_ += text.size();
  }
  void point() { write_hex(size_, out_.subspan(kPointersAt + 4 * pointers_++, 4)); }

  std::span<char> out_;
  size_t size_ = 0;
  size_t pointers_ = 0;
};

std::array<char, 5> flags_of(const transaction::AnsweredRequest& answered, bool is_response) {
  const sip::Transport transport = answered.reply.transport;
  const bool secure = transport == sip::Transport::Tls || transport == sip::Transport::Wss;
  return {is_response ? 'r' : 'R', answered.stateless ? 'S' : 'O', is_response ? 'S' : 'R',
          transport == sip::Transport::Udp ? 'U' : 'T', secure ? 'E' : 'U'};
}

// "?" where the header cannot be read.
template <sip::HeaderId Id>
void add_address(const sip::MessageView& message, std::string_view tag, Record& record) {
  const auto& address = message.typed<Id>();
  const bool present = message.has(Id);
  record.add(address ? address->uri : std::string_view(present ? "?" : ""), kUriMax);
  record.add_literal_one(tag);
}

void add_record(const LoggedRequest& logged, bool is_response, Record& record) {
  const transaction::AnsweredRequest& answered = logged.answered;
  const sip::MessageView& request = answered.request;
  const sip::MessageView& told = is_response ? logged.response : request;
  char number[kNumberTextMax];
  char source[port::kAddressTextMax];
  char local[port::kAddressTextMax];
  const std::string_view there = port::write_address(answered.source, source);
  const std::string_view here = port::write_address(answered.reply.local, local);
  const std::array<char, 5> flags = flags_of(answered, is_response);
  record.begin(logged.wall + (is_response ? answered.after : Millis{0}),
               {flags.data(), flags.size()});
  const auto cseq = request.header(sip::HeaderId::CSeq);
  record.add(cseq ? trim(*cseq) : std::string_view("?"), 32);
  record.add(is_response ? write_u64(answered.status, number) : std::string_view());
  record.add(request.request_uri(), kUriMax);
  record.add(is_response ? there : here);
  record.add(is_response ? here : there);
  add_address<sip::HeaderId::To>(told, told.to_tag(), record);
  add_address<sip::HeaderId::From>(request, request.from_tag(), record);
  record.add_literal_one(request.header(sip::HeaderId::CallId).value_or(std::string_view()));
  const auto& via = request.typed<sip::HeaderId::Via>();
  record.add_literal_one(via ? via->branch : std::string_view());
  record.add({});  // which client transactions it has made is not told
}

}  // namespace

size_t write_clf(const LoggedRequest& request, std::span<char> out) {
  TIPRING_ASSERT(out.size() >= kClfMax);
  size_t size = 0;
  for (const bool is_response : {false, true}) {
    Record record(out.subspan(size, kRecordMax));
    add_record(request, is_response, record);
    size += record.finish();
  }
  return size;
}

}  // namespace tipring::service
