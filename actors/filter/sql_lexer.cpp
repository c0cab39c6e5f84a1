#include "filter/sql_lexer.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace troupe {

namespace {

bool is_digit(char x) {
  return x >= '0' && x <= '9';
}

char lower(char x) {
  return x >= 'A' && x <= 'Z' ? static_cast<char>(x - 'A' + 'a') : x;
}

bool begins_name(char x) {
  auto l = lower(x);
  return (l >= 'a' && l <= 'z') || x == '_' || x == '$';
}

struct keyword {
  std::string_view text;
  sql_word word;
};

constexpr std::array keywords{
  keyword{"and", sql_word::word_and},
  keyword{"between", sql_word::word_between},
  keyword{"contains", sql_word::word_contains},
  keyword{"endswith", sql_word::word_ends_with},
  keyword{"false", sql_word::word_false},
  keyword{"in", sql_word::word_in},
  keyword{"is", sql_word::word_is},
  keyword{"not", sql_word::word_not},
  keyword{"null", sql_word::word_null},
  keyword{"or", sql_word::word_or},
  keyword{"startswith", sql_word::word_starts_with},
  keyword{"true", sql_word::word_true},
};

} // namespace

sql_token sql_lexer::next(sql_place expected) {
  sql_token failure;
  if (!skip_blanks(expected, failure))
    return failure;
  auto first = at(place_);
  if (place_ == all_.size())
    return token(sql_word::end, 0);
  if (begins_name(first))
    return name();
  if (is_digit(first) || (first == '.' && is_digit(at(place_ + 1))))
    return number();
  if (first == '\'')
    return quoted();
  return mark();
}

/// To RocketMQ a line comment has a line end; without one, `--` is two signs.
/// It ignores whatever follows a whole expression, so there it is a comment.
bool sql_lexer::is_line_comment(sql_place expected) const {
  return all_.substr(place_, 2) == "--"
         && (expected == sql_place::operation
             || all_.find_first_of("\n\r", place_) != all_.npos);
}

/// Passes over blanks and comments.
/// @returns whether they all end; if not, `failure` says which does not
bool sql_lexer::skip_blanks(sql_place expected, sql_token& failure) {
  constexpr std::string_view blanks = " \t\n\r\f";
  for (;;) {
    place_ = std::min(all_.find_first_not_of(blanks, place_), all_.size());
    if (is_line_comment(expected)) {
      place_ = std::min(all_.find_first_of("\n\r", place_), all_.size());
    } else if (all_.substr(place_, 2) == "/*") {
      auto end = all_.find("*/", place_ + 2);
      if (end == all_.npos) {
        failure = token(sql_word::bad, all_.size() - place_);
        failure.why = "this comment has no end; close it with */";
        return false;
      }
      place_ = end + 2;
    } else {
      return true;
    }
  }
}

sql_token sql_lexer::token(sql_word word, std::size_t size) {
  sql_token made{word, all_.substr(place_, size), place_, ""};
  place_ += size;
  return made;
}

sql_token sql_lexer::name() {
  std::size_t size = 1;
  while (begins_name(at(place_ + size)) || is_digit(at(place_ + size)))
    ++size;
  auto made = token(sql_word::name, size);
  auto found = std::ranges::find_if(keywords, [&](const keyword& x) {
    return std::ranges::equal(x.text, made.text, {}, {}, lower);
  });
  if (found != keywords.end())
    made.word = found->word;
  return made;
}

std::size_t sql_lexer::digits_from(std::size_t place) const {
  std::size_t count = 0;
  while (is_digit(at(place + count)))
    ++count;
  return count;
}

/// The longest that is a number: `12`, `12L`, `1.5`, `1.`, `.5`, `1e9`.
sql_token sql_lexer::number() {
  auto size = digits_from(place_);
  auto fraction = at(place_ + size) == '.';
  if (fraction)
    size += 1 + digits_from(place_ + size + 1);
  if (lower(at(place_ + size)) == 'e') {
    auto sign = at(place_ + size + 1);
    std::size_t mark = sign == '+' || sign == '-' ? 2 : 1;
    if (auto digits = digits_from(place_ + size + mark); digits > 0) {
      size += mark + digits;
      fraction = true;
    }
  }
  if (fraction)
    return token(sql_word::fraction, size);
  if (at(place_) == '0')
    return token(sql_word::whole, 1); // what follows is a number of its own
  auto made = token(sql_word::whole, size);
  if (lower(at(place_)) == 'l')
    ++place_;
  return made;
}

sql_token sql_lexer::quoted() {
  auto end = place_ + 1;
  while (end < all_.size() && (all_[end] != '\'' || at(end + 1) == '\''))
    end += all_[end] == '\'' ? 2 : 1;
  if (end >= all_.size()) {
    auto made = token(sql_word::bad, all_.size() - place_);
    made.why = "this text has no end; close it with a single quote";
    return made;
  }
  auto made = token(sql_word::text, end + 1 - place_);
  made.text = made.text.substr(1, made.text.size() - 2);
  return made;
}

sql_token sql_lexer::mark() {
  auto two = all_.substr(place_, 2);
  if (two == "<>")
    return token(sql_word::not_equal, 2);
  if (two == "<=")
    return token(sql_word::less_equal, 2);
  if (two == ">=")
    return token(sql_word::greater_equal, 2);
  constexpr std::array<std::pair<char, sql_word>, 8> marks{{
    {'(', sql_word::open},
    {')', sql_word::close},
    {',', sql_word::comma},
    {'+', sql_word::plus},
    {'-', sql_word::minus},
    {'=', sql_word::equal},
    {'<', sql_word::less},
    {'>', sql_word::greater},
  }};
  for (const auto& [text, word] : marks)
    if (text == all_[place_])
      return token(word, 1);
  auto made = token(sql_word::bad, 1);
  made.why = "this character means nothing here; texts stand in single quotes";
  return made;
}

std::string unquoted(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    result += text[i];
    if (text[i] == '\'')
      ++i; // the lexer has seen that they come in pairs
  }
  return result;
}

} // namespace troupe
