#include "port/terminal.h"

#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <ctime>

namespace tipring::port {

namespace {

constexpr std::array kEndingSignals = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

termios shown;  // the settings to go back to; read by the signal handler

void on_ending_signal(int signal) {
  ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
  ::signal(signal, SIG_DFL);
  ::raise(signal);
}

void handle_ending_signals(void (*handler)(int)) {
  for (const int signal : kEndingSignals) ::signal(signal, handler);
}

}  // namespace

bool input_is_terminal() { return ::isatty(STDIN_FILENO) == 1; }

size_t output_width() {
  winsize size{};
  if (::isatty(STDOUT_FILENO) != 1 || ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return 0;
  return size.ws_col;
}

int read_input(std::span<char> into, size_t& read) {
  for (;;) {
    const ssize_t got = ::read(STDIN_FILENO, into.data(), into.size());
    if (got < 0 && errno == EINTR) continue;
    read = got < 0 ? 0 : static_cast<size_t>(got);
    return got < 0 ? errno : 0;
  }
}

HiddenInput::HiddenInput() {
  if (!input_is_terminal() || ::tcgetattr(STDIN_FILENO, &shown) != 0) return;
  handle_ending_signals(on_ending_signal);
  termios hidden = shown;
  hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  hidden.c_lflag |= ECHONL;  // the end of the line is shown, so that what follows begins a new one
  hidden_ = ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden) == 0;
}

HiddenInput::~HiddenInput() {
  if (!hidden_) return;
  ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
  handle_ending_signals(SIG_DFL);
}

void pause(Millis time) {
  timespec rest{};
  rest.tv_sec = time.count() / 1000;
  rest.tv_nsec = time.count() % 1000 * 1000000;
  while (nanosleep(&rest, &rest) != 0 && errno == EINTR) {}
}

}  // namespace tipring::port
