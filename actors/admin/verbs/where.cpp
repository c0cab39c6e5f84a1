/// where: the life of a message, found by key or id: produced, stored,
/// delivered to whom, acknowledged or awaited by which group, retried, dead;
/// and what clients with trace on say that they did with it.
#include "admin/records.hpp"
#include "admin/texts.hpp"
#include "admin/verbs/verbs_of_node.hpp"
#include "remoting/bodies/trace_body.hpp"
#include "storage/record.hpp"

#include "troupe/model/names.hpp"
#include "troupe/model/properties.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace troupe::verbs {

namespace {

constexpr std::size_t topics_searched_max = 10'000;
constexpr std::size_t messages_shown_max = 32;
constexpr std::size_t traces_read_max = limits::query_messages_max;

/// What is asked for.
struct wish {
  std::string key;
  bool is_id = false;
  std::optional<std::string> topic;
};

caf::expected<std::vector<std::string>> topics_to_search(admin_context& context,
                                                         const wish& asked) {
  if (asked.topic)
    return std::vector{*asked.topic};
  auto all = context.ask<topic_list>(context.node().directory, list_topics{});
  if (!all)
    return std::move(all.error());
  std::vector<std::string> names;
  for (const auto& x : all->topics)
    if (!names::is_system_topic(x.name) && !names::is_retry_topic(x.name)
        && !names::is_dead_letter_topic(x.name))
      names.push_back(x.name);
  if (names.size() > topics_searched_max)
    return make_error(errc::invalid_argument,
                      "there are " + std::to_string(names.size())
                        + " topics; name one with --topic");
  return names;
}

caf::expected<std::vector<payload>>
find(admin_context& context, const std::string& topic, const std::string& key,
     std::size_t count_max = messages_shown_max) {
  auto found = context.ask<record_bytes>(
    context.node().log,
    find_by_key{
      topic, key, {0}, {INT64_MAX}, static_cast<std::int32_t>(count_max)});
  if (!found && is(found.error(), errc::message_not_found))
    return std::vector<payload>{};
  if (!found)
    return std::move(found.error());
  return std::move(found->records);
}

/// An id that names a place in the log: address, port and 16 digits.
std::optional<log_offset> place_of(const std::string& id) {
  constexpr std::size_t digits = 16;
  if (id.size() != 32 && id.size() != 56) // of IPv4 and IPv6
    return {};
  std::uint64_t place = 0;
  auto text = std::string_view{id}.substr(id.size() - digits);
  auto [end, code] =
    std::from_chars(text.data(), text.data() + text.size(), place, 16);
  if (code != std::errc{} || end != text.data() + text.size()
      || place > INT64_MAX)
    return {};
  return log_offset{static_cast<std::int64_t>(place)};
}

caf::expected<std::vector<payload>> find_all(admin_context& context,
                                             const wish& asked) {
  auto topics = topics_to_search(context, asked);
  if (!topics)
    return std::move(topics.error());
  std::vector<payload> result;
  for (const auto& topic : *topics) {
    auto some = find(context, topic, asked.key);
    if (!some)
      return std::move(some.error());
    std::ranges::move(*some, std::back_inserter(result));
    if (result.size() >= messages_shown_max)
      break;
  }
  if (!result.empty() || !asked.is_id)
    return result;
  if (auto place = place_of(asked.key)) {
    auto one =
      context.ask<record_bytes>(context.node().log, read_records{{*place}});
    if (one)
      return std::move(one->records);
  }
  return result;
}

/// A step that a client has told of.
struct told_step {
  std::string id;
  epoch_ms time;
  const char* step;
  std::string what;
};

const char* name_of(remoting::trace_kind kind) {
  switch (kind) {
    case remoting::trace_kind::sent:
      return "trace: sent";
    case remoting::trace_kind::consuming:
      return "trace: consuming";
    case remoting::trace_kind::consumed:
      return "trace: consumed";
    case remoting::trace_kind::settled:
      return "trace: settled";
    case remoting::trace_kind::recalled:
      return "trace: recalled";
  }
  return "";
}

std::string text_of(const remoting::trace_step& step, const host& client) {
  auto text = step.group.empty() ? std::string{}
                                 : "by group " + std::string{step.group} + " ";
  text += "at " + to_string(client);
  if (step.tries > 0)
    text += ", tried " + std::to_string(step.tries) + " times before";
  if (!step.verdict.empty())
    text += ", " + std::string{step.verdict};
  if (step.after_check)
    text += ", when it was asked";
  if (!step.succeeded)
    text += ", which failed";
  if (step.cost_ms >= 0)
    text += ", took " + duration_text(step.cost_ms);
  return text;
}

/// `key` is one of those of `keys`, which blanks separate.
bool has_word(std::string_view keys, std::string_view key, char separator) {
  while (!keys.empty()) {
    auto end = keys.find(separator);
    if (keys.substr(0, end) == key)
      return true;
    keys.remove_prefix(end == keys.npos ? keys.size() : end + 1);
  }
  return false;
}

/// What clients have told of the messages with a key or an id, in order.
caf::expected<std::vector<told_step>> told_of(admin_context& context,
                                              const std::string& key) {
  auto traces =
    find(context, std::string{names::trace_topic}, key, traces_read_max);
  if (!traces)
    return std::move(traces.error());
  std::vector<told_step> told;
  for (const auto& bytes : *traces) {
    auto record =
      storage::decode_record(bytes.view(), storage::record_check::none);
    auto body = record ? plain_body(*record) : std::string{};
    if (!body)
      continue; // a client that compresses as we cannot read
    for (const auto& step : remoting::read_trace(*body))
      if (has_word(step.id, key, ',') || has_word(step.keys, key, ' '))
        told.push_back({std::string{step.id}, step.time, name_of(step.what),
                        text_of(step, record->born_host)});
  }
  std::ranges::stable_sort(told, {}, &told_step::time);
  return told;
}

class life {
public:
  life(admin_context& context, table& to) : context_(context), to_(to) {}

