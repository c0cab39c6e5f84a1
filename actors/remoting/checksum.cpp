#include "remoting/checksum.hpp"

#include <libdeflate.h>

namespace troupe::remoting {

std::int64_t masked_crc32(std::string_view bytes) {
  return libdeflate_crc32(0, bytes.data(), bytes.size()) & 0x7FFFFFFFu;
}

} // namespace troupe::remoting
