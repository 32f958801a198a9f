#include "port/linux/linux_thread.h"

#include <unistd.h>

#include <csignal>

namespace tipring::port {

int start_thread(pthread_t& thread, size_t stack_bytes, void* (*main)(void*), void* argument) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, stack_bytes);
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const int created = pthread_create(&thread, &attributes, main, argument);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_attr_destroy(&attributes);
  return created;
}

// A system that refuses it has its reasons, and the thread works without.
void begin_thread(const char* name, Standing standing) {
  constexpr int kTenthOfTheWeight = 10;
  pthread_setname_np(pthread_self(), name);
  const sched_param none{};
  pthread_setschedparam(pthread_self(), SCHED_BATCH, &none);
  // Of the calling thread alone, on Linux.
  if (standing == Standing::Behind) [[maybe_unused]]
    const int now = nice(kTenthOfTheWeight);
}

}  // namespace tipring::port
