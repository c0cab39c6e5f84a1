/// A SQL92 filter over message properties, compiled once and then evaluated on
/// each record. Immutable; any thread may use it.
/// Source: RocketMQ 5.3 SelectorParser and filter expressions; sheet semantics
/// 7.2, 7.3.
#pragma once

#include "troupe/errc.hpp"
#include "troupe/limits.hpp"

#include <caf/expected.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// What an expression says of a message. Only `yes` lets it through.
enum class sql_verdict : std::uint8_t {
  no,
  yes,
  unknown, ///< null: something that it asks for is not there
  failed,  ///< types that cannot be compared
};

/// A value while an expression is evaluated.
struct sql_value {
  enum class kind : std::uint8_t {
    null,
    failed,
    boolean,
    int32,
    int64,
    real,
    text
  };

  kind is = kind::null;
  std::int64_t whole = 0; ///< of boolean (0, 1), int32 and int64
  double real = 0;
  std::string_view text;
};

class sql_filter {
public:
  /// Compiles `expression`.
  /// @errors bad_expression, with the place (in bytes, from 1) and the reason
  static caf::expected<std::shared_ptr<const sql_filter>>
  compile(std::string_view expression);

  /// Evaluates it on a message's property text.
  sql_verdict evaluate(std::string_view properties) const;

  bool matches(std::string_view properties) const {
    return evaluate(properties) == sql_verdict::yes;
  }

private:
  friend class sql_compiler;

  /// Each takes its operands from the stack and leaves its result there.
  enum class op : std::uint8_t {
    constant, ///< at: index of constants_
    property, ///< at: index of names_
    negate,
    to_boolean,
    logical_not,
    logical_and,
    logical_or,
    equal,
    is_null,
    less,
    less_equal,
    greater,
    greater_equal,
    between,
    not_between,
    in, ///< at: index of lists_; also the next one
    not_in,
    contains, ///< at: index of texts_; also those that follow
    not_contains,
    starts_with,
    not_starts_with,
    ends_with,
    not_ends_with,
  };

  struct step {
    op what;
    std::uint32_t at = 0;
  };

  class machine;

  std::vector<step> steps_;          // in postfix order
  std::vector<std::string> names_;   // of properties, as they first came
  std::vector<sql_value> constants_; // a text is a view into texts_
  std::vector<std::unique_ptr<const std::string>> texts_;
  std::vector<std::vector<std::string>> lists_; // each ascending
};

} // namespace troupe
