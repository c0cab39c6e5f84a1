#include "filter/sql_filter.hpp"

#include "filter/java_number.hpp"

#include "troupe/assert.hpp"
#include "troupe/model/properties.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace troupe {

namespace {

using kind = sql_value::kind;

constexpr sql_value null{};
constexpr sql_value failed{kind::failed, 0, 0, {}};

sql_value boolean(bool x) {
  return {kind::boolean, x ? 1 : 0, 0, {}};
}

bool is_true(const sql_value& x) {
  return x.is == kind::boolean && x.whole != 0;
}

bool is_false(const sql_value& x) {
  return x.is == kind::boolean && x.whole == 0;
}

bool is_number(const sql_value& x) {
  return x.is == kind::int32 || x.is == kind::int64 || x.is == kind::real;
}

double as_real(const sql_value& x) {
  return x.is == kind::real ? x.real : static_cast<double>(x.whole);
}

int order(std::int64_t a, std::int64_t b) {
  return a < b ? -1 : a > b ? 1 : 0;
}

/// `text` as a number of the kind of `like`; nothing when it is none.
std::optional<sql_value> as_number(std::string_view text,
                                   const sql_value& like) {
  if (like.is == kind::real) {
    auto x = java_double(text);
    return x ? std::optional{sql_value{kind::real, 0, *x, {}}} : std::nullopt;
  }
  std::optional<std::int64_t> x;
  if (like.is == kind::int64)
    x = java_long(text);
  else if (auto narrow = java_int(text))
    x = *narrow;
  return x ? std::optional{sql_value{like.is, *x, 0, {}}} : std::nullopt;
}

bool says_true(std::string_view text) {
  constexpr std::string_view word = "true";
  return std::ranges::equal(text, word, {}, [](char x) {
    return x >= 'A' && x <= 'Z' ? static_cast<char>(x - 'A' + 'a') : x;
  });
}

int order_of_numbers(const sql_value& a, const sql_value& b) {
  if (a.is == kind::real || b.is == kind::real)
    return java_compare(as_real(a), as_real(b));
  return order(a.whole, b.whole);
}

/// Below zero, zero or above; nothing when the two cannot be compared. What
/// has no order is "less than", as it is to RocketMQ.
std::optional<int> compare(const sql_value& a, const sql_value& b) {
  if (a.is == kind::text && b.is == kind::text)
    return a.text.compare(b.text);
  if (a.is == kind::boolean && b.is == kind::boolean)
    return order(a.whole, b.whole);
  if (is_number(a) && is_number(b))
    return order_of_numbers(a, b);
  if (a.is == kind::text && b.is == kind::boolean)
    return order(says_true(a.text) ? 1 : 0, b.whole);
  if (a.is == kind::boolean && b.is == kind::text)
    return {};
  if (a.is == kind::text && is_number(b)) {
    auto number = as_number(a.text, b);
    return number ? std::optional{order_of_numbers(*number, b)} : std::nullopt;
  }
  if (is_number(a) && b.is == kind::text) {
    auto number = as_number(b.text, a);
    return number ? std::optional{order_of_numbers(a, *number)} : std::nullopt;
  }
  return -1;
}

sql_value equals(const sql_value& a, const sql_value& b) {
  if (a.is == kind::failed || b.is == kind::failed)
    return failed;
  if (a.is == kind::null || b.is == kind::null) {
    if (a.is == b.is)
      return boolean(true);
    return a.is == kind::null ? null : boolean(false);
  }
  auto order = compare(a, b);
  return order ? boolean(*order == 0) : failed;
}

/// The order of two operands of `<` and its kin, for `holds` to judge.
template <class Holds>
sql_value ordered(const sql_value& a, const sql_value& b, Holds holds) {
  if (a.is == kind::failed || a.is == kind::null)
    return a;
  if (b.is == kind::failed || b.is == kind::null)
    return b;
  std::optional<int> order;
  if (a.is == kind::text && b.is == kind::text) { // they are numbers, then
    auto x = java_double(a.text);
    auto y = java_double(b.text);
    if (x && y)
      order = java_compare(*x, *y);
  } else {
    order = compare(a, b);
  }
  return order ? boolean(holds(*order)) : failed;
}

sql_value less(const sql_value& a, const sql_value& b) {
  return ordered(a, b, [](int x) { return x < 0; });
}

sql_value less_equal(const sql_value& a, const sql_value& b) {
  return ordered(a, b, [](int x) { return x <= 0; });
}

sql_value greater(const sql_value& a, const sql_value& b) {
  return ordered(a, b, [](int x) { return x > 0; });
}

sql_value greater_equal(const sql_value& a, const sql_value& b) {
  return ordered(a, b, [](int x) { return x >= 0; });
}

// The right side does not count once the left has decided, not even when it
// has failed.

sql_value both(const sql_value& a, const sql_value& b) {
  if (is_false(a) || a.is == kind::failed)
    return a;
  if (is_false(b) || b.is == kind::failed)
    return b;
  return a.is == kind::null ? a : b;
}

sql_value either(const sql_value& a, const sql_value& b) {
  if (is_true(a) || a.is == kind::failed)
    return a;
  if (is_true(b) || b.is == kind::failed)
    return b;
  return a.is == kind::null ? a : b;
}

sql_value negated(const sql_value& x) {
  if (x.is == kind::failed)
    return x;
  if (!is_number(x))
    return null;
  auto result = x;
  result.whole = -x.whole; // literals are positive, so it is in range
  result.real = -x.real;
  return result;
}

sql_value opposite(const sql_value& x) {
  return x.is == kind::boolean ? boolean(x.whole == 0) : x;
}

/// A bare name where a truth is asked for.
sql_value to_boolean(const sql_value& x) {
  return x.is == kind::text || is_number(x) ? boolean(false) : x;
}

} // namespace

