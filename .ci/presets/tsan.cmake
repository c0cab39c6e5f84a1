# ThreadSanitizer. CAF itself is not built with it: .ci/tsan.supp names what
# that makes it report.
set(CMAKE_BUILD_TYPE Debug CACHE STRING "")
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1 -fno-omit-frame-pointer -fsanitize=thread"
  CACHE STRING "")
set(TROUPE_WERROR OFF CACHE BOOL "")
