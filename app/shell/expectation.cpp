#include "app/shell/expectation.hpp"

#include "app/shell/printer.hpp"

#include "troupe/errc.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <compare>
#include <regex>

namespace troupe::app {

namespace {

constexpr std::array operations{
  "==", "!=", "<", "<=", ">", ">=", "contains", "matches"};

/// What only an error says; there are no rows then.
caf::error no_answer(const last_answer& last, const std::string& field) {
  if (last.error)
    return make_error(errc::invalid_argument, "there is no " + field
                                                + ": the last line failed with "
                                                + describe(last.error));
  return make_error(errc::invalid_argument,
                    "there is no " + field + ": nothing was asked yet");
}

std::optional<double> number(const std::string& text) {
  double value = 0;
  auto [end, code] =
    std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || code != std::errc{} || end != text.data() + text.size())
    return {};
  return value;
}

std::partial_ordering compare(const std::string& a, const std::string& b) {
  auto x = number(a);
  auto y = number(b);
  if (x && y)
    return *x <=> *y;
  return a <=> b;
}

} // namespace

caf::expected<expectation>
read_expectation(std::span<const std::string> words) {
  if (words.size() != 3)
    return make_error(errc::invalid_argument,
                      "write FIELD OPERATION VALUE, such as `rows == 3`");
  if (std::ranges::find(operations, words[1]) == operations.end())
    return make_error(errc::invalid_argument,
                      "`" + words[1]
                        + "` is no operation; there are == != < <= > >= "
                          "contains matches");
  return expectation{words[0], words[1], words[2]};
}

caf::expected<std::string> field_of(const last_answer& last,
                                    const std::string& field) {
  if (field == "error")
    return std::string{last.error ? errc_of(last.error) == errc::none
                                      ? "foreign"
                                      : to_string(errc_of(last.error))
                                  : "none"};
  if (!last.answer)
    return no_answer(last, field);
  const auto& answer = *last.answer;
  if (field == "rows")
    return std::to_string(answer.rows.size());
  if (field == "note")
    return answer.note;
  auto name = field;
  std::size_t row = 0;
  if (auto open = field.find('['); open != field.npos && field.back() == ']') {
    auto [end, code] = std::from_chars(field.data() + open + 1,
                                       field.data() + field.size() - 1, row);
    if (code != std::errc{} || end != field.data() + field.size() - 1)
      return make_error(errc::invalid_argument,
                        "`" + field + "`: write a row from 0, `lag[1]`");
    name = field.substr(0, open);
  }
  auto column = std::ranges::find(answer.columns, name);
  if (column == answer.columns.end()) {
    std::string known;
    for (const auto& x : answer.columns)
      known += (known.empty() ? "" : ", ") + x;
    return make_error(errc::invalid_argument,
                      "the answer has no field " + name + "; it has "
                        + (known.empty() ? "rows and note" : known));
  }
  if (row >= answer.rows.size())
    return make_error(errc::invalid_argument,
                      "there is no " + field + ": the answer has "
                        + std::to_string(answer.rows.size()) + " rows");
  auto index = static_cast<std::size_t>(column - answer.columns.begin());
  return plain(answer.rows[row][index]);
}

caf::expected<bool> holds(const expectation& wish, const std::string& actual) {
  if (wish.operation == "contains")
    return actual.find(wish.value) != actual.npos;
  if (wish.operation == "matches") {
    try {
      return std::regex_search(actual, std::regex{wish.value});
    } catch (const std::regex_error& e) {
      return make_error(errc::invalid_argument,
                        "`" + wish.value + "` is no pattern: " + e.what());
    }
  }
  auto order = compare(actual, wish.value);
  if (wish.operation == "==")
    return order == 0;
  if (wish.operation == "!=")
    return order != 0;
  if (wish.operation == "<")
    return order < 0;
  if (wish.operation == "<=")
    return order <= 0;
  if (wish.operation == ">")
    return order > 0;
  return order >= 0;
}

} // namespace troupe::app
