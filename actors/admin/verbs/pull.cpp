/// pull: messages of a topic as they lie in its queues; no group's progress
/// changes.
#include "admin/records.hpp"
#include "admin/verbs/verbs_of_node.hpp"

#include <algorithm>
#include <charconv>
#include <memory>

namespace troupe::verbs {

namespace {

/// Where to begin: a number, or at an end.
struct start {
  enum class kind_t : std::uint8_t {
    last, ///< the newest `count`
    first,
    number
  } kind = kind_t::last;
  std::int64_t number = 0;
};

start start_of(arguments& words) {
  start result;
  auto text = words.option("from");
  if (!text || *text == "last")
    return result;
  if (*text == "first") {
    result.kind = start::kind_t::first;
    return result;
  }
  result.kind = start::kind_t::number;
  auto [end, code] =
    std::from_chars(text->data(), text->data() + text->size(), result.number);
  if (code != std::errc{} || end != text->data() + text->size()
      || result.number < 0)
    words.refuse("--from is first, last or a queue offset, not `" + *text
                 + "`");
  return result;
}

queue_offset offset_of(const start& from, const queue_range& range,
                       std::size_t count) {
  switch (from.kind) {
    case start::kind_t::first:
      return range.min;
    case start::kind_t::number:
      return {from.number};
    case start::kind_t::last:
      break;
  }
  return std::max(range.min, range.max + -static_cast<std::int64_t>(count));
}

} // namespace

answer pull(admin_context& context, arguments& words) {
  auto from = start_of(words);
  auto only = words.number("queue", -1, 0, limits::queues_per_topic_max - 1);
  auto count = static_cast<std::size_t>(words.number("count", 10, 1, 1000));
  auto wait_s = words.number("wait", 0, 0, limits::admin_wait_max.count());
  auto tags = words.option("tag");
  auto topic = words.required("TOPIC");
  if (auto error = words.finish())
    return error;
  if (wait_s > 0 && only < 0)
    return make_error(errc::invalid_argument,
                      "--wait is for one queue: add --queue N");
  std::shared_ptr<subscription> filter;
  if (tags) {
    auto compiled = tag_filter::compile(*tags);
    if (!compiled)
      return std::move(compiled.error());
    filter = std::make_shared<subscription>();
    filter->topic = topic;
    filter->expression = *tags;
    filter->filter = std::move(*compiled);
  }
  auto view = context.find_topic(topic);
  if (!view)
    return std::move(view.error());
  auto ranges = context.ranges_of(*view);
  if (!ranges)
    return std::move(ranges.error());
  table result;
  result.columns = message_columns();
  for (std::size_t i = 0; i < ranges->size(); ++i) {
    if (only >= 0 && static_cast<std::size_t>(only) != i)
      continue;
    read_wish wish{topic,
                   {static_cast<std::int32_t>(i)},
                   offset_of(from, (*ranges)[i], count),
                   count,
                   wait_s > 0 ? now_ms() + wait_s * 1000 : epoch_ms{},
                   filter};
    if (wait_s > 0 && from.kind == start::kind_t::last)
      wish.from = (*ranges)[i].max; // what comes now, not what is there
    auto read = read_queue(context, wish);
    if (!read)
      return std::move(read.error());
    for (const auto& record : read->records) {
      auto row = message_row(record);
      if (!row)
        return std::move(row.error());
      result.rows.push_back(std::move(*row));
    }
  }
  if (only >= 0 && static_cast<std::size_t>(only) >= ranges->size())
    return make_error(errc::queue_not_found,
                      "topic " + topic + " has the queues 0 to "
                        + std::to_string(ranges->size() - 1));
  // Over all queues in order of time; the newest `count` of them, or the first.
  constexpr std::size_t stored_column = 6;
  std::ranges::stable_sort(result.rows, {}, [](const table_row& row) {
    return row[stored_column].text;
  });
  if (result.rows.size() > count) {
    auto surplus = static_cast<std::ptrdiff_t>(result.rows.size() - count);
    if (from.kind == start::kind_t::last)
      result.rows.erase(result.rows.begin(), result.rows.begin() + surplus);
    else
      result.rows.erase(result.rows.end() - surplus, result.rows.end());
  }
  if (result.rows.empty())
    result.note = "no message";
  return result;
}

} // namespace troupe::verbs
