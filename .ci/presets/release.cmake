# What `./dev run` starts and `./dev test` tests.
set(CMAKE_BUILD_TYPE Release CACHE STRING "")
set(TROUPE_WERROR ON CACHE BOOL "")
