/// consume: messages of a topic as a group, whose progress goes on with them.
#include "admin/records.hpp"
#include "admin/verbs/verbs_of_node.hpp"

#include <algorithm>

namespace troupe::verbs {

namespace {

/// What one queue gave.
struct taken {
  std::vector<table_row> rows;
  offset_row progress;
};

caf::expected<taken> take(admin_context& context,
                          const consumer_group_actor& group,
                          const std::string& topic, queue_id queue,
                          std::size_t count, epoch_ms until) {
  queue_key key{topic, queue};
  read_wish wish{topic, queue, {}, count, until, nullptr};
  auto known = context.ask<group_offset>(group, query_offset{key});
  if (known)
    wish.from = known->offset;
  else if (!is(known.error(), errc::offset_not_found))
    return std::move(known.error());
  auto read = read_queue(context, wish);
  if (!read)
    return std::move(read.error());
  taken result{{}, {key, read->next}};
  for (const auto& record : read->records) {
    auto row = message_row(record);
    if (!row)
      return std::move(row.error());
    result.rows.push_back(std::move(*row));
  }
  return result;
}

} // namespace

answer consume(admin_context& context, arguments& words) {
  auto count = static_cast<std::size_t>(words.number("count", 10, 1, 1000));
  auto force = words.flag("force");
  auto name = words.required("GROUP");
  auto topic = words.required("TOPIC");
  if (auto error = words.finish())
    return error;
  auto view = context.find_topic(topic);
  if (!view)
    return std::move(view.error());
  auto group =
    context.ask<group_found>(context.node().directory, find_group{name, true});
  if (!group)
    return std::move(group.error());
  auto members = context.ask<group_members>(group->group, list_members{});
  if (!members)
    return std::move(members.error());
  if (!members->snapshot->config.consume_enable)
    return make_error(errc::no_permission, "group " + name
                                             + " is paused; `resume /group/"
                                             + name + "`");
  if (!members->members.empty() && !force)
    return make_error(errc::busy,
                      "group " + name + " has "
                        + std::to_string(members->members.size())
                        + " consumers online, whose messages these are; "
                          "--force takes them all the same");
  table result;
  result.columns = message_columns();
  commit_offsets done;
  auto queues = static_cast<std::size_t>(view->config->read_queues);
  for (std::size_t i = 0;
       i < std::min(queues, view->queues.size()) && result.rows.size() < count;
       ++i) {
    auto some =
      take(context, group->group, topic, {static_cast<std::int32_t>(i)},
           count - result.rows.size(), {});
    if (!some)
      return std::move(some.error());
    if (some->rows.empty())
      continue;
    std::ranges::move(some->rows, std::back_inserter(result.rows));
    done.rows.push_back(some->progress);
  }
  if (!done.rows.empty()) {
    context.self().send(group->group, std::move(done));
    // Asked for behind it, so that what is shown here is kept.
    auto kept = context.ask<offsets_flushed>(group->group, flush_offsets{});
    if (!kept)
      return std::move(kept.error());
  }
  if (result.rows.empty())
    result.note = "nothing new for group " + name;
  return result;
}

} // namespace troupe::verbs
