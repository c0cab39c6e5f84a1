/// tx: transactions that wait for their producer's word, and those that were
/// asked about too often.
#include "admin/confirm.hpp"
#include "admin/texts.hpp"
#include "admin/verbs/verbs_of_node.hpp"

#include <optional>

namespace troupe::verbs {

namespace {

enum class which : std::uint8_t {
  open,
  discarded
};

/// Up to `count_max` of them, page by page.
caf::expected<std::vector<transaction_row>>
read_all(admin_context& context, which kind, std::size_t count_max) {
  std::vector<transaction_row> rows;
  list_transactions page;
  page.discarded = kind == which::discarded;
  while (rows.size() < count_max) {
    auto some =
      context.ask<transaction_list>(context.node().transactions, page);
    if (!some)
      return std::move(some.error());
    for (auto& row : some->rows) {
      page.after = row.key;
      rows.push_back(std::move(row));
    }
    if (some->last || some->rows.empty())
      break;
  }
  if (rows.size() > count_max)
    rows.resize(count_max);
  return rows;
}

answer list(admin_context& context, arguments& words) {
  auto kind = words.flag("discarded") ? which::discarded : which::open;
  auto count = words.number("count", 100, 1, 10'000);
  if (auto error = words.finish())
    return error;
  auto rows = read_all(context, kind, static_cast<std::size_t>(count));
  if (!rows)
    return std::move(rows.error());
  table result;
  result.columns = {"position",
                    "topic",
                    "group",
                    "id",
                    "checks",
                    "stored",
                    kind == which::open ? "next_check" : "since"};
  for (const auto& x : *rows)
    result.rows.push_back({x.position.value, x.topic, x.group, x.transaction_id,
                           x.checks, time_text(x.store_time),
                           time_text(x.key.due)});
  if (result.rows.empty())
    result.note = kind == which::open
                    ? "no transaction is open"
                    : "no transaction was asked about too often";
  return result;
}

/// The one that `name` means: its position or its id.
caf::expected<transaction_row> find(admin_context& context, which kind,
                                    const std::string& name) {
  auto rows = read_all(context, kind, limits::admin_rows_max);
  if (!rows)
    return std::move(rows.error());
  for (auto& row : *rows)
    if (std::to_string(row.position.value) == name || row.transaction_id == name
        || row.message_id == name)
      return std::move(row);
  return make_error(
    errc::transaction_not_found,
    std::string{kind == which::open ? "no open" : "no discarded"}
      + " transaction has the position or id " + name + "; `tx list"
      + (kind == which::open ? "`" : " --discarded`") + " shows them");
}

answer settle(admin_context& context, arguments& words, bool commit) {
  auto agreed = consent::of(words);
  auto name = words.required("POSITION");
  if (auto error = words.finish())
    return error;
  auto row = find(context, which::open, name);
  if (!row)
    return std::move(row.error());
  if (auto instead = agreed.instead_of(
        std::string{commit ? "commit" : "roll back"} + " the transaction "
        + row->transaction_id + " of group " + row->group + " in topic "
        + row->topic + ", in its producer's place"))
    return std::move(*instead);
  auto done = context.ask<transaction_ended>(
    context.node().transactions,
    end_transaction{row->group, {row->key.id}, row->position, commit, false});
  if (!done)
    return std::move(done.error());
  return note_of(commit ? "committed; its message stands in " + row->topic
                        : "rolled back; its message will never be seen");
}

answer resume_one(admin_context& context, arguments& words) {
  auto name = words.required("POSITION");
  if (auto error = words.finish())
    return error;
  auto row = find(context, which::discarded, name);
  if (!row)
    row = find(context, which::open, name);
  if (!row)
    return std::move(row.error());
  auto done = context.ask<transaction_resumed>(
    context.node().transactions, resume_transaction{row->position});
  if (!done)
    return std::move(done.error());
  return note_of("its producer is asked again");
}

} // namespace

answer tx(admin_context& context, arguments& words) {
  auto action = words.required("ACTION");
  if (action == "list")
    return list(context, words);
  if (action == "commit")
    return settle(context, words, true);
  if (action == "rollback")
    return settle(context, words, false);
  if (action == "resume")
    return resume_one(context, words);
  return words.refuse_action("tx can list, commit, rollback, resume", action);
}

} // namespace troupe::verbs
