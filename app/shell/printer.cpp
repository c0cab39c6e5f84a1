#include "app/shell/printer.hpp"

#include "remoting/json_text.hpp"

#include "troupe/errc.hpp"

#include <algorithm>
#include <cstdio>
#include <vector>

namespace troupe::app {

namespace {

constexpr const char* bold = "\x1b[1m";
constexpr const char* red = "\x1b[31m";
constexpr const char* dim = "\x1b[2m";
constexpr const char* normal = "\x1b[0m";

std::string coloured(const std::string& text, const char* colour,
                     const print_style& style) {
  return style.colours ? colour + text + normal : text;
}

/// Characters, not bytes, of UTF-8.
std::size_t length(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

/// One line: what would move the cursor is written as an escape.
std::string on_one_line(std::string_view text) {
  std::string line;
  for (char c : text)
    if (c == '\n')
      line += "\\n";
    else if (c == '\t')
      line += "\\t";
    else if (c == '\r')
      line += "\\r";
    else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
      line += '?';
    else
      line += c;
  return line;
}

/// The first `count` characters.
std::string cut(const std::string& text, std::size_t count) {
  if (length(text) <= count)
    return text;
  std::string result;
  std::size_t taken = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto begins = (static_cast<unsigned char>(text[i]) & 0xC0) != 0x80;
    if (begins && ++taken > count - 1)
      break;
    result += text[i];
  }
  return result + "~";
}

std::string shown(const cell& value) {
  return value.kind == cell_kind::none ? "-" : on_one_line(plain(value));
}

bool is_right(const cell& value) {
  return value.kind == cell_kind::number || value.kind == cell_kind::real;
}

std::string padded(const std::string& text, std::size_t width, bool right) {
  std::string blanks(width - std::min(width, length(text)), ' ');
  return right ? blanks + text : text + blanks;
}

/// Widths of the columns: as wide as their widest cell, but when the terminal
/// is narrower the widest give way: texts, then the first, which says what a
/// row is about, and numbers at last.
std::vector<std::size_t>
widths_of(const std::vector<std::vector<std::string>>& cells,
          const table_row& first, std::size_t terminal) {
  constexpr std::size_t least = 8;
  std::vector<std::size_t> widths(cells.front().size());
  for (const auto& row : cells)
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], length(row[i]));
  if (terminal == 0)
    return widths;
  auto total = [&] {
    std::size_t sum = 2 * (widths.size() - 1);
    for (auto x : widths)
      sum += x;
    return sum;
  };
  auto shrink = [&](auto may) {
    while (total() > terminal) {
      std::size_t* widest = nullptr;
      for (std::size_t i = 0; i < widths.size(); ++i)
        if (may(i) && (widest == nullptr || widths[i] > *widest))
          widest = &widths[i];
      if (widest == nullptr || *widest <= least)
        break;
      *widest -= std::min(total() - terminal, *widest - least);
    }
  };
  shrink([&](std::size_t i) { return i > 0 && !is_right(first[i]); });
  shrink([&](std::size_t i) { return i == 0 || !is_right(first[i]); });
  shrink([](std::size_t) { return true; });
  return widths;
}

std::string print_rows(const table& answer, const print_style& style) {
  std::vector<std::vector<std::string>> cells{answer.columns};
  for (const auto& row : answer.rows) {
    auto& line = cells.emplace_back();
    for (const auto& value : row)
      line.push_back(shown(value));
  }
  auto widths = widths_of(cells, answer.rows.front(), style.width);
  std::string text;
  for (std::size_t r = 0; r < cells.size(); ++r) {
    std::string line;
    for (std::size_t c = 0; c < cells[r].size(); ++c) {
      auto right =
        !answer.rows.empty() && is_right(answer.rows[r == 0 ? 0 : r - 1][c]);
      if (c > 0)
        line += "  ";
      line +=
        padded(style.width == 0 ? cells[r][c] : cut(cells[r][c], widths[c]),
               widths[c], right);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += (r == 0 ? coloured(line, bold, style) : line) + "\n";
  }
  return text;
}

std::string print_fields(const table& answer, const print_style& style) {
  std::size_t widest = 0;
  for (const auto& name : answer.columns)
    widest = std::max(widest, length(name));
  std::string text;
  for (std::size_t i = 0; i < answer.columns.size(); ++i)
    text += coloured(padded(answer.columns[i], widest, false), bold, style)
            + "  " + shown(answer.rows.front()[i]) + "\n";
  return text;
}

void append_json(remoting::json_text& out, const cell& value) {
  switch (value.kind) {
    case cell_kind::none:
      out.raw("null");
      break;
    case cell_kind::boolean:
      out.boolean(value.number != 0);
      break;
    case cell_kind::number:
      out.number(value.number);
      break;
    case cell_kind::real:
      out.raw(plain(value));
      break;
    case cell_kind::text:
      out.string(value.text);
      break;
  }
}

std::string print_json(const table& answer) {
  remoting::json_text out;
  auto object = [&](const table_row& row) {
    out.begin_object();
    for (std::size_t i = 0; i < answer.columns.size() && i < row.size(); ++i) {
      out.key(answer.columns[i]);
      append_json(out, row[i]);
    }
    out.end_object();
  };
  if (answer.columns.empty()) {
    out.begin_object()
      .field("note", std::string_view{answer.note})
      .end_object();
  } else if (answer.shape == table_shape::fields && !answer.rows.empty()) {
    object(answer.rows.front());
  } else {
    out.begin_list();
    for (const auto& row : answer.rows)
      object(row);
    out.end_list();
  }
  return out.take() + "\n";
}

} // namespace

std::string plain(const cell& value) {
  switch (value.kind) {
    case cell_kind::none:
      return {};
    case cell_kind::boolean:
      return value.number != 0 ? "true" : "false";
    case cell_kind::number:
      return std::to_string(value.number);
    case cell_kind::real: {
      char text[64];
      std::snprintf(text, sizeof text, "%.6g", value.real);
      return text;
    }
    case cell_kind::text:
      return value.text;
  }
  return {};
}

std::string print(const table& answer, const print_style& style) {
  if (style.json)
    return print_json(answer);
  std::string text;
  if (!answer.columns.empty() && answer.shape == table_shape::fields
      && !answer.rows.empty())
    text = print_fields(answer, style);
  else if (!answer.rows.empty())
    text = print_rows(answer, style);
  else if (answer.note.empty())
    text = coloured("nothing\n", dim, style);
  if (!answer.note.empty())
    text += coloured(answer.note, dim, style) + "\n";
  return text;
}

std::string print(const caf::error& error, const print_style& style) {
  if (!style.json)
    return coloured(describe(error), red, style) + "\n";
  remoting::json_text out;
  out.begin_object()
    .field("error", to_string(errc_of(error)))
    .field("message", std::string_view{context_of(error)})
    .end_object();
  return out.take() + "\n";
}

} // namespace troupe::app
