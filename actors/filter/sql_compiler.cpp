#include "filter/sql_compiler.hpp"

#include "filter/java_number.hpp"

#include <algorithm>
#include <limits>

namespace troupe {

namespace {

using kind = sql_value::kind;

/// How tightly an operator binds; zero for an open bracket.
int precedence_of(sql_word word) {
  switch (word) {
    case sql_word::word_or:
      return 1;
    case sql_word::word_and:
      return 2;
    case sql_word::equal:
    case sql_word::not_equal:
      return 3;
    case sql_word::less:
    case sql_word::less_equal:
    case sql_word::greater:
    case sql_word::greater_equal:
    case sql_word::word_between:
      return 4;
    case sql_word::minus:
    case sql_word::word_not:
      return 5;
    default:
      return 0;
  }
}

} // namespace

// -- errors -----------------------------------------------------------------------

bool sql_compiler::fail(std::size_t at, std::string why) {
  if (!error_)
    error_ = make_error(errc::bad_expression, "SQL92 at position "
                                                + std::to_string(at + 1) + ": "
                                                + std::move(why));
  return false;
}

std::string sql_compiler::seen() const {
  if (token_.word == sql_word::end)
    return "the expression ends";
  return "there is `" + std::string{token_.text} + "`";
}

bool sql_compiler::fail_here(const char* wanted) {
  if (token_.word == sql_word::bad)
    return fail(token_.at, token_.why);
  return fail(token_.at, seen() + " where " + wanted + " belongs");
}

// -- the loop ---------------------------------------------------------------------

caf::expected<std::shared_ptr<const sql_filter>> sql_compiler::run() {
  while (token_.word != sql_word::end || wants_operand_)
    if (wants_operand_ ? !read_operand() : !read_operator())
      return std::move(error_);
  if (!reduce_from(1))
    return std::move(error_);
  if (!pending_.empty()) {
    fail(pending_.back().at, "this bracket is never closed");
    return std::move(error_);
  }
  if (!make_boolean(0))
    return std::move(error_);
  return std::shared_ptr<const sql_filter>{std::move(made_)};
}

bool sql_compiler::read_operand() {
  switch (token_.word) {
    case sql_word::open:
    case sql_word::minus:
    case sql_word::word_not:
      return push_pending(token_.word);
    case sql_word::plus:
      advance(); // means nothing, but it wants an operand
      return true;
    case sql_word::name:
      return push_property();
    case sql_word::whole:
    case sql_word::fraction:
      return push_number();
    case sql_word::text: {
      made_->texts_.push_back(
        std::make_unique<const std::string>(unquoted(token_.text)));
      return push_constant({kind::text, 0, 0, *made_->texts_.back()});
    }
    case sql_word::word_true:
      return push_constant({kind::boolean, 1, 0, {}});
    case sql_word::word_false:
      return push_constant({kind::boolean, 0, 0, {}});
    case sql_word::word_null:
      return push_constant({});
    default:
      return fail_here("a property, a value or a bracket");
  }
}

bool sql_compiler::read_operator() {
  auto at = token_.at;
  switch (token_.word) {
    case sql_word::close:
      return close();
    case sql_word::word_and:
      return read_and();
    case sql_word::word_or: // its left side is complete
      return reduce_from(1) && make_boolean(at) && push_pending(token_.word);
    case sql_word::equal:
    case sql_word::not_equal:
    case sql_word::less:
    case sql_word::less_equal:
    case sql_word::greater:
    case sql_word::greater_equal:
      return reduce_from(precedence_of(token_.word))
             && push_pending(token_.word);
    case sql_word::word_is:
      return read_is();
    case sql_word::word_not:
      advance();
      return read_word_operator(at, true);
    default:
      return read_word_operator(at, false);
  }
}

bool sql_compiler::read_and() {
  if (!reduce_from(5))
    return false;
  if (!pending_.empty() && pending_.back().word == sql_word::word_between
      && !pending_.back().has_low) {
    pending_.back().has_low = true;
    wants_operand_ = true;
    advance();
    return true;
  }
  return reduce_from(2) && make_boolean(token_.at)
         && push_pending(sql_word::word_and);
}

bool sql_compiler::read_is() {
  if (!reduce_from(3))
    return false;
  advance();
  auto inverted = token_.word == sql_word::word_not;
  if (inverted)
    advance();
  if (token_.word != sql_word::word_null)
    return fail_here(inverted ? "NULL" : "NULL or NOT NULL");
  advance();
  emit(op::is_null);
  if (inverted)
    emit(op::logical_not);
  result_is_truth(1);
  return true;
}

/// BETWEEN, IN and the searches, with or without a NOT that was read.
bool sql_compiler::read_word_operator(std::size_t at, bool inverted) {
  switch (token_.word) {
    case sql_word::word_between:
      return read_between(at, inverted);
    case sql_word::word_in:
      return read_in(at, inverted);
    case sql_word::word_contains:
      return read_search(op::contains, inverted);
    case sql_word::word_starts_with:
      return read_search(op::starts_with, inverted);
    case sql_word::word_ends_with:
      return read_search(op::ends_with, inverted);
    default:
      return fail_here(inverted ? "BETWEEN, IN, CONTAINS, STARTSWITH or "
                                  "ENDSWITH"
                                : "an operator");
  }
}

bool sql_compiler::read_between(std::size_t at, bool inverted) {
  if (!reduce_from(4))
    return false;
  token_.at = at;
  return push_pending(sql_word::word_between, inverted);
}

bool sql_compiler::read_in(std::size_t at, bool inverted) {
  if (!reduce_from(4))
    return false;
  if (operands_.back().is != operand::form::property)
    return fail(at, "IN wants a property on its left");
  advance();
  if (token_.word != sql_word::open)
    return fail_here("(");
  std::vector<std::string> list;
  do {
    advance();
    if (token_.word != sql_word::text)
      return fail_here("a text in single quotes");
    list.push_back(unquoted(token_.text));
    advance();
  } while (token_.word == sql_word::comma);
  if (token_.word != sql_word::close)
    return fail_here("a comma or )");
  advance();
  std::ranges::sort(list);
  made_->lists_.push_back(std::move(list));
  emit(inverted ? op::not_in : op::in, made_->lists_.size() - 1);
  result_is_truth(1);
  return true;
}

bool sql_compiler::read_search(op plain, bool inverted) {
  if (!reduce_from(4))
    return false;
  advance();
  if (token_.word != sql_word::text)
    return fail_here("a text in single quotes");
  made_->texts_.push_back(
    std::make_unique<const std::string>(unquoted(token_.text)));
  advance();
  // The form with NOT stands behind the plain one.
  auto what = static_cast<op>(static_cast<int>(plain) + (inverted ? 1 : 0));
  emit(what, made_->texts_.size() - 1);
  result_is_truth(1);
  return true;
}

bool sql_compiler::close() {
  if (!reduce_from(1))
    return false;
  if (pending_.empty())
    return fail(token_.at, "this bracket was never opened");
  pending_.pop_back(); // the open one
  advance();
  return true;
}

// -- operands ---------------------------------------------------------------------

bool sql_compiler::push_number() {
  if (token_.word == sql_word::whole) {
    auto value = java_long(token_.text);
    if (!value)
      return fail(token_.at,
                  "`" + std::string{token_.text} + "` needs more than 64 bits");
    auto narrow = java_int(token_.text).has_value();
    return push_constant({narrow ? kind::int32 : kind::int64, *value, 0, {}});
  }
  auto value = java_double(token_.text);
  if (!value || *value <= 0)
    return fail(token_.at, "`" + std::string{token_.text}
                             + "` is less than the smallest floating point "
                               "number; write 0 for zero");
  if (*value > std::numeric_limits<double>::max())
    return fail(token_.at, "`" + std::string{token_.text}
                             + "` is more than the largest floating point "
                               "number");
  return push_constant({kind::real, 0, *value, {}});
}

bool sql_compiler::push_property() {
  auto& names = made_->names_;
  auto found = std::ranges::find(names, token_.text);
  auto index = static_cast<std::size_t>(found - names.begin());
  if (found == names.end()) {
    if (names.size() == limits::sql_names_max)
      return fail(token_.at, "more than "
                               + std::to_string(limits::sql_names_max)
                               + " different properties");
    names.emplace_back(token_.text);
  }
  emit(op::property, index);
  return push_operand({operand::form::property, 0});
}

bool sql_compiler::push_constant(sql_value value) {
  auto index = made_->constants_.size();
  made_->constants_.push_back(value);
  emit(op::constant, index);
  return push_operand(
    {operand::form::constant, static_cast<std::uint32_t>(index)});
}

bool sql_compiler::push_operand(operand x) {
  if (operands_.size() == limits::sql_depth_max)
    return fail(token_.at,
                "nested deeper than " + std::to_string(limits::sql_depth_max));
  operands_.push_back(x);
  wants_operand_ = false;
  advance();
  return true;
}

bool sql_compiler::push_pending(sql_word word, bool inverted) {
  if (pending_.size() == limits::sql_depth_max)
    return fail(token_.at,
                "nested deeper than " + std::to_string(limits::sql_depth_max));
  pending_.push_back({word, token_.at, inverted, false});
  wants_operand_ = true;
  advance();
  return true;
}

// -- reducing ---------------------------------------------------------------------

/// Ends every operator on top that binds at least as tightly.
bool sql_compiler::reduce_from(int precedence) {
  while (!pending_.empty() && precedence_of(pending_.back().word) >= precedence)
    if (!reduce_top())
      return false;
  return true;
}

bool sql_compiler::reduce_top() {
  auto top = pending_.back();
  pending_.pop_back();
  switch (top.word) {
    case sql_word::minus:
      emit(op::negate);
      operands_.back() = {operand::form::negation, 0};
      return true;
    case sql_word::word_not:
      if (!make_boolean(top.at))
        return false;
      emit(op::logical_not);
      result_is_truth(1);
      return true;
    case sql_word::word_between:
      return reduce_between(top);
    default:
      return reduce_two(top);
  }
}

bool sql_compiler::reduce_between(const pending& top) {
  if (!top.has_low)
    return fail_here("AND and the upper bound of BETWEEN");
  const auto& value = operands_[operands_.size() - 3];
  const auto& low = operands_[operands_.size() - 2];
  const auto& high = operands_.back();
  if (!can_be_ordered(value) || !can_be_ordered(low) || !can_be_ordered(high))
    return fail(top.at, "BETWEEN compares numbers and properties only");
  // RocketMQ does not ask this of NOT BETWEEN.
  if (!top.inverted && low.is_constant() && high.is_constant()) {
    const auto& a = *constant_of(low);
    const auto& b = *constant_of(high);
    auto real = [](const sql_value& x) {
      return x.is == kind::real ? x.real : static_cast<double>(x.whole);
    };
    auto wrong = a.is == kind::real || b.is == kind::real ? real(b) < real(a)
                                                          : b.whole < a.whole;
    if (wrong)
      return fail(top.at, "the lower bound of BETWEEN is above the upper one");
  }
  emit(top.inverted ? op::not_between : op::between);
  result_is_truth(3);
  return true;
}

bool sql_compiler::reduce_two(const pending& top) {
  const auto& left = operands_[operands_.size() - 2];
  const auto& right = operands_.back();
  auto what = op::equal;
  switch (top.word) {
    case sql_word::word_or:
    case sql_word::word_and:
      if (!make_boolean(top.at))
        return false;
      what = top.word == sql_word::word_or ? op::logical_or : op::logical_and;
      break;
    case sql_word::equal:
    case sql_word::not_equal:
      for (const auto* x : {&left, &right})
        if (const auto* value = constant_of(*x);
            value != nullptr && value->is == kind::null)
          return fail(top.at, "NULL equals nothing; write IS NULL");
      if (is_boolean_constant(left) && right.is_constant()
          && !is_boolean_constant(right))
        return fail(top.at, "a truth value is compared with another type");
      break;
    default:
      if (!can_be_ordered(left) || !can_be_ordered(right))
        return fail(top.at, "this compares numbers and properties only");
      what = top.word == sql_word::less         ? op::less
             : top.word == sql_word::less_equal ? op::less_equal
             : top.word == sql_word::greater    ? op::greater
                                                : op::greater_equal;
  }
  emit(what);
  if (top.word == sql_word::not_equal)
    emit(op::logical_not);
  result_is_truth(2);
  return true;
}

/// The operand on top must be a truth; a bare property is made one.
bool sql_compiler::make_boolean(std::size_t at) {
  auto& top = operands_.back();
  if (top.is == operand::form::property) {
    emit(op::to_boolean);
    top = {operand::form::truth, 0};
    return true;
  }
  if (top.is == operand::form::truth || is_boolean_constant(top))
    return true;
  return fail(at, "a condition belongs here, not a bare value; compare it "
                  "with something");
}

void sql_compiler::emit(op what, std::size_t at) {
  made_->steps_.push_back({what, static_cast<std::uint32_t>(at)});
}

void sql_compiler::result_is_truth(std::size_t operands) {
  operands_.resize(operands_.size() - operands);
  operands_.push_back({operand::form::truth, 0});
}

// -- what is known of operands ------------------------------------------------------

const sql_value* sql_compiler::constant_of(const operand& x) const {
  return x.is_constant() ? &made_->constants_[x.at] : nullptr;
}

bool sql_compiler::can_be_ordered(const operand& x) const {
  if (const auto* value = constant_of(x))
    return value->is == kind::int32 || value->is == kind::int64
           || value->is == kind::real;
  return x.is != operand::form::truth;
}

bool sql_compiler::is_boolean_constant(const operand& x) const {
  const auto* value = constant_of(x);
  return value != nullptr
         && (value->is == kind::boolean || value->is == kind::null);
}

// -- the door -----------------------------------------------------------------------

caf::expected<std::shared_ptr<const sql_filter>>
sql_filter::compile(std::string_view expression) {
  if (expression.size() > limits::sql_expression_bytes_max)
    return make_error(errc::bad_expression,
                      "SQL92: the expression has "
                        + std::to_string(expression.size())
                        + " bytes, more than "
                        + std::to_string(limits::sql_expression_bytes_max));
  return sql_compiler{expression}.run();
}

} // namespace troupe
