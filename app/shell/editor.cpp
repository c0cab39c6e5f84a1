#include "app/shell/editor.hpp"

#include <cstdlib>
#include <cstring>
#include <cwchar>
#include <memory>

#include <editline/readline.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

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

const std::atomic<bool>*& interruption() {
  static const std::atomic<bool>* instance = nullptr;
  return instance;
}

/// A read takes what is there: Ctrl-C empties the queue of the terminal, and a
/// read that then waits for more would not be ended by it.
void let_reads_return() {
  termios now{};
  if (::tcgetattr(STDIN_FILENO, &now) != 0 || now.c_cc[VMIN] == 0)
    return;
  now.c_cc[VMIN] = 0;
  now.c_cc[VTIME] = 0;
  ::tcsetattr(STDIN_FILENO, TCSANOW, &now);
}

/// Waits in short steps: a signal between a look and a long wait would go
/// unnoticed. @returns false at the end, and by Ctrl-C
bool next_byte(char& byte) {
  let_reads_return();
  pollfd keys{STDIN_FILENO, POLLIN, 0};
  while (!interruption()->load()) {
    if (::poll(&keys, 1, 50) <= 0)
      continue;
    if (::read(STDIN_FILENO, &byte, 1) == 1)
      return true;
    if ((keys.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0)
      return false;
  }
  return false;
}

/// The next character, of however many bytes; EOF at the end and by Ctrl-C.
int next_character(FILE*) {
  std::mbstate_t half{};
  char byte = 0;
  while (next_byte(byte)) {
    wchar_t whole = 0;
    auto taken = std::mbrtowc(&whole, &byte, 1, &half);
    if (taken == static_cast<std::size_t>(-1)) // no character begins so
      half = {};
    else if (taken != static_cast<std::size_t>(-2))
      return static_cast<int>(whole);
  }
  return EOF;
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

editor::editor(std::string history_file, completer complete,
               const std::atomic<bool>& interrupted)
  : history_file_(std::move(history_file)) {
  state().complete = std::move(complete);
  interruption() = &interrupted;
  ::rl_getc_function = next_character;
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
