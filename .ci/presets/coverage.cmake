# Line coverage for gcov.
set(CMAKE_BUILD_TYPE Debug CACHE STRING "")
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g1 --coverage" CACHE STRING "")
set(TROUPE_WERROR ON CACHE BOOL "")
