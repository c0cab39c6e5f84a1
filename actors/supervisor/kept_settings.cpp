#include "supervisor/kept_settings.hpp"

#include "storage/state_rows.hpp"

#include <algorithm>

namespace troupe {

namespace {

void set_live_settings(cast_options& options, const live_settings& live) {
  options.body_bytes_max = live.body_bytes_max;
  options.recall_messages = live.recall_messages;
  options.reset_at_broker = live.reset_at_broker;
  options.retention = live.retention;
  options.transactions = live.transactions;
}

} // namespace

caf::expected<std::vector<kept_setting>> restore_settings(cast_options& options,
                                                          storage::lmdb& env) {
  std::vector<kept_setting> kept;
  auto damaged = env.for_each(
    storage::table::options, [&](std::string_view key, std::string_view value) {
      if (auto setting = storage::decode_kept_setting(key, value))
        kept.push_back(std::move(*setting));
    });
  if (!damaged)
    return std::move(damaged.error());
  if (kept.empty() || !options.restore_settings)
    return std::vector<kept_setting>{};
  auto all = options.restore_settings(kept);
  set_live_settings(options, all.live);
  options.settings = std::move(all.shown);
  // What has been given up must not come back with another configuration.
  std::vector<storage::row_change> forgotten;
  for (const auto& setting : kept)
    if (std::ranges::find(all.kept, setting) == all.kept.end())
      forgotten.push_back({storage::table::options, setting.key, {}});
  if (!forgotten.empty())
    if (auto error = env.write(forgotten))
      return error;
  return std::move(all.kept);
}

} // namespace troupe
