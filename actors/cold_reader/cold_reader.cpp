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
caf::error warm(const cold_range& range, std::vector<char>& scratch) {
  for (std::int64_t done = 0; done < range.bytes;) {
    auto step = std::min(scratch_bytes, range.bytes - done);
    auto got = range.file->read(range.offset + done, scratch.data(),
                                static_cast<std::size_t>(step));
    if (!got)
      return std::move(got.error());
    if (*got == 0)
      break;
    done += static_cast<std::int64_t>(*got);
  }
  return caf::none;
}

cold_reader_actor::behavior_type cold_reader(cold_reader_actor::pointer self) {
  make_quiet(*self);
  return {
    [scratch = std::vector<char>(scratch_bytes)](
      const warm_ranges& x) mutable -> caf::result<ranges_warmed> {
      for (const auto& range : x.ranges)
        if (auto error = warm(range, scratch))
          return error;
      return ranges_warmed{};
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
