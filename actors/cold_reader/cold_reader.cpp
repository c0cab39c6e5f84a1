#include "cold_reader/cold_reader.hpp"

#include "reactor/metered.hpp"
#include "storage/file.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <vector>

namespace troupe {

namespace {

constexpr std::int64_t scratch_bytes = 256 << 10;

/// Reads the range and throws the bytes away: they are in the page cache then.
/// @returns how many of them, up to the page that the disk does not give
caf::expected<std::int64_t> warm(const cold_range& range,
                                 std::vector<char>& scratch) {
  constexpr std::int64_t page = 4096;
  auto by_page = false;
  std::int64_t done = 0;
  while (done < range.bytes) {
    auto at = range.offset + done;
    auto step =
      std::min(range.bytes - done, by_page ? page - at % page : scratch_bytes);
    auto got =
      range.file->read(at, scratch.data(), static_cast<std::size_t>(step));
    if (!got && !by_page) {
      by_page = true;
      continue;
    }
    if (!got && (done == 0 || done < range.needed))
      return std::move(got.error());
    if (!got || *got == 0)
      break;
    done += static_cast<std::int64_t>(*got);
  }
  if (done < range.needed)
    return make_error(errc::log_read_failed,
                      range.file->path() + " was cut off at byte "
                        + std::to_string(range.offset + done));
  return done;
}

cold_reader_actor::behavior_type cold_reader(cold_reader_actor::pointer self) {
  make_quiet(*self);
  return {
    [scratch = std::vector<char>(scratch_bytes)](
      const warm_range& x) mutable -> caf::result<range_warmed> {
      auto bytes = warm(x.range, scratch);
      if (!bytes)
        return std::move(bytes.error());
      return range_warmed{*bytes};
    },
    [](const cold_records& x) -> caf::result<record_bytes> {
      auto records = x.job();
      if (!records)
        return std::move(records.error());
      return record_bytes{std::move(*records)};
    },
    [](const cold_number& x) -> caf::result<cold_number_found> {
      auto value = x.job();
      if (!value)
        return std::move(value.error());
      return cold_number_found{*value};
    },
  };
}

} // namespace

cold_reader_actor spawn_cold_reader(caf::actor_system& system, threading how) {
  if (how == threading::detached)
    return spawn_metered<cold_reader_actor>(system, cold_reader);
  return system.spawn(cold_reader);
}

} // namespace troupe
