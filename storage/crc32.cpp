#include "storage/crc32.hpp"

#include <libdeflate.h>

namespace troupe::storage {

std::uint32_t crc32(std::string_view bytes) {
  if (bytes.empty())
    return 0;
  return libdeflate_crc32(0, bytes.data(), bytes.size()) & 0x7FFFFFFFu;
}

} // namespace troupe::storage
