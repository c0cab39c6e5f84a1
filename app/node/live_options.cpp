#include "app/node/live_options.hpp"

#include "app/node/config_file.hpp"
#include "app/node/node_main.hpp"

#include "supervisor/supervisor.hpp"

#include "troupe/log.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace troupe::app {

namespace {

/// By the names of the command line.
constexpr std::array changeable{
  std::string_view{"delete-when"},
  std::string_view{"delete-when-full"},
  std::string_view{"disk-free-min"},
  std::string_view{"disk-full-percent"},
  std::string_view{"disk-used-max"},
  std::string_view{"message-bytes-max"},
  std::string_view{"recall-messages"},
  std::string_view{"reset-at-broker"},
  std::string_view{"retention-bytes"},
  std::string_view{"retention-hours"},
  std::string_view{"transaction-check-interval"},
  std::string_view{"transaction-check-max"},
  std::string_view{"transaction-timeout"},
};

std::string names_of_changeable() {
  std::string text;
  for (auto name : changeable) {
    text.append(text.empty() ? "" : ", ").append(name);
    if (auto apache = find_names(name); apache && !apache->apache.empty())
      text.append(" (").append(apache->apache).append(")");
  }
  return text;
}

/// Where the value came from, in messages of errors.
constexpr const char* source = "updateBrokerConfig";

caf::error change_one(node_options& wanted, std::string_view key,
                      std::string_view value) {
  auto names = find_names(key);
  if (!names)
    return make_error(errc::invalid_argument, context_of(names.error()));
  if (std::ranges::find(changeable, names->own) == changeable.end())
    return make_error(errc::no_permission,
                      std::string{key}
                        + " cannot be changed while the node runs: write it "
                          "into the configuration file and restart; these can: "
                        + names_of_changeable());
  if (auto error = set_option(wanted, key, value, source))
    return make_error(errc::invalid_argument, context_of(error));
  return caf::none;
}

} // namespace

caf::expected<changed_settings> change_options(node_options& now,
                                               std::string_view lines) {
  auto wanted = now;
  std::vector<std::pair<std::string_view, std::string_view>> told;
  while (!lines.empty()) {
    auto end = lines.find('\n');
    auto line = trimmed(lines.substr(0, end));
    lines = end == lines.npos ? std::string_view{} : lines.substr(end + 1);
    if (line.empty() || line.front() == '#')
      continue;
    auto equals = line.find('=');
    if (equals == line.npos)
      return make_error(errc::invalid_argument,
                        "`" + std::string{line} + "` is no `key=value` line");
    auto key = trimmed(line.substr(0, equals));
    auto value = trimmed(line.substr(equals + 1));
    if (auto error = change_one(wanted, key, value))
      return error;
    told.emplace_back(key, value);
  }
  auto cast = cast_of(wanted);
  if (!cast)
    return make_error(errc::invalid_argument, context_of(cast.error()));
  now = std::move(wanted);
  for (const auto& [key, value] : told)
    log::info("config", "a setting is changed until the node ends")
      .with("key", key)
      .with("value", value);
  return changed_settings{live_settings_of(*cast), std::move(cast->settings)};
}

} // namespace troupe::app
