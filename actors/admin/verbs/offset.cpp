/// offset: a group's progress is set anew.
#include "admin/confirm.hpp"
#include "admin/moment.hpp"
#include "admin/verbs/verbs_of_node.hpp"

#include <charconv>

namespace troupe::verbs {

namespace {

/// Where to.
struct target {
  enum class kind_t : std::uint8_t {
    first,
    last,
    number,
    time
  } kind;
  std::int64_t number = 0;
  epoch_ms time;
};

target target_of(arguments& words) {
  auto text = words.option("to").value_or("");
  if (text == "first")
    return {target::kind_t::first, 0, {}};
  if (text == "last")
    return {target::kind_t::last, 0, {}};
  if (text.starts_with('@')) {
    target result{target::kind_t::number, 0, {}};
    auto [end, code] = std::from_chars(
      text.data() + 1, text.data() + text.size(), result.number);
    if (code != std::errc{} || end != text.data() + text.size()
        || result.number < 0)
      words.refuse("--to: `" + text + "` is no queue offset; write @120");
    return result;
  }
  auto time = read_moment(text, now_ms());
  if (!time)
    words.refuse("--to is first, last, a time (2026-03-01T12:30:00Z, -10m, ms "
                 "since 1970) or a queue offset (@120)");
  return {target::kind_t::time, 0, time.value_or(epoch_ms{})};
}

caf::expected<queue_offset>
offset_at(admin_context& context, const queue_actor& queue, const target& to) {
  auto range = context.ask<queue_range>(queue, query_range{});
  if (!range)
    return std::move(range.error());
  switch (to.kind) {
    case target::kind_t::first:
      return range->min;
    case target::kind_t::last:
      return range->max;
    case target::kind_t::number:
      return std::clamp(queue_offset{to.number}, range->min, range->max);
    case target::kind_t::time:
      break;
  }
  auto found = context.ask<offset_found>(
    queue, find_offset{to.time, time_boundary::lower});
  if (!found)
    return std::move(found.error());
  return found->offset;
}

answer reset(admin_context& context, arguments& words) {
  auto agreed = consent::of(words);
  auto to = target_of(words);
  auto only = words.number("queue", -1, 0, limits::queues_per_topic_max - 1);
  auto name = words.required("GROUP");
  auto topic = words.required("TOPIC");
  if (auto error = words.finish())
    return error;
  auto group = context.find_group(name);
  if (!group)
    return std::move(group.error());
  auto view = context.find_topic(topic);
  if (!view)
    return std::move(view.error());
  if (only >= static_cast<std::int64_t>(view->queues.size()))
    return make_error(errc::queue_not_found,
                      "topic " + topic + " has the queues 0 to "
                        + std::to_string(view->queues.size() - 1));
  table result;
  result.columns = {"group", "topic", "queue", "progress", "becomes"};
  std::vector<offset_row> rows;
  for (std::size_t i = 0; i < view->queues.size(); ++i) {
    if (only >= 0 && static_cast<std::size_t>(only) != i)
      continue;
    queue_key key{topic, {static_cast<std::int32_t>(i)}};
    auto place = offset_at(context, view->queues[i], to);
    if (!place)
      return std::move(place.error());
    auto now = context.ask<group_offset>(*group, query_offset{key});
    if (!now && !is(now.error(), errc::offset_not_found))
      return std::move(now.error());
    result.rows.push_back({name, topic, key.queue.value,
                           now ? cell{now->offset.value} : cell{},
                           place->value});
    rows.push_back({key, *place});
  }
  if (agreed.dry_run) {
    result.note = "nothing was changed";
    return result;
  }
  if (auto instead = agreed.instead_of("set the progress of group " + name
                                       + " in " + std::to_string(rows.size())
                                       + " queues of " + topic))
    return std::move(*instead);
  auto done =
    context.ask<group_offsets>(*group, reset_offsets{std::move(rows)});
  if (!done)
    return std::move(done.error());
  result.note = "set; consumers follow with their next pull";
  return result;
}

} // namespace

answer offset(admin_context& context, arguments& words) {
  auto action = words.required("ACTION");
  if (action == "reset")
    return reset(context, words);
  return words.refuse_action("offset can reset", action);
}

} // namespace troupe::verbs
