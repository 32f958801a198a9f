// A listening TCP socket of a LinuxNetwork. Internal to port/linux.
#pragma once

#include "port/linux/linux_stream.h"

namespace tipring::port {

class LinuxListener final : public Listener {
 public:
  LinuxListener(LinuxLoop& loop, StreamPool& streams, ListenerHandler& handler);
  ~LinuxListener() override;

  LinuxListener(const LinuxListener&) = delete;
  LinuxListener& operator=(const LinuxListener&) = delete;

  // In the loop's bounded heap, so that one can be made and destroyed while the loop runs.
  static void* operator new(size_t bytes) noexcept { return library_allocate(bytes); }
  static void operator delete(void* memory) noexcept { library_release(memory); }

  int open(const SocketAddress& bind);  // errno value, 0 for success
  SocketAddress local() const override { return local_; }

 private:
  enum class Outcome : uint8_t { Accepted, Refused, Nothing, Pause };

  void on_event();
  void on_pause_end();
  Outcome accept_one(int& error);
  Outcome refuse_with_spare(int& error);
  void open_spare();

  LinuxLoop& loop_;
  StreamPool& streams_;
  ListenerHandler& handler_;
  LoopEvent event_;
  LoopEvent pause_;
  int fd_ = -1;
  int spare_fd_ = -1;  // given up to accept and refuse a connection when descriptors have run out
  SocketAddress local_;
  LinuxStream* accepted_ = nullptr;
  bool* destroyed_ = nullptr;  // set while a handler runs: where the destructor leaves word
};

}  // namespace tipring::port
