/// The checksum of registration bodies.
#pragma once

#include <cstdint>
#include <string_view>

namespace troupe::remoting {

/// CRC-32 (IEEE 802.3) with its highest bit cleared.
std::int64_t masked_crc32(std::string_view bytes);

} // namespace troupe::remoting
