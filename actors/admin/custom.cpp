#include "admin/custom.hpp"

#include <algorithm>

namespace troupe {

caf::expected<custom_report> find_custom(admin_context& context,
                                         const std::string& name) {
  auto list = context.ask<custom_list>(context.node().custom, list_custom{});
  if (!list)
    return std::move(list.error());
  auto found = std::ranges::find_if(
    list->actors, [&](const custom_report& x) { return x.spec.name == name; });
  if (found == list->actors.end())
    return make_error(errc::path_not_found,
                      "no custom actor is called " + name
                        + "; `ls /custom` lists those there are");
  return std::move(*found);
}

table fields_of_custom(const custom_report& x) {
  std::string given;
  for (const auto& [key, value] : x.spec.arguments)
    given.append(given.empty() ? "" : " ")
      .append(key)
      .append("=")
      .append(value);
  return fields_of({{"path", "/custom/" + x.spec.name},
                    {"type", x.spec.type},
                    {"arguments", given},
                    {"state", to_string(x.state)},
                    {"group", x.group},
                    {"paused", x.paused},
                    {"consumed", x.consumed},
                    {"sent", x.sent},
                    {"intercepted", x.intercepted},
                    {"rejected", x.rejected},
                    {"served", x.served},
                    {"late", x.late},
                    {"unserved", x.unserved},
                    {"checked", x.checked},
                    {"decided", x.decided},
                    {"filtered", x.filtered},
                    {"withheld", x.withheld},
                    {"parked", x.parked},
                    {"last_parked", x.last_parked},
                    {"restarts", x.restarts},
                    {"queues", x.queues},
                    {"waiting", x.waiting},
                    {"lag", x.lag},
                    {"state_rows", x.state_rows},
                    {"state_bytes", x.state_bytes},
                    {"last_error", x.last_error}});
}

caf::expected<custom::fields>
read_fields(const std::vector<std::string>& words) {
  custom::fields fields;
  for (const auto& word : words) {
    auto equals = word.find('=');
    if (equals == word.npos || equals == 0)
      return make_error(errc::invalid_argument,
                        "arguments are KEY=VALUE, not `" + word + "`");
    fields.emplace_back(word.substr(0, equals), word.substr(equals + 1));
  }
  return fields;
}

caf::expected<table> ask_custom_actor(admin_context& context,
                                      const std::string& name,
                                      const std::string& question,
                                      const std::vector<std::string>& words) {
  auto fields = read_fields(words);
  if (!fields)
    return std::move(fields.error());
  auto found = context.ask<custom_answer>(
    context.node().custom, ask_custom{name, question, std::move(*fields)},
    limits::custom_ask_timeout);
  if (!found)
    return std::move(found.error());
  // Rows may differ in what they hold: the columns are those of all.
  table result;
  for (const auto& row : found->rows)
    for (const auto& [key, value] : row)
      if (std::ranges::find(result.columns, key) == result.columns.end())
        result.columns.push_back(key);
  for (const auto& row : found->rows) {
    auto& line = result.rows.emplace_back(result.columns.size());
    for (const auto& [key, value] : row) {
      auto column = std::ranges::find(result.columns, key);
      line[static_cast<std::size_t>(column - result.columns.begin())] = value;
    }
  }
  if (result.rows.size() == 1)
    result.shape = table_shape::fields;
  return result;
}

} // namespace troupe
