# libFuzzer targets, with the sanitizers of the asan preset.
set(CMAKE_CXX_COMPILER clang++-14 CACHE STRING "")
set(CMAKE_BUILD_TYPE Debug CACHE STRING "")
set(CMAKE_CXX_FLAGS_DEBUG
  "-O1 -g1 -fno-omit-frame-pointer -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize=null -fno-sanitize-recover=all -fsanitize-ignorelist=${CMAKE_CURRENT_LIST_DIR}/../fuzz.ignore"
  CACHE STRING "")
set(TROUPE_FUZZ ON CACHE BOOL "")
set(TROUPE_WERROR OFF CACHE BOOL "")