/// The stack of one evaluation.
class sql_filter::machine {
public:
  machine(const sql_filter& program, std::string_view properties)
    : program_(program) {
    properties::for_each(
      properties, [&](std::string_view name, std::string_view value) {
        for (std::size_t i = 0; i < program_.names_.size(); ++i)
          if (program_.names_[i] == name)
            found_[i] = {kind::text, 0, 0, value};
      });
  }

  sql_value run() {
    for (const auto& step : program_.steps_)
      push(result_of(step));
    return pop();
  }

private:
  void push(const sql_value& x) {
    TROUPE_ASSERT(size_ < stack_.size(), "the compiler bounds the depth");
    stack_[size_++] = x;
  }

  sql_value pop() {
    TROUPE_ASSERT(size_ > 0, "every operator has its operands");
    return stack_[--size_];
  }

  sql_value result_of(const step& x) {
    switch (x.what) {
      case op::constant:
        return program_.constants_[x.at];
      case op::property:
        return found_[x.at];
      case op::between:
      case op::not_between:
        return between(x.what);
      case op::negate:
      case op::to_boolean:
      case op::logical_not:
      case op::is_null:
        return of_one(x.what, pop());
      case op::in:
      case op::not_in:
        return in(x);
      case op::contains:
      case op::not_contains:
      case op::starts_with:
      case op::not_starts_with:
      case op::ends_with:
      case op::not_ends_with:
        return search(x);
      default: {
        auto right = pop();
        return of_two(x.what, pop(), right);
      }
    }
  }

  static sql_value of_one(op what, const sql_value& x) {
    switch (what) {
      case op::negate:
        return negated(x);
      case op::to_boolean:
        return to_boolean(x);
      case op::logical_not:
        return opposite(x);
      default: // is_null
        return x.is == kind::failed ? x : boolean(x.is == kind::null);
    }
  }

  static sql_value of_two(op what, const sql_value& a, const sql_value& b) {
    switch (what) {
      case op::logical_and:
        return both(a, b);
      case op::logical_or:
        return either(a, b);
      case op::less:
        return less(a, b);
      case op::less_equal:
        return less_equal(a, b);
      case op::greater:
        return greater(a, b);
      case op::greater_equal:
        return greater_equal(a, b);
      default: // equal
        return equals(a, b);
    }
  }

  sql_value between(op what) {
    auto high = pop();
    auto low = pop();
    auto x = pop();
    if (what == op::between)
      return both(greater_equal(x, low), less_equal(x, high));
    return either(less(x, low), greater(x, high));
  }

  sql_value in(const step& x) {
    auto value = pop();
    if (value.is != kind::text)
      return value.is == kind::failed ? value : null;
    auto found = std::ranges::binary_search(program_.lists_[x.at], value.text);
    return boolean(found == (x.what == op::in));
  }

  sql_value search(const step& x) {
    auto value = pop();
    std::string_view wanted = *program_.texts_[x.at];
    if (wanted.empty()) // decided before the left side is looked at
      return boolean(false);
    if (value.is == kind::failed)
      return value;
    if (value.is != kind::text)
      return boolean(false);
    switch (x.what) {
      case op::contains:
        return boolean(value.text.find(wanted) != value.text.npos);
      case op::not_contains:
        return boolean(value.text.find(wanted) == value.text.npos);
      case op::starts_with:
        return boolean(value.text.starts_with(wanted));
      case op::not_starts_with:
        return boolean(!value.text.starts_with(wanted));
      case op::ends_with:
        return boolean(value.text.ends_with(wanted));
      default: // not_ends_with
        return boolean(!value.text.ends_with(wanted));
    }
  }

  const sql_filter& program_;
  std::array<sql_value, limits::sql_names_max> found_{};
  std::array<sql_value, limits::sql_depth_max> stack_;
  std::size_t size_ = 0;
};

sql_verdict sql_filter::evaluate(std::string_view properties) const {
  auto result = machine{*this, properties}.run();
  if (result.is == kind::boolean)
    return result.whole != 0 ? sql_verdict::yes : sql_verdict::no;
  return result.is == kind::null ? sql_verdict::unknown : sql_verdict::failed;
}

} // namespace troupe
