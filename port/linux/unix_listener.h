// A listening Unix-domain socket that only the server's own user can connect to. Internal to
// port/linux.
#pragma once

#include <string>

namespace tipring::port {

// The socket at `path`, mode 0600, listening and without blocking; -1 with the errno value in
// `error`. A socket left behind by a process that has ended is replaced. EADDRINUSE when a process
// answers there, or when something other than a socket has that name.
int open_unix_listener(const std::string& path, int& error);

}  // namespace tipring::port
