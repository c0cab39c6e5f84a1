#include "support/source_directory.hpp"

namespace troupe::test {

std::filesystem::path source_directory() {
  return TROUPE_SOURCE_DIR;
}

} // namespace troupe::test
