/// What the disk and the loopback of this machine do without a broker.
#pragma once

#include "troupe/errc.hpp"

#include <caf/expected.hpp>

#include <string>

namespace troupe::app {

struct raw_rates {
  double write_bytes_per_second = 0;    ///< pwrite, 64 KiB each, fresh pages
  double small_writes_per_second = 0;   ///< pwrite, 256 bytes each
  double syncs_per_second = 0;          ///< 4 KiB written, then fdatasync
  double loopback_trips_per_second = 0; ///< 128 bytes there and back
  double loopback_bytes_per_second = 0; ///< one way, 64 KiB each
};

/// Measures each for about `seconds`. Blocks.
/// @param directory  where a file of up to 1 GiB is made and removed
/// @errors io_failed
caf::expected<raw_rates> measure_raw_rates(const std::string& directory,
                                           double seconds);

} // namespace troupe::app
