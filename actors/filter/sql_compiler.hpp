/// From the words of an expression to the steps of a filter: two stacks in
/// place of recursion, so a hostile expression costs neither depth nor time.
/// Used by sql_filter::compile only.
#pragma once

#include "filter/sql_filter.hpp"
#include "filter/sql_lexer.hpp"

#include <optional>
#include <utility>

namespace troupe {

class sql_compiler {
public:
  explicit sql_compiler(std::string_view expression)
    : lexer_(expression),
      made_(std::make_shared<sql_filter>()) {
    advance();
  }

  /// @errors bad_expression
  caf::expected<std::shared_ptr<const sql_filter>> run();

private:
  using op = sql_filter::op;

  /// What is known of an operand before any message is seen.
  struct operand {
    enum class form : std::uint8_t {
      property,
      constant,
      truth,    ///< a boolean expression, not a constant
      negation, ///< of whatever
    };

    form is = form::truth;
    std::uint32_t at = 0; ///< of a constant: its index

    bool is_constant() const { return is == form::constant; }
  };

  /// An operator that waits for its right side, or an open bracket.
  struct pending {
    sql_word word;
    std::size_t at; ///< where it stands
    bool inverted;  ///< NOT BETWEEN
    bool has_low;   ///< of BETWEEN: the lower bound and AND were read
  };

  void advance() {
    token_ =
      lexer_.next(wants_operand_ ? sql_place::operand : sql_place::operation);
  }

  bool fail(std::size_t at, std::string why);
  bool fail_here(const char* wanted);
  std::string seen() const;

  bool read_operand();
  bool read_operator();
  bool read_is();
  bool read_word_operator(std::size_t at, bool inverted);
  bool read_between(std::size_t at, bool inverted);
  bool read_in(std::size_t at, bool inverted);
  bool read_search(op plain, bool inverted);
  bool read_and();
  bool close();

  bool push_number();
  bool push_property();
  bool push_constant(sql_value value);
  bool push_operand(operand x);
  bool push_pending(sql_word word, bool inverted = false);

  bool reduce_from(int precedence);
  bool reduce_top();
  bool reduce_between(const pending& top);
  bool reduce_two(const pending& top);
  bool make_boolean(std::size_t at);
  void emit(op what, std::size_t at = 0);
  void result_is_truth(std::size_t operands);

  const sql_value* constant_of(const operand& x) const;
  bool can_be_ordered(const operand& x) const;
  bool is_boolean_constant(const operand& x) const;

  sql_lexer lexer_;
  sql_token token_;
  std::shared_ptr<sql_filter> made_;
  std::vector<operand> operands_;
  std::vector<pending> pending_;
  bool wants_operand_ = true;
  caf::error error_;
};

} // namespace troupe
