/// Data captured from a real Apache RocketMQ, where it lies beside the project.
#pragma once

#include "support/source_directory.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace troupe::test {

/// The folder of golden data: TROUPE_GOLDEN, else ../shared/golden beside the
/// sources. It may be absent; tests that need it say so and check nothing.
inline std::filesystem::path golden_directory() {
  if (const char* given = std::getenv("TROUPE_GOLDEN"))
    return given;
  return source_directory() / ".." / "shared" / "golden";
}

inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

} // namespace troupe::test
