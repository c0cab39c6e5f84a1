#include "remoting/bodies/trace_body.hpp"

#include <array>
#include <charconv>
#include <optional>

namespace troupe::remoting {

namespace {

constexpr char field_end = '\x01';
constexpr char record_end = '\x02';

/// Where the fields of a kind stand; 0: it has no such field, for that is the
/// kind itself.
struct layout {
  std::string_view name;
  trace_kind what;
  std::size_t least; ///< fields that every client writes
  std::size_t time;
  std::size_t group;
  std::size_t id;
  std::size_t keys;
  std::size_t cost;
  std::size_t succeeded;
  std::size_t tries;
  std::size_t verdict;
  std::size_t after_check;
};

constexpr std::array layouts{
  layout{"Pub", trace_kind::sent, 14, 1, 3, 5, 7, 10, 13, 0, 0, 0},
  layout{"SubBefore", trace_kind::consuming, 8, 1, 3, 5, 7, 0, 0, 6, 0, 0},
  // Time and group are left out for the cloud's brokers.
  layout{"SubAfter", trace_kind::consumed, 6, 7, 8, 2, 5, 3, 4, 0, 0, 0},
  layout{"EndTransaction", trace_kind::settled, 13, 1, 3, 5, 7, 0, 0, 0, 11,
         12},
  layout{"Recall", trace_kind::recalled, 7, 1, 3, 5, 0, 0, 6, 0, 0, 0},
};

constexpr std::size_t fields_max = 16;

struct record_fields {
  std::array<std::string_view, fields_max> texts;
  std::size_t count = 0;

  explicit record_fields(std::string_view record) {
    while (count < fields_max) {
      auto end = record.find(field_end);
      texts[count++] = record.substr(0, end);
      if (end == record.npos)
        return;
      record.remove_prefix(end + 1);
    }
  }

  std::string_view text(std::size_t at) const {
    return at != 0 && at < count ? texts[at] : std::string_view{};
  }

  std::int64_t number(std::size_t at, std::int64_t otherwise) const {
    auto digits = text(at);
    auto value = otherwise;
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
  }
};

std::optional<trace_step> step_of(std::string_view record) {
  record_fields fields{record};
  for (const auto& at : layouts) {
    if (fields.texts[0] != at.name)
      continue;
    if (fields.count < at.least)
      return {};
    trace_step step;
    step.what = at.what;
    step.time = epoch_ms{fields.number(at.time, 0)};
    step.group = fields.text(at.group);
    step.id = fields.text(at.id);
    step.keys = fields.text(at.keys);
    step.cost_ms = fields.number(at.cost, -1);
    step.succeeded = fields.text(at.succeeded) != "false";
    step.tries = static_cast<std::int32_t>(fields.number(at.tries, 0));
    step.verdict = fields.text(at.verdict);
    step.after_check = fields.text(at.after_check) == "true";
    return step;
  }
  return {};
}

} // namespace

std::vector<trace_step> read_trace(std::string_view body) {
  std::vector<trace_step> steps;
  while (!body.empty()) {
    auto end = body.find(record_end);
    if (auto step = step_of(body.substr(0, end)))
      steps.push_back(*step);
    if (end == body.npos)
      break;
    body.remove_prefix(end + 1);
  }
  return steps;
}

} // namespace troupe::remoting
