// Memory taken from the system once, at start.
#pragma once

#include <cstddef>
#include <span>

namespace tipring::port {

// Zeroed, page-aligned, every page present (no page fault later). Empty when the system refuses.
std::span<std::byte> map_populated(size_t bytes);
void unmap(std::span<std::byte> region);

// Gives back the pages of code and constants that only the start has needed; those that are needed
// again come back from the file. On a small board they are a good part of the program.
void release_start_pages();

// Raises the soft limit of file descriptors to at least `needed`; the limit in force afterwards.
size_t raise_descriptor_limit(size_t needed);

}  // namespace tipring::port
