#include "app/shell/editor.hpp"

#include <cstdlib>
#include <cstring>
#include <memory>

#include <editline/readline.h>

namespace troupe::app {

namespace {

constexpr int history_lines_max = 1000;

/// libedit calls plain functions, so what they need lies here.
struct completion_state {
  editor::completer complete;
  std::vector<std::string> found;
  std::size_t next = 0;
};

completion_state& state() {
  static completion_state instance;
  return instance;
}

char* next_match(const char*, int first) {
  auto& all = state();
  if (first == 0)
    all.next = 0;
  return all.next < all.found.size() ? ::strdup(all.found[all.next++].c_str())
                                     : nullptr;
}

std::vector<std::string> words_before(std::string_view line) {
  std::vector<std::string> words;
  while (!line.empty()) {
    auto begin = line.find_first_not_of(" \t");
    if (begin == line.npos)
      break;
    auto end = line.find_first_of(" \t", begin);
    words.emplace_back(line.substr(begin, end - begin));
    line = end == line.npos ? std::string_view{} : line.substr(end);
  }
  return words;
}

char** attempt(const char* text, int start, int) {
  auto& all = state();
  std::string_view line{rl_line_buffer};
  all.found = all.complete(
    words_before(line.substr(0, static_cast<std::size_t>(start))), text);
  ::rl_attempted_completion_over = 1; // file names are no candidates
  if (all.found.empty())
    return nullptr;
  // A path may go on below.
  auto goes_on = all.found.size() == 1 && all.found.front().starts_with('/');
  ::rl_completion_append_character = goes_on ? '\0' : ' ';
  return ::rl_completion_matches(text, next_match);
}

} // namespace

editor::editor(std::string history_file, completer complete)
  : history_file_(std::move(history_file)) {
  state().complete = std::move(complete);
  ::rl_initialize();
  ::using_history();
  ::stifle_history(history_lines_max);
  if (!history_file_.empty())
    ::read_history(history_file_.c_str());
  ::rl_attempted_completion_function = attempt;
}

editor::~editor() {
  if (!history_file_.empty())
    ::write_history(history_file_.c_str());
  state().complete = nullptr;
}

std::optional<std::string> editor::read(const std::string& prompt) {
  std::unique_ptr<char, decltype(&std::free)> line{::readline(prompt.c_str()),
                                                   &std::free};
  if (!line)
    return {};
  std::string text{line.get()};
  if (text.find_first_not_of(" \t") != text.npos)
    ::add_history(line.get());
  return text;
}

} // namespace troupe::app
