// One phone's socket for the load generator: UDP, or TCP with framing. Quick rather than careful:
// it trusts the server under test to send well-formed messages.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace bench {

enum class Transport { Udp, Tcp };

class Wire {
 public:
  // Connects to 127.0.0.1:`server_port`. Ends the program when the system refuses.
  Wire(Transport transport, uint16_t server_port);
  ~Wire();
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  int fd() const { return fd_; }
  uint16_t port() const { return port_; }
  Transport transport() const { return transport_; }

  void send(std::string_view message);

  // The next message that has come, empty when there is none. Good until the next call.
  std::string_view receive();

 private:
  bool fill();
  std::string_view take_framed();

  Transport transport_;
  int fd_ = -1;
  uint16_t port_ = 0;
  std::string buffer_;
  size_t begin_ = 0;
  size_t end_ = 0;
};

// The value of the first header `name` (spelt as the server writes or copies it), empty when absent.
std::string_view header(std::string_view message, std::string_view name);

// All lines of header `name`, line ends included, as a response copies them.
void append_headers(std::string_view message, std::string_view name, std::string& out);

// 0 for a request.
int status_of(std::string_view message);

// "INVITE" of a request, or of the CSeq of a response.
std::string_view method_of(std::string_view message);

// The value of parameter `name="…"` of a challenge.
std::string_view quoted(std::string_view text, std::string_view name);

[[noreturn]] void fail(const char* what);

}  // namespace bench
