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

/// What is said of one message; null when that cannot be.
custom::verdict* ask(custom::performer& by, const custom::message& m) {
  return by.is_ready() ? by.intercept(m) : nullptr;
}

/// @returns null when the outcome is settled by `said`, else `said`
custom::verdict* settle(custom::performer& by, custom::verdict* said,
                        intercept_outcome& outcome) {
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

/// Of one that is not just accepted.
void judge_further(custom::performer& by, custom::verdict* given,
                   const custom::message& m, intercept_outcome& outcome) {
  const auto* said = settle(by, given, outcome);
  if (said == nullptr)
    return;
  outcome.what = interception::changed;
  if (!said->properties.empty()) {
    outcome.has_new_properties = true;
    outcome.properties =
      payload::copy_of(changed_text(m.properties, said->properties));
  }
  if (said->body) {
    outcome.has_new_body = true;
    outcome.body = payload::copy_of(*said->body);
  }
}

void judge_one(custom::performer& by, const custom::message& m,
               intercept_outcome& outcome) {
  auto* said = ask(by, m);
  if (said == nullptr || !custom::is_plain_accept(*said))
    judge_further(by, said, m, outcome);
}

void judge_compressed(custom::performer& by, custom::message m,
                      intercept_outcome& outcome) {
  std::string inflated;
  if (auto whole = remoting::inflate(m.body)) {
    inflated = std::move(*whole);
    m.body = inflated;
  }
  judge_one(by, m, outcome);
}

std::int64_t judge_batch_body(custom::performer& by, const intercept_row& row,
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
    auto* said = settle(by, ask(by, m), outcome);
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

/// Gathers what is said of a batch, row by row.
class sentence {
public:
  sentence(custom::performer& by, judge_counts& counts, intercept_done& said)
    : by_(by),
      counts_(counts),
      said_(said) {}

  void judge(const intercept_row& row) {
    if (row.batch)
      counts_.judged += judge_batch_body(by_, row, outcome_);
    else
      judge(view_of(row), row.sys_flag);
    end_row();
  }

  void judge(const intercept_run& run) {
    custom::message m;
    m.topic = run.topic;
    m.queue = run.queue;
    for (const auto& row : run.rows) {
      m.body = row.body.view();
      m.properties = row.properties.view();
      m.born_ms = row.born_time.value;
      m.flag = row.flag;
      judge(m, row.sys_flag);
      end_row();
    }
  }

private:
  void judge(const custom::message& m, std::int32_t sys_flag) {
    ++counts_.judged;
    if (is_zlib(sys_flag))
      judge_compressed(by_, m, outcome_);
    else
      judge_one(by_, m, outcome_);
  }

  void end_row() {
    auto row = row_++;
    if (outcome_.what == interception::accepted)
      return;
    if (outcome_.what == interception::rejected)
      ++counts_.rejected;
    outcome_.row = row;
    said_.rows.push_back(std::exchange(outcome_, {}));
  }

  custom::performer& by_;
  judge_counts& counts_;
  intercept_done& said_;
  intercept_outcome outcome_; // of this row
  std::uint32_t row_ = 0;
};

} // namespace

intercept_done judge(custom::performer& by, const intercept_batch& batch,
                     judge_counts& counts) {
  intercept_done said;
  said.number = batch.number;
  sentence so_far{by, counts, said};
  auto row = batch.rows.begin();
  for (std::size_t i = 0; i <= batch.runs.size(); ++i) {
    for (; row != batch.rows.end() && row->runs_before == i; ++row)
      so_far.judge(*row);
    if (i < batch.runs.size())
      so_far.judge(batch.runs[i]);
  }
  return said;
}

intercept_done refuse_to_judge(const intercept_batch& batch,
                               std::string_view why) {
  auto count = batch.rows.size();
  for (const auto& run : batch.runs)
    count += run.rows.size();
  intercept_done said;
  said.number = batch.number;
  said.rows.resize(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    said.rows[i].row = i;
    said.rows[i].what = interception::failed;
    said.rows[i].reason = why;
  }
  return said;
}

} // namespace troupe
