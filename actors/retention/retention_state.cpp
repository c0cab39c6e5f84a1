#include "retention/retention_state.hpp"

#include <algorithm>

namespace troupe {

namespace {

/// Bytes as a person reads them.
std::string in_words(std::int64_t bytes) {
  constexpr std::int64_t mib = 1 << 20;
  return bytes < 10 * mib ? std::to_string(bytes / 1024) + " KiB"
                          : std::to_string(bytes / mib) + " MiB";
}

} // namespace

std::int64_t water_mark(const retention_rules& rules,
                        const storage::disk_space& space) {
  if (rules.free_bytes_min > 0)
    return rules.free_bytes_min;
  return std::min(limits::disk_free_bytes_min,
                  space.total / 100 * limits::disk_free_percent_min);
}

disk_level level_of(const retention_rules& rules,
                    const storage::disk_space& space) {
  auto used = space.used_percent();
  if (space.free < water_mark(rules, space)
      || (rules.full_percent > 0 && used > rules.full_percent))
    return disk_level::full;
  if (rules.delete_when_full && used > limits::disk_force_percent)
    return disk_level::oldest_must_go;
  return used > rules.used_percent_max ? disk_level::expired_must_go
                                       : disk_level::roomy;
}

std::string refusal_of(const retention_rules& rules,
                       const storage::disk_space& space,
                       const std::string& directory) {
  if (level_of(rules, space) != disk_level::full)
    return {};
  auto mark = water_mark(rules, space);
  auto by_mark = space.free < mark;
  return "the broker's disk is full: the partition of " + directory
         + " is used to " + std::to_string(space.used_percent()) + " %, "
         + in_words(space.free) + " are free, "
         + (by_mark
              ? "less than the " + in_words(mark) + " of --disk-free-min"
              : "more is used than the " + std::to_string(rules.full_percent)
                  + " % of --disk-full-percent")
         + "; make room on it, or keep less (--retention-hours, "
           "--retention-bytes): sends are taken again within seconds";
}

std::optional<log_offset> wanted_cut(const retention_rules& rules,
                                     const std::vector<aged_segment>& segments,
                                     disk_level level, epoch_ms now, int hour) {
  std::int64_t bytes = 0;
  for (const auto& x : segments)
    bytes += x.bytes;
  auto in_time = rules.hours.empty()
                 || std::ranges::find(rules.hours, hour) != rules.hours.end()
                 || level != disk_level::roomy;
  auto forced =
    rules.delete_when_full
    && (level == disk_level::oldest_must_go || level == disk_level::full);
  std::optional<log_offset> cut;
  // The one in use is never removed.
  for (std::size_t i = 0; i + 1 < segments.size(); ++i) {
    const auto& x = segments[i];
    auto expired =
      rules.keep_ms > 0 && in_time && x.modified + rules.keep_ms <= now;
    auto too_many = rules.bytes_max > 0 && bytes > rules.bytes_max;
    if (!expired && !too_many && !forced)
      break;
    // By force one a round: the next look at the disk decides on.
    if (!expired && !too_many)
      return x.end;
    cut = x.end;
    bytes -= x.bytes;
  }
  return cut;
}

} // namespace troupe