  caf::error add(std::string_view bytes) {
    auto record = storage::decode_record(bytes, storage::record_check::crc);
    if (!record)
      return std::move(record.error());
    id_ = properties::find(record->properties, properties::unique_key);
    line(record->born_time, "produced", "by " + to_string(record->born_host));
    line(record->store_time, "stored",
         "/queue/" + std::string{record->topic} + "/"
           + std::to_string(record->queue.value) + " at "
           + std::to_string(record->offset.value) + ", log "
           + std::to_string(record->position.value));
    if (auto error = add_groups(*record))
      return error;
    return id_.empty() ? caf::none : add_told(id_);
  }

  /// What clients have told of it, be it stored or not.
  caf::error add_told(const std::string& key) {
    auto told = told_of(context_, key);
    if (!told)
      return std::move(told.error());
    for (const auto& x : *told) {
      id_ = x.id;
      line(x.time, x.step, x.what);
    }
    return caf::none;
  }

private:
  void line(epoch_ms when, const char* step, std::string what) {
    to_.rows.push_back({id_, step,
                        when.value > 0 ? cell{time_text(when)} : cell{},
                        std::move(what)});
  }

  caf::error add_groups(const storage::record_view& record) {
    auto groups =
      context_.ask<group_list>(context_.node().directory, list_groups{});
    if (!groups)
      return std::move(groups.error());
    for (const auto& group : groups->groups)
      if (auto error = add_group(record, group.name))
        return error;
    return caf::none;
  }

  caf::error add_group(const storage::record_view& record,
                       const std::string& group) {
    auto actor = context_.find_group(group);
    if (!actor && is(actor.error(), errc::group_not_found))
      return caf::none; // deleted meanwhile
    if (!actor)
      return std::move(actor.error());
    auto lease = lease_of(record, group);
    if (!lease)
      return std::move(lease.error());
    auto progress = context_.ask<group_offset>(
      *actor, query_offset{{std::string{record.topic}, record.queue}});
    auto puller = last_puller(record, group);
    if (lease->leased)
      line(lease->popped, "delivered",
           "to " + name_of(lease->from) + " of group " + group
             + ", which has popped it and not acknowledged it yet"
             + text_of(*lease));
    else if (progress && progress->offset > record.offset)
      line({}, "acknowledged",
           "by group " + group + ", which is at "
             + std::to_string(progress->offset.value)
             + (puller ? "; " + puller->client + " pulls the queue" : ""));
    else if (progress && puller && puller->offset > record.offset)
      line({}, "delivered",
           "to " + puller->client + " of group " + group
             + ", which has pulled it and not acknowledged it yet");
    else if (progress)
      line({}, "awaited",
           "by group " + group + ", "
             + std::to_string(record.offset - progress->offset)
             + " messages before it");
    else if (!is(progress.error(), errc::offset_not_found))
      return std::move(progress.error());
    if (id_.empty())
      return caf::none;
    for (const auto& topic : {names::retry_topic_of(group),
                              names::pop_retry_topic_of(group, record.topic)})
      if (auto error = add_copies(topic, group, "retried", "for group "))
        return error;
    return add_copies(names::dead_letter_topic_of(group), group, "dead",
                      "letter of group ");
  }

