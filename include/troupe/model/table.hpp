/// What an actor answers to a person: rows of typed cells. The only messages
/// of troupe that travel to other processes are made of these.
#pragma once

#include <caf/meta/type_name.hpp>

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe {

enum class cell_kind : std::uint8_t {
  none, ///< not known, or does not apply
  boolean,
  number,
  real,
  text
};

/// One value of a row.
struct cell {
  cell_kind kind = cell_kind::none;
  std::int64_t number = 0; ///< also of a boolean: 0 or 1
  double real = 0;
  std::string text;

  cell() = default;

  cell(std::string x) : kind(cell_kind::text), text(std::move(x)) {}

  cell(std::string_view x) : kind(cell_kind::text), text(x) {}

  cell(const char* x) : kind(cell_kind::text), text(x) {}

  cell(std::same_as<bool> auto x)
    : kind(cell_kind::boolean),
      number(x ? 1 : 0) {}

  template <std::integral Number>

  requires(!std::same_as<Number, bool>) cell(Number x)
    : kind(cell_kind::number),
      number(static_cast<std::int64_t>(x)) {}

  cell(double x) : kind(cell_kind::real), real(x) {}

  bool operator==(const cell&) const = default;
};

using table_row = std::vector<cell>;

/// How a table wants to be seen.
enum class table_shape : std::uint8_t {
  rows,   ///< any number of things of one kind
  fields, ///< one row: what is known of one thing
};

/// Each row has as many cells as there are columns.
struct table {
  std::vector<std::string> columns;
  std::vector<table_row> rows;
  table_shape shape = table_shape::rows;
  std::string note; ///< a sentence for a person; may be empty
};

/// A table of one row.
inline table
fields_of(std::initializer_list<std::pair<std::string, cell>> fields) {
  table result;
  result.shape = table_shape::fields;
  result.rows.emplace_back();
  for (const auto& [name, value] : fields) {
    result.columns.push_back(name);
    result.rows.front().push_back(value);
  }
  return result;
}

/// Nothing but a sentence.
inline table note_of(std::string note) {
  table result;
  result.note = std::move(note);
  return result;
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, cell& x) {
  return f(caf::meta::type_name("troupe.cell"), x.kind, x.number, x.real,
           x.text);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, table& x) {
  return f(caf::meta::type_name("troupe.table"), x.columns, x.rows, x.shape,
           x.note);
}

} // namespace troupe
