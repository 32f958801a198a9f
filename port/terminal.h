// Standard input, and keeping what is typed there from the screen.
#pragma once

#include <cstddef>
#include <span>

#include "port/time.h"

namespace tipring::port {

bool input_is_terminal();

// Columns of the terminal that standard output goes to; 0 when it is none.
size_t output_width();

// What standard input has, at least one byte; `read` is 0 at its end. Nothing is read ahead.
// Returns 0 or an errno value.
int read_input(std::span<char> into, size_t& read);

// While one lives, the terminal does not show what is typed; a signal that ends the program brings
// the screen back too. Does nothing when standard input is no terminal. One at a time.
class HiddenInput {
 public:
  HiddenInput();
  ~HiddenInput();
  HiddenInput(const HiddenInput&) = delete;
  HiddenInput& operator=(const HiddenInput&) = delete;

 private:
  bool hidden_ = false;
};

// Does nothing for so long, for a tool that follows something.
void pause(Millis time);

}  // namespace tipring::port
