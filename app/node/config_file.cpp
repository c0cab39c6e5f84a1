#include "app/node/config_file.hpp"

#include "app/node/custom_option.hpp"

#include "troupe/log.hpp"
#include "troupe/model/delay_levels.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <iterator>
#include <limits>

namespace troupe::app {

namespace {

caf::error refuse(const std::string& where, std::string_view key,
                  std::string_view value, std::string_view allowed) {
  return make_error(errc::bad_config,
                    where + ": `" + std::string{value} + "` is no value for "
                      + std::string{key} + "; write " + std::string{allowed});
}

/// A setting's value on its way into an option.
struct setting {
  std::string_view key;
  std::string_view value;
  const std::string& where;

  caf::error text(std::string& target) const {
    if (value.empty())
      return refuse(where, key, value, "something");
    target = value;
    return caf::none;
  }

  caf::error one_more(std::vector<std::string>& target) const {
    return text(target.emplace_back());
  }

  caf::error flag(bool& target) const {
    if (value != "true" && value != "false")
      return refuse(where, key, value, "true or false");
    target = value == "true";
    return caf::none;
  }

  template <class Number>
  caf::error number(Number& target, std::int64_t least,
                    std::int64_t most) const {
    std::int64_t parsed = 0;
    auto [end, code] =
      std::from_chars(value.data(), value.data() + value.size(), parsed);
    if (code != std::errc{} || end != value.data() + value.size()
        || parsed < least || parsed > most)
      return refuse(where, key, value,
                    "a number from " + std::to_string(least) + " to "
                      + std::to_string(most));
    target = static_cast<Number>(parsed);
    return caf::none;
  }

  caf::error port(std::uint16_t& target) const {
    return number(target, 0, 65535);
  }

