/// Answers as people read them, or as JSON.
#pragma once

#include "troupe/model/table.hpp"

#include <caf/error.hpp>

#include <cstddef>
#include <string>

namespace troupe::app {

struct print_style {
  bool json = false;
  bool colours = false;
  std::size_t width = 0; ///< of the terminal; 0: lines may be of any length
};

/// A table with its columns aligned, fields one a line, or one line of JSON: a
/// list of objects, an object for fields, `{"note": ...}` for a sentence.
std::string print(const table& answer, const print_style& style);

/// `topic_not_found: ...` or `{"error": ..., "message": ...}`.
std::string print(const caf::error& error, const print_style& style);

/// A cell without its surroundings: what `expect` compares and `$answer` holds.
std::string plain(const cell& value);

} // namespace troupe::app
