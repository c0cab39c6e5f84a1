/// What `expect` and `if` compare: a field of the last answer with a value.
#pragma once

#include "troupe/model/table.hpp"

#include <caf/expected.hpp>

#include <optional>
#include <span>
#include <string>

namespace troupe::app {

/// The last answer, or the error that came instead.
struct last_answer {
  std::optional<table> answer;
  caf::error error;
};

/// `lag <= 10`, `rows == 3`, `topic[1] == orders`, `error == topic_not_found`.
struct expectation {
  std::string field;
  std::string operation; ///< == != < <= > >= contains matches
  std::string value;
};

/// @param words  three of them
/// @errors invalid_argument
caf::expected<expectation> read_expectation(std::span<const std::string> words);

/// The value of `field`: a column of the first row, `column[n]` of the n-th
/// from 0, `rows` (how many there are), `note`, or `error` (its kind, `none`
/// when there is none).
/// @errors invalid_argument when the answer has no such field
caf::expected<std::string> field_of(const last_answer& last,
                                    const std::string& field);

/// Whether it holds of `actual`. Two numbers compare as such.
/// @errors invalid_argument: a pattern of `matches` that is none
caf::expected<bool> holds(const expectation& wish, const std::string& actual);

} // namespace troupe::app
