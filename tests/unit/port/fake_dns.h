// A name server on loopback that knows what a test told it.
#pragma once

#include <map>
#include <string>

#include "worlds.h"

namespace tipring::port {

class FakeDns final : public DatagramHandler {
 public:
  enum class Behaviour : uint8_t { Answer, NoSuchName, ServerFailure, Silent, Garbage };
  struct Name {
    Behaviour behaviour = Behaviour::Answer;
    std::vector<IpAddress> addresses;
  };

  explicit FakeDns(Network& network) {
    int error = 0;
    socket_ = network.open_datagram({at("127.0.0.1")}, *this, error);
    REQUIRE(socket_);
  }

  // As LinuxNamesOptions::servers wants it.
  std::string server() const {
    char out[kAddressTextMax];
    return std::string(write_address(socket_->local(), out));
  }

  std::map<std::string, Name> names;  // others do not exist
  int questions = 0;

 private:
  static void put16(std::string& out, size_t value) {
    out += static_cast<char>(value >> 8);
    out += static_cast<char>(value);
  }

  static std::string name_at(const std::string& message, size_t& at) {
    std::string name;
    while (at < message.size() && message[at] != 0) {
      const size_t length = static_cast<unsigned char>(message[at]);
      if (!name.empty()) name += '.';
      name += message.substr(at + 1, length);
      at += length + 1;
    }
    ++at;
    return name;
  }

  // RFC 1035 4.1: header, the question as asked, and records that point to its name.
  std::string answer_to(const std::string& question, const Name& name, size_t question_end,
                        bool v6) const {
    std::string records;
    size_t count = 0;
    for (const IpAddress& ip : name.addresses) {
      if ((ip.family == Family::V6) != v6) continue;
      ++count;
      put16(records, 0xc00c);
      put16(records, v6 ? 28 : 1);
      put16(records, 1);
      put16(records, 0);
      put16(records, 60);
      put16(records, v6 ? 16 : 4);
      records.append(reinterpret_cast<const char*>(ip.bytes.data()), v6 ? 16 : 4);
    }
    const size_t code = name.behaviour == Behaviour::NoSuchName      ? 3
                        : name.behaviour == Behaviour::ServerFailure ? 2
                                                                     : 0;
    std::string out = question.substr(0, 2);
    put16(out, 0x8180 | code);
    put16(out, 1);
    put16(out, count);
    put16(out, 0);
    put16(out, 0);
    out += question.substr(12, question_end - 12);
    return out + records;
  }

  void on_readable(DatagramSocket& socket) override {
    std::string buffer(1500, '\0');
    DatagramSlot slot;
    slot.buffer = buffer;
    while (socket.receive(std::span(&slot, 1)) == 1) {
      ++questions;
      const std::string question = buffer.substr(0, slot.size);
      size_t end = 12;
      const std::string asked = name_at(question, end);
      const bool v6 = question[end + 1] == 28;
      const auto found = names.find(asked);
      const Name name = found == names.end() ? Name{Behaviour::NoSuchName, {}} : found->second;
      if (name.behaviour == Behaviour::Silent) continue;
      std::string answer = answer_to(question, name, end + 4, v6);
      if (name.behaviour == Behaviour::Garbage)
        answer = answer.substr(0, 12) + std::string(20, '\xff');
      const OutgoingDatagram datagram{bytes_of(answer), slot.remote, {}};
      CHECK(socket.send(std::span(&datagram, 1)) == 1);
    }
  }
  void on_unreachable(DatagramSocket&, const SocketAddress&, int) override {}

  std::unique_ptr<DatagramSocket> socket_;
};

}  // namespace tipring::port
