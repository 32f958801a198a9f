// What the log and the figures tell of a call: one line when it is answered or comes to nothing, one when it ends.
#pragma once

#include <array>
#include <string_view>

#include "service/environment.h"

namespace tipring::proxy {

// Of one request, from its arrival to its final response. Keeps its own copies of the addresses,
// cut where they are very long: the request itself is given up with the final response.
class CallLine {
 public:
  CallLine() = default;
  ~CallLine();
  CallLine(const CallLine&) = delete;
  CallLine& operator=(const CallLine&) = delete;

  // Only an INVITE that begins a call and a BYE have a line. `figures`, which outlive this, count
  // what becomes of the former.
  void begin(const sip::MessageView& request, Millis now, dialog::CallFigures& figures);

  // Writes it, once; `status` is that of the final response, 0 while there is none.
  void end(Log& log, uint16_t status, Millis now);

 private:
  enum class Kind : uint8_t { None, Start, End };

  class Address {
   public:
    void set(std::string_view uri);
    std::string_view view() const { return {text_.data(), size_}; }

   private:
    std::array<char, 63> text_;
    uint8_t size_ = 0;
  };

  Kind kind_ = Kind::None;
  Millis begun_{0};
  dialog::CallFigures* figures_ = nullptr;  // of a call that has no final response yet
  Address from_;
  Address to_;
};

}  // namespace tipring::proxy
