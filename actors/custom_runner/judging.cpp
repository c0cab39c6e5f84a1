#include "custom_runner/judging.hpp"

#include "remoting/bodies/batch_body.hpp"
#include "remoting/zlib_text.hpp"

#include "troupe/custom/parking.hpp"
#include "troupe/model/properties.hpp"

#include <deque>

namespace troupe {

namespace {

custom::message view_of(const intercept_row& row) {
  custom::message m;
  m.topic = row.topic;
  m.body = row.body;
  m.properties = row.properties;
  m.queue = row.queue;
  m.born_ms = row.born_time.value;
  m.flag = row.flag;
  return m;
}

std::string changed_text(std::string_view text, const custom::fields& set) {
  std::string result{text};
  for (const auto& [name, value] : set)
    result = properties::with(result, name, custom::as_property(value));
  return result;
}

/// Asks about one message. @returns null when the outcome is settled
custom::verdict* ask(custom::performer& by, const custom::message& m,
                     intercept_outcome& outcome) {
  auto* said = by.is_ready() ? by.intercept(m) : nullptr;
  if (said == nullptr) {
    outcome.what = interception::failed;
    outcome.reason =
      by.last_error().empty() ? "it is not running" : by.last_error();
  } else if (said->what == custom::verdict::kind::reject) {
    outcome.what = interception::rejected;
    outcome.reason = said->reason.empty()
                       ? "rejected by a custom actor of the broker"
                       : said->reason;
    return nullptr;
  }
  return said;
}

void judge_one(custom::performer& by, const intercept_row& row,
               intercept_outcome& outcome) {
  auto m = view_of(row);
  std::string inflated;
  if (is_zlib(row.sys_flag))
    if (auto whole = remoting::inflate(m.body)) {
      inflated = std::move(*whole);
      m.body = inflated;
    }
  const auto* said = ask(by, m, outcome);
  if (said == nullptr || !said->changes())
    return;
  outcome.what = interception::changed;
  if (!said->properties.empty()) {
    outcome.has_new_properties = true;
    outcome.properties =
      payload::copy_of(changed_text(row.properties, said->properties));
  }
  if (said->body) {
    outcome.has_new_body = true;
    outcome.body = payload::copy_of(*said->body);
  }
}

std::int64_t judge_batch(custom::performer& by, const intercept_row& row,
                         intercept_outcome& outcome) {
  auto elements = remoting::split_batch(row.body);
  if (!elements)
    return 0;                      // the gateway refuses it with its own words
  std::deque<std::string> changed; // keeps what elements point to
  std::int64_t count = 0;
  for (auto& element : *elements) {
    ++count;
    auto m = view_of(row);
    m.body = element.body;
    m.properties = element.properties;
    m.flag = element.flag;
    auto* said = ask(by, m, outcome);
    if (said == nullptr) {
      outcome.reason =
        "message " + std::to_string(count) + " of the batch: " + outcome.reason;
      return count;
    }
    if (said->body)
      element.body = changed.emplace_back(std::move(*said->body));
    if (!said->properties.empty())
      element.properties = changed.emplace_back(
        changed_text(element.properties, said->properties));
  }
  if (changed.empty())
    return count;
  outcome.what = interception::changed;
  outcome.has_new_body = true;
  outcome.body = payload::copy_of(remoting::join_batch(*elements));
  return count;
}

} // namespace

std::int64_t judge(custom::performer& by, const intercept_row& row,
                   intercept_outcome& outcome) {
  if (row.batch)
    return judge_batch(by, row, outcome);
  judge_one(by, row, outcome);
  return 1;
}

} // namespace troupe
