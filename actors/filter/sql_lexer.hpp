/// The words of a SQL92 filter expression. Used by the compiler only.
/// Source: RocketMQ 5.3 SelectorParser; sheet semantics 7.2.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace troupe {

enum class sql_word : std::uint8_t {
  end,
  bad, ///< sql_token::why says what is wrong
  name,
  whole,    ///< a decimal number; text without its l or L
  fraction, ///< a floating point number
  text,     ///< a quoted text; the token's text is what is between the quotes
  open,
  close,
  comma,
  plus,
  minus,
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  word_and,
  word_between,
  word_contains,
  word_ends_with,
  word_false,
  word_in,
  word_is,
  word_not,
  word_null,
  word_or,
  word_starts_with,
  word_true,
};

struct sql_token {
  sql_word word = sql_word::end;
  std::string_view text; ///< as written, but for numbers and texts, see above
  std::size_t at = 0;    ///< its first byte in the expression, from 0
  const char* why = "";  ///< of sql_word::bad
};

/// What the grammar expects next: it decides what `--` is, see skip_blanks.
enum class sql_place : std::uint8_t {
  operand,
  operation
};

/// Hands out one token after the other.
class sql_lexer {
public:
  explicit sql_lexer(std::string_view expression) : all_(expression) {}

  sql_token next(sql_place expected);

private:
  bool skip_blanks(sql_place expected, sql_token& failure);
  bool is_line_comment(sql_place expected) const;
  sql_token token(sql_word word, std::size_t size);
  sql_token name();
  sql_token number();
  sql_token quoted();
  sql_token mark();
  std::size_t digits_from(std::size_t place) const;

  char at(std::size_t place) const {
    return place < all_.size() ? all_[place] : '\0';
  }

  std::string_view all_;
  std::size_t place_ = 0;
};

/// What a quoted text says: two quotes in a row are one.
std::string unquoted(std::string_view text);

} // namespace troupe
