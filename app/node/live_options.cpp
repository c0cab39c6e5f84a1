#include "app/node/live_options.hpp"

#include "app/node/config_file.hpp"
#include "app/node/node_main.hpp"

#include "supervisor/supervisor.hpp"

#include "troupe/log.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace troupe::app {

namespace {

std::string text_of(bool x) {
  return x ? "true" : "false";
}

std::string text_of(std::int64_t x) {
  return std::to_string(x);
}

/// As it is written in broker.conf.
std::string text_of(const std::vector<int>& hours) {
  std::string text;
  for (auto hour : hours)
    text += (text.empty() ? "" : ";") + std::to_string(hour);
  return text;
}

struct live_option {
  std::string_view name; ///< of the command line
  /// Its value, as set_option() reads it.
  std::string (*text)(const node_options&);
};

using options_ref = const node_options&;

constexpr std::int64_t hour_ms = 3'600'000;

constexpr std::array changeable{
  live_option{"delete-when",
              [](options_ref o) { return text_of(o.retention.hours); }},
  live_option{
    "delete-when-full",
    [](options_ref o) { return text_of(o.retention.delete_when_full); }},
  live_option{
    "disk-free-min",
    [](options_ref o) { return text_of(o.retention.free_bytes_min); }},
  live_option{"disk-full-percent",
              [](options_ref o) {
                return text_of(std::int64_t{o.retention.full_percent});
              }},
  live_option{"disk-used-max",
              [](options_ref o) {
                return text_of(std::int64_t{o.retention.used_percent_max});
              }},
  live_option{"message-bytes-max",
              [](options_ref o) { return text_of(o.message_bytes_max); }},
  live_option{"recall-messages",
              [](options_ref o) { return text_of(o.recall_messages); }},
  live_option{"reset-at-broker",
              [](options_ref o) { return text_of(o.reset_at_broker); }},
  live_option{"retention-bytes",
              [](options_ref o) { return text_of(o.retention.bytes_max); }},
  live_option{
    "retention-hours",
    [](options_ref o) { return text_of(o.retention.keep_ms / hour_ms); }},
  live_option{
    "transaction-check-interval",
    [](options_ref o) { return text_of(o.transaction_check_interval_ms); }},
  live_option{"transaction-check-max",
              [](options_ref o) {
                return text_of(std::int64_t{o.transaction_checks_max});
              }},
  live_option{"transaction-timeout",
              [](options_ref o) { return text_of(o.transaction_timeout_ms); }},
};

/// RocketMQ's name, ours where it has none.
std::string shown_name(std::string_view own) {
  auto names = find_names(own);
  return std::string{names && !names->apache.empty() ? names->apache : own};
}

/// By either name; null when it cannot be changed while the node runs.
const live_option* find_changeable(std::string_view key) {
  auto names = find_names(key);
  if (!names)
    return nullptr;
  auto found = std::ranges::find(changeable, names->own, &live_option::name);
  return found == changeable.end() ? nullptr : &*found;
}

std::string names_of_changeable() {
  std::string text;
  for (const auto& x : changeable) {
    text.append(text.empty() ? "" : ", ").append(x.name);
    if (auto shown = shown_name(x.name); shown != x.name)
      text.append(" (").append(shown).append(")");
  }
  return text;
}

/// Where the value came from, in messages of errors.
constexpr const char* source = "updateBrokerConfig";

caf::error change_one(node_options& wanted, std::string_view key,
                      std::string_view value) {
  if (auto names = find_names(key); !names)
    return make_error(errc::invalid_argument, context_of(names.error()));
  if (find_changeable(key) == nullptr)
    return make_error(errc::no_permission,
                      std::string{key}
                        + " cannot be changed while the node runs: write it "
                          "into the configuration file and restart; these can: "
                        + names_of_changeable());
  if (auto error = set_option(wanted, key, value, source))
    return make_error(errc::invalid_argument, context_of(error));
  return caf::none;
}

/// Why a kept setting does not hold any more; none when it does, and is set.
std::optional<std::string> take_up(node_options& now,
                                   const node_options& configured,
                                   const kept_setting& kept) {
  const auto* option = find_changeable(kept.key);
  if (option == nullptr)
    return "it cannot be changed while the node runs";
  if (auto says = option->text(configured); says != kept.configured)
    return "what is configured was " + kept.configured + " then and is " + says
           + " now";
  if (auto error = set_option(now, kept.key, kept.value, "kept"))
    return context_of(error);
  return {};
}

} // namespace

std::vector<std::pair<std::string, std::string>>
changeable_settings(const node_options& options) {
  std::vector<std::pair<std::string, std::string>> settings;
  for (const auto& x : changeable)
    settings.emplace_back(shown_name(x.name), x.text(options));
  return settings;
}

caf::expected<changed_settings> live_options::change(std::string_view lines) {
  auto wanted = now_;
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
  now_ = std::move(wanted);
  for (const auto& [key, value] : told) {
    keep(key);
    log::info("config", "a setting is changed while the node runs")
      .with("key", key)
      .with("value", value);
  }
  return changed_settings{live_settings_of(*cast), std::move(cast->settings),
                          kept_};
}

void live_options::keep(std::string_view key) {
  const auto& option = *find_changeable(key);
  auto name = shown_name(option.name);
  std::erase_if(kept_, [&](const auto& x) { return x.key == name; });
  auto value = option.text(now_);
  auto configured = option.text(configured_);
  if (value != configured)
    kept_.push_back({name, value, configured});
}

changed_settings live_options::restore(const std::vector<kept_setting>& kept) {
  for (const auto& setting : kept) {
    auto wanted = now_;
    auto why = take_up(wanted, configured_, setting);
    if (!why) {
      if (auto cast = cast_of(wanted); !cast)
        why = context_of(cast.error());
    }
    if (why) {
      log::warning("config",
                   "a change of an earlier run does not hold any more")
        .with("key", setting.key)
        .with("value", setting.value)
        .with("why", *why);
      continue;
    }
    now_ = std::move(wanted);
    keep(setting.key);
    log::info("config", "a change of an earlier run still holds")
      .with("key", setting.key)
      .with("value", setting.value)
      .with("configured", setting.configured);
  }
  auto cast = cast_of(now_); // it was possible each time
  return {live_settings_of(*cast), std::move(cast->settings), kept_};
}

} // namespace troupe::app
