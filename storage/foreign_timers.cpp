#include "storage/foreign_timers.hpp"

#include "storage/big_endian.hpp"
#include "storage/file.hpp"
#include "storage/key_index.hpp"

#include "troupe/limits.hpp"
#include "troupe/model/hash.hpp"
#include "troupe/model/names.hpp"
#include "troupe/model/properties.hpp"
#include "troupe/model/transactions.hpp"

#include <algorithm>

namespace troupe::storage {

namespace {

std::int64_t due_of(std::string_view properties_text) {
  return number_in<std::int64_t>(
    properties::find(properties_text, properties::timer_out_ms), -1);
}

/// The unique key in a mark that takes a message of `topic` back; before it may
/// stand the topic and a plus: always in RocketMQ 5.3, by a setting in 5.5.
std::uint64_t hash_of_recalled(std::string_view topic, std::string_view name) {
  if (name.size() > topic.size() && name.starts_with(topic)
      && name[topic.size()] == '+')
    name.remove_prefix(topic.size() + 1);
  return index_hash(topic, name);
}

} // namespace

epoch_ms foreign_timers::delivered_to() const {
  if (read_to_.value > 0)
    return read_to_;
  return last_time_
         + -std::chrono::milliseconds{limits::foreign_timer_slack}.count();
}

void foreign_timers::take(const record_view& record) {
  last_time_ = std::max(last_time_, record.store_time);
  auto due = due_of(record.properties);
  if (due < 0)
    return;
  auto text = record.properties;
  auto waits = record.topic == names::timer_topic;
  some_put_off_ |=
    waits && !properties::find(text, properties::timer_roll_times).empty();
  // A record of the timer topic ends a message only if it takes one back.
  auto name = properties::find(text, waits ? properties::timer_delete_key
                                           : properties::unique_key);
  if (!name.empty())
    ended_.insert({due, waits ? hash_of_recalled(
                          properties::find(text, properties::real_topic), name)
                              : index_hash(record.topic, name)});
  // What was due before that counts as delivered in any case.
  ended_.erase(ended_.begin(), ended_.lower_bound({delivered_to().value, 0}));
}

bool foreign_timers::is_over(const deadline& row, const record_reader& read) {
  auto due = row.key.due;
  if (due < delivered_to())
    return true;
  if (ended_.empty() && !some_put_off_)
    return false;
  auto over = false;
  read(row.position, [&](const record_view& timed) {
    auto value = [&](std::string_view name) {
      return properties::find(timed.properties, name);
    };
    auto key = value(properties::unique_key);
    if (key.empty())
      return; // nothing tells it from others: it comes, perhaps again
    identity self{due.value, index_hash(value(properties::real_topic), key)};
    over =
      ended_.contains(self) || (some_put_off_ && !asked_.insert(self).second);
  });
  return over;
}

epoch_ms timers_delivered_to(const std::string& directory) {
  auto path = directory + "/config/timercheck";
  if (!path_exists(path))
    return {};
  auto bytes = read_file(path);
  if (!bytes || bytes->size() < sizeof(std::int64_t))
    return {};
  return {std::max<std::int64_t>(load<std::int64_t>(bytes->data()), 0)};
}

} // namespace troupe::storage
