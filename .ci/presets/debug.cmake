# For a debugger, with the checked standard library.
set(CMAKE_BUILD_TYPE Debug CACHE STRING "")
set(CMAKE_CXX_FLAGS_DEBUG "-Og -g -D_GLIBCXX_ASSERTIONS" CACHE STRING "")
set(TROUPE_WERROR ON CACHE BOOL "")
