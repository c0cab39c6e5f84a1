/// dlq: the dead letters of a group: those that it failed on too often.
#include "admin/broker_link.hpp"
#include "admin/confirm.hpp"
#include "admin/records.hpp"
#include "admin/sending.hpp"
#include "admin/verbs/verbs_of_node.hpp"
#include "storage/record.hpp"

#include "troupe/model/names.hpp"
#include "troupe/model/properties.hpp"

#include <algorithm>

namespace troupe::verbs {

namespace {

struct letters {
  std::string topic;
  std::vector<std::string> records; ///< oldest first
};

/// Reads dead letters from queue offset `from` on.
caf::expected<letters> read_letters(admin_context& context,
                                    const std::string& group, std::int64_t from,
                                    std::int64_t count) {
  letters result;
  result.topic = names::dead_letter_topic_of(group);
  auto view = context.find_topic(result.topic);
  if (!view && is(view.error(), errc::topic_not_found)) {
    if (auto known = context.find_group(group); !known)
      return std::move(known.error());
    return result; // none was ever made
  }
  if (!view)
    return std::move(view.error());
  for (std::size_t i = 0; i < view->queues.size(); ++i) {
    auto range = context.ask<queue_range>(view->queues[i], query_range{});
    if (!range)
      return std::move(range.error());
    auto read = read_queue(context, {result.topic,
                                     {static_cast<std::int32_t>(i)},
                                     std::max(range->min, queue_offset{from}),
                                     static_cast<std::size_t>(count),
                                     {},
                                     nullptr});
    if (!read)
      return std::move(read.error());
    std::ranges::move(read->records, std::back_inserter(result.records));
  }
  return result;
}

std::string origin_of(const storage::record_view& record) {
  for (auto name : {properties::retry_topic, properties::dlq_origin_topic})
    if (auto topic = properties::find(record.properties, name); !topic.empty())
      return std::string{topic};
  return {};
}

answer list(admin_context& context, arguments& words) {
  auto from = words.number("from", 0, 0, INT64_MAX);
  auto count = words.number("count", 100, 1, 1000);
  auto group = words.required("GROUP");
  if (auto error = words.finish())
    return error;
  auto found = read_letters(context, group, from, count);
  if (!found)
    return std::move(found.error());
  table result;
  result.columns = {"offset", "origin", "id", "key", "stored", "body"};
  for (const auto& bytes : found->records) {
    auto record = storage::decode_record(bytes, storage::record_check::none);
    auto row = message_row(bytes);
    if (!record || !row)
      return std::move(record ? row.error() : record.error());
    // topic, queue, offset, id, key, tag, stored, retries, body, properties
    auto& x = *row;
    result.rows.push_back({x[2], origin_of(*record), x[3], x[4], x[6], x[8]});
  }
  if (result.rows.empty())
    result.note = "group " + group + " has no dead letters"
                  + (from > 0 ? " from there on" : "");
  return result;
}

answer resend(admin_context& context, arguments& words) {
  auto agreed = consent::of(words);
  auto from = words.number("from", 0, 0, INT64_MAX);
  auto count = words.number("count", 100, 1, 1000);
  auto other = words.option("topic");
  auto group = words.required("GROUP");
  if (auto error = words.finish())
    return error;
  auto found = read_letters(context, group, from, count);
  if (!found)
    return std::move(found.error());
  if (found->records.empty())
    return note_of("group " + group + " has no dead letters"
                   + (from > 0 ? " from there on" : ""));
  if (auto instead = agreed.instead_of(
        "send " + std::to_string(found->records.size()) + " dead letters of "
        + group + " again; they stay where they are as well"))
    return std::move(*instead);
  auto link = open_broker(context);
  if (!link)
    return std::move(link.error());
  table result;
  result.columns = {"letter", "topic", "queue", "offset", "id"};
  for (const auto& bytes : found->records) {
    auto record = storage::decode_record(bytes, storage::record_check::crc);
    if (!record)
      return std::move(record.error());
    auto topic = other.value_or(origin_of(*record));
    if (topic.empty())
      return make_error(errc::invalid_argument,
                        "letter " + std::to_string(record->offset.value)
                          + " does not say where it came from; name a --topic");
    // As a new message: a new id, no delay, no count of retries.
    std::string text;
    properties::for_each(
      record->properties, [&](std::string_view name, std::string_view value) {
        for (auto own :
             {properties::unique_key, properties::delay,
              properties::retry_topic, properties::real_topic,
              properties::real_queue_id, properties::dlq_origin_topic,
              properties::dlq_origin_id, properties::record_crc,
              properties::cluster, properties::region, properties::trace_on})
          if (name == own)
            return;
        properties::append(text, name, value);
      });
    auto sent = send_message(*link, {topic, std::string{record->body}, text, -1,
                                     record->sys_flag & compression_flags});
    if (!sent)
      return std::move(sent.error());
    result.rows.push_back(
      {record->offset.value, topic, sent->queue, sent->offset, sent->id});
  }
  return result;
}

} // namespace

answer dlq(admin_context& context, arguments& words) {
  auto action = words.required("ACTION");
  if (action == "list")
    return list(context, words);
  if (action == "resend")
    return resend(context, words);
  return words.refuse_action("dlq can list, resend", action);
}

} // namespace troupe::verbs
