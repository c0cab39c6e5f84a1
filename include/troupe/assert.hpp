/// TROUPE_ASSERT, on in every build. For what only a bug can cause; input,
/// peers and disks never trip it.
#pragma once

#include <cstdio>
#include <cstdlib>

/// Prints the invariant that does not hold, in words, and aborts.
#define TROUPE_ASSERT(condition, invariant)                                    \
  do {                                                                         \
    if (!(condition)) [[unlikely]] {                                           \
      std::fprintf(stderr, "troupe: broken invariant: %s (%s:%d)\n",           \
                   invariant, __FILE__, __LINE__);                             \
      std::abort();                                                            \
    }                                                                          \
  } while (false)