  /// Who has popped it.
  caf::expected<lease_found> lease_of(const storage::record_view& record,
                                      const std::string& group) {
    return context_.ask<lease_found>(
      context_.node().pop,
      find_lease{{group, {std::string{record.topic}, record.queue}},
                 record.offset});
  }

  static std::string text_of(const lease_found& lease) {
    return lease.until.value == 0
             ? ", is about to come again"
             : ", comes again at " + time_text(lease.until);
  }

  /// The client of a group that was the last to pull a queue.
  struct client_seen {
    std::string client;  ///< its id, and where it is
    queue_offset offset; ///< everything before was handed out
  };

  std::optional<client_seen> last_puller(const storage::record_view& record,
                                         const std::string& group) {
    auto pulls =
      context_.ask<pulls_seen>(context_.node().gateway, list_pulls{group});
    if (!pulls)
      return {};
    auto found = std::ranges::find_if(pulls->rows, [&](const pull_seen& x) {
      return x.queue.topic == record.topic && x.queue.queue == record.queue;
    });
    if (found == pulls->rows.end())
      return {};
    return client_seen{name_of(found->from), found->offset};
  }

  std::string name_of(connection_id client) {
    if (!clients_) {
      auto list = context_.ask<connection_list>(context_.node().gateway,
                                                list_connections{});
      clients_ = list ? std::move(list->rows) : std::vector<connection_row>{};
    }
    auto found = std::ranges::find(*clients_, client, &connection_row::id);
    if (found == clients_->end())
      return client.generation == 0 ? "a client"
                                    : "a client that has disconnected";
    return found->client_id.empty()
             ? found->address
             : found->client_id + " at " + found->address;
  }

  /// Copies of the message that a group sent back.
  caf::error add_copies(const std::string& topic, const std::string& group,
                        const char* step, const char* whose) {
    auto copies = find(context_, topic, id_);
    if (!copies)
      return std::move(copies.error());
    std::ranges::reverse(*copies); // they come newest first
    for (const auto& x : *copies) {
      auto record =
        storage::decode_record(x.view(), storage::record_check::none);
      if (!record)
        return std::move(record.error());
      auto lease = lease_of(*record, group);
      if (!lease)
        return std::move(lease.error());
      line(record->store_time, step,
           whose + group + ", time " + std::to_string(record->reconsume_times)
             + ", at " + std::to_string(record->offset.value)
             + (lease->leased ? "; in flight, with " + name_of(lease->from)
                                  + text_of(*lease)
                              : ""));
    }
    return caf::none;
  }

  admin_context& context_;
  table& to_;
  std::string id_;
  std::optional<std::vector<connection_row>> clients_; // asked for once
};

} // namespace

answer where(admin_context& context, arguments& words) {
  wish asked;
  asked.topic = words.option("topic");
  auto text = words.required("key=KEY or id=ID");
  if (text.starts_with("key="))
    asked.key = text.substr(4);
  else if (text.starts_with("id="))
    asked.key = text.substr(3);
  else
    words.refuse("write key=KEY or id=ID, not `" + text + "`");
  asked.is_id = text.starts_with("id=");
  if (auto error = words.finish())
    return error;
  auto found = find_all(context, asked);
  if (!found)
    return std::move(found.error());
  table result;
  result.columns = {"id", "step", "when", "what"};
  life story{context, result};
  // It may never have been stored, or be gone already.
  if (found->empty())
    if (auto error = story.add_told(asked.key))
      return error;
  if (found->empty() && result.rows.empty())
    return make_error(errc::message_not_found,
                      "no message has the " + text
                        + (asked.topic ? " in " + *asked.topic : "")
                        + "; a key is one of those it was sent with, an id "
                          "what its producer was told");
  for (const auto& record : *found)
    if (auto error = story.add(record.view()))
      return error;
  return result;
}

} // namespace troupe::verbs
