/// The checksum of bodies in the commit log.
#pragma once

#include <cstdint>
#include <string_view>

namespace troupe::storage {

/// CRC-32 (IEEE 802.3) of `bytes`, its highest bit cleared as RocketMQ does; 0
/// for no bytes.
std::uint32_t crc32(std::string_view bytes);

} // namespace troupe::storage
