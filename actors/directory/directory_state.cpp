#include "directory/directory_state.hpp"

#include "troupe/limits.hpp"
#include "troupe/model/names.hpp"

#include <algorithm>
#include <array>

namespace troupe {

namespace {

topic_config make_config(std::string name, std::int32_t queues,
                         std::int32_t perm) {
  topic_config config;
  config.name = std::move(name);
  config.read_queues = queues;
  config.write_queues = queues;
  config.perm = perm;
  return config;
}

void bump(data_version& version, epoch_ms now) {
  ++version.counter;
  version.timestamp = std::max(now.value, version.timestamp);
}

/// Why no topic may have these settings.
caf::error why_refused(const topic_config& config) {
  if (auto why = names::why_bad_topic(config.name); !why.empty())
    return make_error(errc::invalid_argument, why);
  if (names::is_system_topic(config.name))
    return make_error(errc::invalid_argument,
                      "the topic[" + config.name
                        + "] is conflict with system topic");
  auto bad = [](std::int32_t queues) {
    return queues < 0 || queues > limits::queues_per_topic_max;
  };
  if (bad(config.read_queues) || bad(config.write_queues))
    return make_error(errc::invalid_argument,
                      "a topic has 0 to "
                        + std::to_string(limits::queues_per_topic_max)
                        + " queues");
  return caf::none;
}

/// Groups that exist from the start. Sheet semantics 3.
constexpr std::array<std::string_view, 8> boot_groups{
  "TOOLS_CONSUMER",     "FILTERSRV_CONSUMER", "SELF_TEST_C_GROUP",
  "CID_ONS-HTTP-PROXY", "CID_ONSAPI_PULL",    "CID_ONSAPI_PERMISSION",
  "CID_ONSAPI_OWNER",   "CID_RMQ_SYS_TRANS"};

} // namespace

directory_state::directory_state(const directory_options& options)
  : options_(options),
    topics_version_(options.stored.topics_version),
    groups_version_(options.stored.groups_version) {
  for (const auto& topic : options.stored.topics)
    topics_.emplace(topic.name, topic);
  for (const auto& group : options.stored.groups)
    groups_.emplace(group.name, group);
  add_system_topics();
  for (auto name : boot_groups) {
    group_config group;
    group.name = name;
    groups_.emplace(group.name, group);
  }
  // A node that comes back with other switches has another table.
  bump(topics_version_, options.clock());
}

void directory_state::add_system_topics() {
  constexpr auto read_write = permission::read_write;
  auto add = [this](std::string_view name, std::int32_t queues,
                    std::int32_t perm) {
    topics_.emplace(std::string{name},
                    make_config(std::string{name}, queues, perm));
  };
  topics_.erase(std::string{names::auto_create_topic});
  if (options_.auto_create_topics)
    add(names::auto_create_topic, options_.default_topic_queues,
        read_write | permission::inherit);
  add(names::self_test_topic, 1, read_write);
  add(names::offset_moved_topic, 1, read_write);
  add(names::benchmark_topic, 1024, read_write);
  add(names::schedule_topic, options_.delay_level_count, read_write);
  add(names::half_topic, 1, read_write);
  add(names::half_op_topic, 1, read_write);
  add(names::check_max_topic, 1, read_write);
  add(names::timer_topic, 1, read_write);
  add(options_.cluster, 16, read_write | permission::inherit);
  add(options_.broker_name, 1, read_write | permission::inherit);
  add(names::reply_topic_of(options_.cluster), 1, read_write);
}

const topic_config* directory_state::find_topic(std::string_view name) const {
  auto found = topics_.find(name);
  return found == topics_.end() ? nullptr : &found->second;
}

caf::expected<topic_config>
directory_state::plan_topic(const struct find_topic& wish) const {
  if (auto why = names::why_bad_topic(wish.topic); !why.empty())
    return make_error(errc::invalid_argument, why);
  auto missing = [&](const char* hint) {
    return make_error(errc::topic_not_found,
                      "topic[" + wish.topic + "] not exist, " + hint);
  };
  if (topics_.size() >= limits::topics_max)
    return make_error(errc::busy, "the broker holds "
                                    + std::to_string(topics_.size())
                                    + " topics, its bound; delete some");
  if (wish.make_group_topic)
    return make_config(wish.topic, 1, permission::read_write);
  if (!wish.make_from)
    return missing("apply first please! Create it with `topic create` of "
                   "the shell or updateTopic");
  const auto* base = find_topic(wish.make_from->default_topic);
  if (base == nullptr)
    return missing("apply first please! The broker creates no topics on first "
                   "use, or not from this template");
  if ((base->perm & permission::inherit) == 0)
    return missing("and its template may not be inherited from");
  auto queues = std::clamp(wish.make_from->queues, 0, base->write_queues);
  auto config =
    make_config(wish.topic, queues, base->perm & ~permission::inherit);
  config.filter_type = base->filter_type;
  config.sys_flag = wish.make_from->sys_flag;
  return config;
}

caf::error
directory_state::check_update(std::span<const topic_config> configs) const {
  std::size_t count = topics_.size();
  for (const auto& config : configs) {
    if (auto error = why_refused(config))
      return error;
    if (find_topic(config.name) == nullptr && ++count > limits::topics_max)
      return make_error(
        errc::busy, "the broker holds " + std::to_string(topics_.size())
                      + " topics, its bound is "
                      + std::to_string(limits::topics_max) + "; delete some");
  }
  return caf::none;
}

caf::error directory_state::check_delete(std::string_view name) const {
  if (auto why = names::why_bad_topic(name); !why.empty())
    return make_error(errc::invalid_argument, why);
  if (names::is_system_topic(name))
    return make_error(errc::invalid_argument,
                      "the topic[" + std::string{name}
                        + "] is conflict with system topic");
  return caf::none;
}

void directory_state::put_topic(topic_config config, epoch_ms now) {
  auto name = config.name;
  topics_.insert_or_assign(std::move(name), std::move(config));
  bump(topics_version_, now);
}

void directory_state::remove_topic(std::string_view name, epoch_ms now) {
  if (auto found = topics_.find(name); found != topics_.end())
    topics_.erase(found);
  bump(topics_version_, now);
}

std::vector<std::string>
directory_state::pop_retry_topics(std::string_view topic) const {
  std::vector<std::string> result;
  auto ending = std::string{"_"}.append(topic);
  for (auto i = topics_.lower_bound(names::retry_prefix);
       i != topics_.end() && names::is_retry_topic(i->first); ++i) {
    auto group = names::group_of_retry_topic(i->first);
    if (!group.ends_with(ending))
      continue;
    group.remove_suffix(ending.size());
    if (find_group(group) != nullptr)
      result.push_back(i->first);
  }
  return result;
}

const group_config* directory_state::find_group(std::string_view name) const {
  auto found = groups_.find(name);
  return found == groups_.end() ? nullptr : &found->second;
}

caf::expected<group_config>
directory_state::plan_group(const struct find_group& wish) const {
  if (auto why = names::why_bad_group(wish.group); !why.empty())
    return make_error(errc::invalid_argument, why);
  if (!names::is_system_group(wish.group)
      && (!wish.make || !options_.auto_create_groups))
    return make_error(errc::group_not_found,
                      "subscription group [" + wish.group
                        + "] does not exist; create it with `group create` "
                          "of the shell or updateSubGroup");
  if (groups_.size() >= limits::groups_max)
    return make_error(errc::busy, "the broker holds "
                                    + std::to_string(groups_.size())
                                    + " groups, its bound; delete some");
  group_config config;
  config.name = wish.group;
  return config;
}

caf::error directory_state::check_update(const group_config& config) const {
  if (auto why = names::why_bad_group(config.name); !why.empty())
    return make_error(errc::invalid_argument, why);
  if (find_group(config.name) == nullptr
      && groups_.size() >= limits::groups_max)
    return make_error(errc::busy, "the broker holds "
                                    + std::to_string(groups_.size())
                                    + " groups, its bound; delete some");
  return caf::none;
}

void directory_state::put_group(group_config config, epoch_ms now) {
  auto name = config.name;
  groups_.insert_or_assign(std::move(name), std::move(config));
  bump(groups_version_, now);
}

void directory_state::remove_group(std::string_view name, epoch_ms now) {
  if (auto found = groups_.find(name); found != groups_.end())
    groups_.erase(found);
  bump(groups_version_, now);
}

broker_registration directory_state::registration_head() const {
  broker_registration says;
  says.cluster = options_.cluster;
  says.name = options_.broker_name;
  says.broker_id = options_.broker_id;
  says.address = options_.address;
  says.ha_address = options_.ha_address;
  says.version = topics_version_;
  return says;
}

topic_config directory_state::as_registered(topic_config topic) const {
  topic.perm &= options_.broker_permission | permission::inherit;
  return topic;
}

broker_registration directory_state::registration() const {
  auto says = registration_head();
  says.topics.reserve(topics_.size());
  for (const auto& [name, topic] : topics_)
    says.topics.push_back(as_registered(topic));
  return says;
}

register_broker
directory_state::registration_of(const std::string& topic) const {
  register_broker change{registration_head(), {}, true, true, {}};
  if (const auto* known = find_topic(topic))
    change.says.topics.push_back(as_registered(*known));
  else
    change.removed.push_back(topic);
  return change;
}

} // namespace troupe