  caf::error servers(std::vector<std::string>& target) const {
    target.clear();
    for (auto rest = value; !rest.empty();) {
      auto semicolon = rest.find(';');
      auto one = trimmed(rest.substr(0, semicolon));
      rest = semicolon == rest.npos ? std::string_view{}
                                    : rest.substr(semicolon + 1);
      if (one.empty())
        continue;
      if (one.rfind(':') == one.npos)
        return refuse(where, key, one, "host:port, separated by `;`");
      target.emplace_back(one);
    }
    return caf::none;
  }
};

using apply_fn = caf::error (*)(node_options&, const setting&);

struct known_key {
  std::string_view name;        ///< of the command line
  std::string_view apache_name; ///< in broker.conf or namesrv.conf
  apply_fn apply;
};

caf::error apply_role(node_options& o, const setting& s) {
  if (s.value == "all")
    o.role = node_role::all;
  else if (s.value == "broker")
    o.role = node_role::broker;
  else if (s.value == "nameserver")
    o.role = node_role::name_server;
  else
    return refuse(s.where, s.key, s.value, "all, broker or nameserver");
  return caf::none;
}

caf::error apply_flush(node_options& o, const setting& s) {
  if (s.value != "sync" && s.value != "async" && s.value != "SYNC_FLUSH"
      && s.value != "ASYNC_FLUSH")
    return refuse(s.where, s.key, s.value,
                  "sync or async (SYNC_FLUSH, ASYNC_FLUSH)");
  o.sync_flush = s.value == "sync" || s.value == "SYNC_FLUSH";
  return caf::none;
}

/// In namesrv.conf listenPort is the name server's.
caf::error apply_listen_port(node_options& o, const setting& s) {
  return s.port(o.role == node_role::name_server ? o.name_server_port
                                                 : o.broker_port);
}

caf::error apply_delays(node_options& o, const setting& s) {
  if (auto parsed = delay_levels::parse(s.value); !parsed)
    return make_error(errc::bad_config,
                      s.where + ": " + context_of(parsed.error()));
  o.delay_levels = s.value;
  return caf::none;
}

caf::error apply_shell_port(node_options& o, const setting& s) {
  o.shell_port_given = true;
  if (s.value == "off") {
    o.shell_port.reset();
    return caf::none;
  }
  std::uint16_t port = 0;
  if (auto error = s.port(port))
    return refuse(s.where, s.key, s.value, "a port, or off");
  o.shell_port = port;
  return caf::none;
}

caf::error apply_broker_role(node_options&, const setting& s) {
  if (s.value == "SLAVE")
    return refuse(s.where, s.key, s.value,
                  "ASYNC_MASTER or SYNC_MASTER: this troupe is no slave");
  return caf::none;
}

/// Hours separated by `;`, as in `04;16`.
caf::error apply_delete_when(node_options& o, const setting& s) {
  auto& hours = o.retention.hours;
  hours.clear();
  for (auto rest = s.value; !rest.empty();) {
    auto semicolon = rest.find(';');
    setting one{s.key, trimmed(rest.substr(0, semicolon)), s.where};
    rest =
      semicolon == rest.npos ? std::string_view{} : rest.substr(semicolon + 1);
    if (one.value.empty())
      continue;
    int hour = 0;
    if (auto error = one.number(hour, 0, 23))
      return error;
    hours.push_back(hour);
  }
  return caf::none;
}

caf::error apply_hours(node_options& o, const setting& s) {
  std::int64_t hours = 0;
  constexpr std::int64_t century = 100 * 366 * 24;
  if (auto error = s.number(hours, 0, century))
    return error;
  o.retention.keep_ms = hours * 3'600'000;
  return caf::none;
}

constexpr std::int64_t gib = 1ll << 30;
constexpr auto any_bytes = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t day_ms = 24ll * 3600 * 1000;

constexpr std::array known_keys{
  known_key{"data", "storePathRootDir",
            [](auto& o, const auto& s) { return s.text(o.data); }},
  known_key{"listen", "bindAddress",
            [](auto& o, const auto& s) { return s.text(o.listen); }},
  known_key{"broker-port", "",
            [](auto& o, const auto& s) { return s.port(o.broker_port); }},
  known_key{"", "listenPort", apply_listen_port},
  known_key{"nameserver-port", "",
            [](auto& o, const auto& s) { return s.port(o.name_server_port); }},
  known_key{"role", "", apply_role},
  known_key{"nameserver", "namesrvAddr",
            [](auto& o, const auto& s) { return s.servers(o.name_servers); }},
  known_key{"advertise", "brokerIP1",
            [](auto& o, const auto& s) { return s.text(o.advertise); }},
  known_key{"broker-name", "brokerName",
            [](auto& o, const auto& s) { return s.text(o.broker_name); }},
  known_key{"cluster", "brokerClusterName",
            [](auto& o, const auto& s) { return s.text(o.cluster); }},
  known_key{"broker-id", "brokerId",
            [](auto& o, const auto& s) { return s.number(o.broker_id, 0, 0); }},
  known_key{"flush", "flushDiskType", apply_flush},
  known_key{
    "auto-create-topics", "autoCreateTopicEnable",
    [](auto& o, const auto& s) { return s.flag(o.auto_create_topics); }},
  known_key{
    "auto-create-groups", "autoCreateSubscriptionGroup",
    [](auto& o, const auto& s) { return s.flag(o.auto_create_groups); }},
  known_key{"property-filter", "enablePropertyFilter",
            [](auto& o, const auto& s) { return s.flag(o.property_filter); }},
  known_key{"default-topic-queues", "defaultTopicQueueNums",
            [](auto& o, const auto& s) {
              return s.number(o.default_topic_queues, 1,
                              limits::queues_per_topic_max);
            }},
  known_key{
    "broker-permission", "brokerPermission",
    [](auto& o, const auto& s) { return s.number(o.broker_permission, 0, 7); }},
  known_key{"message-bytes-max", "maxMessageSize",
            [](auto& o, const auto& s) {
              return s.number(
                o.message_bytes_max, 1,
                static_cast<std::int64_t>(limits::frame_bytes_max));
            }},
  known_key{"segment-bytes", "mappedFileSizeCommitLog",
            [](auto& o, const auto& s) {
              return s.number(o.segment_bytes, limits::segment_bytes_min,
                              2 * gib);
            }},
  known_key{"delay-levels", "messageDelayLevel", apply_delays},
  known_key{"memory-max", "",
            [](auto& o, const auto& s) {
              return s.number(o.memory_max, limits::memory_bytes_min,
                              any_bytes);
            }},
  known_key{"retention-hours", "fileReservedTime", apply_hours},
  known_key{"retention-bytes", "",
            [](auto& o, const auto& s) {
              return s.number(o.retention.bytes_max, 0, any_bytes);
            }},
  known_key{"retention-period", "cleanResourceInterval",
            [](auto& o, const auto& s) {
              return s.number(o.retention_period_ms, 10, 86'400'000);
            }},
  known_key{"scrub-bytes", "",
            [](auto& o, const auto& s) {
              return s.number(o.scrub_bytes, 0, any_bytes);
            }},
  known_key{"delete-when", "deleteWhen", apply_delete_when},
  known_key{"disk-free-min", "",
            [](auto& o, const auto& s) {
              return s.number(o.retention.free_bytes_min, 0, any_bytes);
            }},
  known_key{"disk-full-percent", "diskSpaceWarningLevelRatio",
            [](auto& o, const auto& s) {
              return s.number(o.retention.full_percent, 0, 100);
            }},
  known_key{"disk-used-max", "diskMaxUsedSpaceRatio",
            [](auto& o, const auto& s) {
              return s.number(o.retention.used_percent_max, 0, 100);
            }},
  known_key{"delete-when-full", "cleanFileForciblyEnable",
            [](auto& o, const auto& s) {
              return s.flag(o.retention.delete_when_full);
            }},
  known_key{"transaction-timeout", "transactionTimeOut",
            [](auto& o, const auto& s) {
              return s.number(o.transaction_timeout_ms, 1, day_ms);
            }},
  known_key{"transaction-check-interval", "transactionCheckInterval",
            [](auto& o, const auto& s) {
              return s.number(o.transaction_check_interval_ms, 1, day_ms);
            }},
  known_key{"transaction-check-max", "transactionCheckMax",
            [](auto& o, const auto& s) {
              return s.number(o.transaction_checks_max, 1, 1000);
            }},
  known_key{"timer-delay-max", "timerMaxDelaySec",
            [](auto& o, const auto& s) {
              return s.number(o.timer_delay_max_seconds, 1, 366 * 86'400);
            }},
  known_key{"recall-messages", "recallMessageEnable",
            [](auto& o, const auto& s) { return s.flag(o.recall_messages); }},
  known_key{"reset-at-broker", "useServerSideResetOffset",
            [](auto& o, const auto& s) { return s.flag(o.reset_at_broker); }},
  known_key{"plugin", "",
            [](auto& o, const auto& s) { return s.one_more(o.plugins); }},
  known_key{
    "plugin-dir", "",
    [](auto& o, const auto& s) { return s.one_more(o.plugin_directories); }},
  known_key{"", "brokerRole", apply_broker_role},
  known_key{"shell-ca", "",
            [](auto& o, const auto& s) { return s.text(o.shell_ca); }},
  known_key{"shell-certificate", "",
            [](auto& o, const auto& s) { return s.text(o.shell_certificate); }},
  known_key{"shell-key", "",
            [](auto& o, const auto& s) { return s.text(o.shell_key); }},
  known_key{"shell-listen", "",
            [](auto& o, const auto& s) { return s.text(o.shell_listen); }},
  known_key{"shell-port", "", apply_shell_port},
};

/// Keys of Apache's that have no meaning here, and why.
struct idle_key {
  std::string_view name;
  std::string_view why;
};

constexpr std::array idle_keys{
  idle_key{"storePathCommitLog", "the commit log lies below storePathRootDir"},
  idle_key{"storePathConsumeQueue", "queues lie below storePathRootDir"},
  idle_key{"storePathIndex", "the index lies below storePathRootDir"},
  idle_key{"haListenPort", "there is no replication yet"},
  idle_key{"brokerIP2", "there is no replication yet"},
  idle_key{"haMasterAddress", "there is no replication yet"},
  idle_key{"traceTopicEnable", "the trace topic is made on first use"},
  idle_key{"sendMessageThreadPoolNums", "there are no thread pools"},
  idle_key{"pullMessageThreadPoolNums", "there are no thread pools"},
  idle_key{"useReentrantLockWhenPutMessage", "there are no locks"},
  idle_key{"waitTimeMillsInSendQueue", "there are no thread pools"},
  idle_key{"warmMapedFileEnable", "segments are not written through maps"},
  idle_key{"transientStorePoolEnable", "segments are not written through maps"},
  idle_key{"slaveReadEnable", "there is no replication yet"},
  idle_key{"rocketmqHome", "nothing is read from there"},
  idle_key{"kvConfigPath", "settings are kept in the data directory"},
  idle_key{"configStorePath", "settings are kept in the data directory"},
  idle_key{"orderMessageEnable", "order topics are always told"},
};

/// How many letters differ: enough to guess at a slip of the pen.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j)
    row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      auto above = row[j];
      row[j] = std::min(
        {above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

std::string_view nearest_key(std::string_view key) {
  constexpr std::size_t slips_max = 3;
  std::string_view best;
  auto least = slips_max + 1;
  auto try_one = [&](std::string_view name) {
    if (name.empty())
      return;
    if (auto d = distance(key, name); d < least) {
      least = d;
      best = name;
    }
  };
  for (const auto& x : known_keys) {
    try_one(x.name);
    try_one(x.apache_name);
  }
  return best;
}

void warn_unknown(std::string_view key, const std::string& where) {
  for (const auto& x : idle_keys)
    if (x.name == key) {
      log::warning("config", "setting has no effect")
        .with("where", where)
        .with("key", key)
        .with("why", x.why);
      return;
    }
  auto line = log::warning("config", "setting is not understood");
  line.with("where", where).with("key", key);
  if (auto near = nearest_key(key); !near.empty())
    line.with("did_you_mean", near);
}

const known_key* find_key(std::string_view key) {
  auto found = std::ranges::find_if(known_keys, [&](const known_key& x) {
    return !key.empty() && (x.name == key || x.apache_name == key);
  });
  return found == known_keys.end() ? nullptr : &*found;
}

} // namespace

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  auto first = text.find_first_not_of(blanks);
  if (first == text.npos)
    return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

caf::expected<option_names> find_names(std::string_view key) {
  if (const auto* known = find_key(key))
    return option_names{known->name, known->apache_name};
  auto idle = std::ranges::find(idle_keys, key, &idle_key::name);
  if (idle != idle_keys.end())
    return make_error(errc::bad_config,
                      std::string{key}
                        + " has no effect here: " + std::string{idle->why});
  auto near = nearest_key(key);
  return make_error(errc::bad_config,
                    "no setting is called " + std::string{key}
                      + (near.empty()
                           ? std::string{}
                           : "; did you mean " + std::string{near} + "?"));
}

caf::error set_option(node_options& options, std::string_view key,
                      std::string_view value, const std::string& where) {
  if (is_custom_key(key))
    return add_custom(options, key, value, where);
  const auto* known = find_key(key);
  if (known == nullptr)
    return make_error(errc::bad_config,
                      where + ": no option is called " + std::string{key});
  return known->apply(options, setting{key, value, where});
}

caf::error apply_config(node_options& options, std::string_view text,
                        const std::string& file) {
  std::size_t number = 0;
  while (!text.empty()) {
    ++number;
    auto end = text.find('\n');
    auto line = trimmed(text.substr(0, end));
    text = end == text.npos ? std::string_view{} : text.substr(end + 1);
    if (line.empty() || line.front() == '#')
      continue;
    auto where = file + ":" + std::to_string(number);
    auto equals = line.find('=');
    if (equals == line.npos)
      return make_error(errc::bad_config, where + ": `" + std::string{line}
                                            + "` is no `key = value` line");
    auto key = trimmed(line.substr(0, equals));
    auto value = trimmed(line.substr(equals + 1));
    if (is_custom_key(key)) {
      if (auto error = add_custom(options, key, value, where))
        return error;
      continue;
    }
    const auto* known = find_key(key);
    if (known == nullptr) {
      warn_unknown(key, where);
      continue;
    }
    if (auto error = known->apply(options, setting{key, value, where}))
      return error;
  }
  return caf::none;
}

caf::error apply_config_file(node_options& options, const std::string& file) {
  std::ifstream source{file, std::ios::binary};
  if (!source)
    return make_error(errc::bad_config,
                      "cannot read the configuration file " + file);
  std::string text{std::istreambuf_iterator<char>{source}, {}};
  return apply_config(options, text, file);
}

} // namespace troupe::app
