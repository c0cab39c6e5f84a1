#include "app/shell/interpreter.hpp"

#include "admin/arguments.hpp"
#include "admin/verbs.hpp"
#include "app/shell/local_verbs.hpp"
#include "app/shell/words.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace troupe::app {

namespace {

using std::chrono::milliseconds;

caf::error misspelt(std::string what) {
  return make_error(errc::invalid_argument, std::move(what));
}

std::string_view first_word(std::string_view line) {
  auto begin = line.find_first_not_of(" \t\r");
  if (begin == line.npos || line[begin] == '#')
    return {};
  line.remove_prefix(begin);
  return line.substr(0, line.find_first_of(" \t\r#"));
}

bool opens_block(std::string_view word) {
  return word == "repeat" || word == "if";
}

/// `500ms`, `2s`, `1.5` (seconds).
std::optional<milliseconds> duration_of(std::string_view text) {
  double value = 0;
  auto [end, code] =
    std::from_chars(text.data(), text.data() + text.size(), value);
  std::string_view unit{
    end, static_cast<std::size_t>(text.data() + text.size() - end)};
  constexpr double longest_s = 86'400;
  if (unit == "ms")
    value /= 1000;
  else if (!unit.empty() && unit != "s")
    return {};
  if (code != std::errc{} || value < 0 || value > longest_s)
    return {};
  return milliseconds{static_cast<std::int64_t>(value * 1000)};
}

/// `top ...` in words of `watch` and `ps`.
std::vector<std::string> as_watch_of_ps(std::vector<std::string> words,
                                        const print_style& style) {
  auto own = words.begin();
  while (words.end() - own >= 2 && (*own == "--every" || *own == "--count"))
    own += 2;
  std::vector<std::string> ps{"ps"};
  auto give = [&](const char* option, const char* value) {
    if (std::find(own, words.end(), option) == words.end()) {
      ps.emplace_back(option);
      ps.emplace_back(value);
    }
  };
  give("--by", "busy");
  give("--limit", "20");
  give("--for", "500");
  if (style.width > 0) // a terminal has no room for all
    ps.emplace_back("--brief");
  words.insert(own, ps.begin(), ps.end());
  return words;
}

/// Whether `--json` stands in a line as an option of it.
bool has_json_option(const std::vector<std::string>& words) {
  static constexpr std::array<std::string_view, 5> others{
    "echo", "exit", "set", "expect",
    "try"}; // behind `try` is a line of its own
  if (std::ranges::find(others, words.front()) != others.end())
    return false;
  auto end = std::ranges::find(words, "--"); // behind it nothing is an option
  return std::find(words.begin(), end, "--json") != end;
}

/// Where each block goes on and ends; see interpreter::program.
caf::expected<std::vector<std::size_t>>
match_blocks(const std::vector<script_line>& lines) {
  std::vector<std::size_t> partners(lines.size());
  std::vector<std::size_t> open;
  auto at = [&](std::size_t i) {
    return lines[i].file.empty()
             ? std::string{}
             : lines[i].file + ":" + std::to_string(lines[i].number) + ": ";
  };
  for (std::size_t i = 0; i < lines.size(); ++i) {
    auto word = first_word(lines[i].text);
    if (opens_block(word)) {
      open.push_back(i);
      continue;
    }
    if (word != "else" && word != "end")
      continue;
    if (open.empty())
      return misspelt(at(i) + std::string{word}
                      + " without a repeat or if before it");
    auto head = first_word(lines[open.back()].text);
    if (word == "else" && head != "if")
      return misspelt(at(i) + "else belongs to an if");
    partners[open.back()] = i;
    if (word == "else")
      open.back() = i;
    else {
      partners[i] = head == "repeat" ? open.back() : i;
      open.pop_back();
    }
  }
  if (!open.empty())
    return misspelt(at(open.back()) + "this block has no end");
  return partners;
}

} // namespace

interpreter::interpreter(surroundings world) : world_(std::move(world)) {}

void interpreter::set_variable(const std::string& name, std::string value) {
  variables_.insert_or_assign(name, std::move(value));
}

bool interpreter::is_interrupted() const {
  return world_.interrupted != nullptr && world_.interrupted->load();
}

exit_code interpreter::run(const std::vector<script_line>& lines) {
  auto partners = match_blocks(lines);
  if (!partners) {
    world_.print(print(partners.error(), world_.style));
    return exit_code::misspelt;
  }
  ended_ = false;
  program running{lines, std::move(*partners), {}, 0};
  while (running.at < lines.size()) {
    if (is_interrupted())
      return exit_code::refused;
    if (ended_)
      break;
    const auto& line = lines[running.at];
    if (auto failed = step(running); failed.code != exit_code::good) {
      report(line, failed);
      return failed.code;
    }
  }
  return exit_code::good;
}

exit_code interpreter::run_line(const std::string& text) {
  auto word = first_word(text);
  if (opens_block(word))
    ++open_blocks_;
  else if (word == "end" && open_blocks_ > 0)
    --open_blocks_;
  block_.push_back({"", block_.size() + 1, text});
  if (open_blocks_ > 0)
    return exit_code::good;
  auto lines = std::move(block_);
  block_.clear();
  return run(lines);
}

exit_code interpreter::run_words(std::vector<std::string> words) {
  auto failed = execute(words);
  if (failed.code != exit_code::good)
    report({}, failed);
  return failed.code;
}

void interpreter::drop_block() {
  block_.clear();
  open_blocks_ = 0;
}

void interpreter::report(const script_line& line, const failure& why) {
  auto style = world_.style;
  style.json |= why.as_json;
  if (line.file.empty()) {
    world_.print(print(why.error, style));
    return;
  }
  auto place = line.file + ":" + std::to_string(line.number) + ": ";
  if (style.json)
    world_.print(print(
      make_error(errc_of(why.error), place + context_of(why.error)), style));
  else
    world_.print(place + print(why.error, style));
}

// -- lines ----------------------------------------------------------------------

interpreter::failure interpreter::step(program& running) {
  const auto& text = running.lines[running.at].text;
  auto word = first_word(text);
  if (word == "else") { // the lines before it ran: on to the end
    running.at = running.partners[running.at] + 1;
    return {};
  }
  if (word == "end") {
    auto head = running.partners[running.at];
    if (head == running.at) { // of an if
      ++running.at;
      return {};
    }
    auto& current = running.loops.back();
    if (++current.round > current.rounds) {
      running.loops.pop_back();
      ++running.at;
      return {};
    }
    set_variable("i", std::to_string(current.round));
    running.at = head + 1;
    return {};
  }
  auto words = words_of(text);
  if (!words)
    return {exit_code::misspelt, words.error()};
  if (word == "repeat")
    return begin_repeat(running, *words);
  if (word == "if")
    return begin_if(running, *words);
  ++running.at;
  return execute(*words);
}

interpreter::failure
interpreter::begin_repeat(program& running,
                          const std::vector<std::string>& words) {
  std::int64_t rounds = 0;
  auto text = words.size() == 2 ? words[1] : std::string{};
  auto [end, code] =
    std::from_chars(text.data(), text.data() + text.size(), rounds);
  if (text.empty() || code != std::errc{} || end != text.data() + text.size()
      || rounds < 0)
    return {exit_code::misspelt,
            misspelt("write `repeat N`, such as repeat 3")};
  if (rounds == 0) {
    running.at = running.partners[running.at] + 1;
    return {};
  }
  running.loops.push_back({running.at, 1, rounds});
  set_variable("i", "1");
  ++running.at;
  return {};
}

interpreter::failure
interpreter::begin_if(program& running, const std::vector<std::string>& words) {
  auto wish = read_expectation(std::span{words}.subspan(1));
  if (!wish)
    return {exit_code::misspelt, wish.error()};
  auto actual = field_of(last_, wish->field);
  if (!actual)
    return {exit_code::misspelt, actual.error()};
  auto good = holds(*wish, *actual);
  if (!good)
    return {exit_code::misspelt, good.error()};
  // Of what does not hold, on behind the else or the end.
  running.at = *good ? running.at + 1 : running.partners[running.at] + 1;
  return {};
}

caf::expected<std::vector<std::string>>
interpreter::words_of(const std::string& text) {
  return split_words(text,
                     [this](std::string_view name) { return variable(name); });
}

std::optional<std::string> interpreter::variable(std::string_view name) const {
  if (name.starts_with("answer.")) {
    auto value = field_of(last_, std::string{name.substr(7)});
    return value ? std::optional{*value} : std::nullopt;
  }
  auto found = variables_.find(name);
  return found == variables_.end() ? std::nullopt
                                   : std::optional{found->second};
}

// -- verbs ----------------------------------------------------------------------

interpreter::failure
interpreter::execute(const std::vector<std::string>& words) {
  if (words.empty())
    return {};
  if (has_json_option(words))
    return execute_as_json(words);
  const auto& verb = words.front();
  auto rest = std::vector<std::string>(words.begin() + 1, words.end());
  if (verb == "echo") {
    std::string line;
    for (const auto& x : rest)
      line += (line.empty() ? "" : " ") + x;
    world_.print(line + "\n");
    return {};
  }
  if (verb == "exit") {
    ended_ = true;
    return {};
  }
  if (verb == "set")
    return assign(rest);
  if (verb == "expect")
    return expect(std::move(rest));
  if (verb == "try")
    return attempt(rest);
  if (verb == "sleep")
    return wait(rest);
  if (verb == "watch")
    return watch(std::move(rest));
  if (verb == "top")
    return watch(as_watch_of_ps(std::move(rest), world_.style));
  if (verb == "help")
    return show_help(rest);
  if (verb == "errors")
    return show_errors(rest);
  if (verb == "repeat" || verb == "if" || verb == "else" || verb == "end"
      || verb == "include")
    return {exit_code::misspelt,
            misspelt("`" + verb + "` stands on a line of its own in a script")};
  return ask(words, true);
}

/// The answer of this line alone is JSON.
interpreter::failure
interpreter::execute_as_json(std::vector<std::string> words) {
  words.erase(std::ranges::find(words, "--json"));
  auto style = world_.style;
  auto redraw = std::exchange(world_.redraw, false);
  world_.style.json = true;
  auto result = execute(words);
  world_.style = style;
  world_.redraw = redraw;
  result.as_json = true;
  return result;
}

interpreter::failure
interpreter::assign(const std::vector<std::string>& words) {
  auto is_name = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')
           || (c >= 'A' && c <= 'Z') || c == '_';
  };
  if (words.size() != 2 || words[0].empty()
      || !std::ranges::all_of(words[0], is_name))
    return {exit_code::misspelt,
            misspelt("write `set NAME VALUE`; a value with blanks in quotes")};
  set_variable(words[0], words[1]);
  return {};
}

interpreter::failure
interpreter::show_help(const std::vector<std::string>& words) {
  auto text = help(words.empty() ? std::string{} : words.front());
  if (!text)
    return {exit_code::misspelt, text.error()};
  world_.print(*text);
  return {};
}

interpreter::failure
interpreter::show_errors(const std::vector<std::string>& words) {
  auto found = explain_errors(words.empty() ? std::string{} : words.front());
  if (!found)
    return {exit_code::misspelt, found.error()};
  world_.print(print(*found, world_.style));
  last_ = {std::move(*found), {}};
  return {};
}

caf::expected<table> interpreter::ask_node(const admin_request& request) {
  auto answer = world_.ask(request);
  if (answer || !is(answer.error(), errc::not_confirmed)
      || (!world_.assume_yes && world_.confirm == nullptr))
    return answer;
  // The sentence says what it would do; up to the hint on --yes.
  auto question = context_of(answer.error());
  question = question.substr(0, question.find(';'));
  if (!world_.assume_yes && !world_.confirm(question))
    return note_of("left as it is");
  auto agreed = request;
  agreed.arguments.insert(agreed.arguments.begin(), "--yes");
  return world_.ask(agreed);
}

interpreter::failure interpreter::ask(std::vector<std::string> words,
                                      bool print_answer) {
  last_words_ = words;
  if (world_.measure && world_.style.width > 0) // it may have another by now
    world_.style.width = world_.measure().columns;
  admin_request request{words.front(), {words.begin() + 1, words.end()}};
  auto answer = ask_node(request);
  if (!answer) {
    last_ = {{}, answer.error()};
    auto code = is(answer.error(), errc::not_ready) ? exit_code::unreachable
                : find_verb(request.verb) == nullptr
                    && is(answer.error(), errc::invalid_argument)
                  ? exit_code::misspelt // and a newer node knows none either
                  : exit_code::refused;
    return {code, std::move(answer.error())};
  }
  if (print_answer)
    world_.print(print(*answer, world_.style));
  last_ = {std::move(*answer), {}};
  return {};
}

interpreter::failure
interpreter::attempt(const std::vector<std::string>& words) {
  if (words.empty())
    return {exit_code::misspelt, misspelt("write a line behind try")};
  auto failed = execute(words);
  if (failed.code == exit_code::misspelt
      || failed.code == exit_code::unreachable)
    return failed;
  if (failed.code != exit_code::good)
    last_ = {{}, failed.error};
  return {};
}

interpreter::failure interpreter::expect(std::vector<std::string> words) {
  milliseconds within{0};
  if (auto mark = std::ranges::find(words, "--within"); mark != words.end()) {
    auto limit = mark + 1 == words.end() ? std::nullopt : duration_of(mark[1]);
    if (!limit)
      return {exit_code::misspelt, misspelt("--within needs seconds, such as "
                                            "5")};
    within = *limit;
    words.erase(mark, mark + 2);
  }
  auto wish = read_expectation(words);
  if (!wish)
    return {exit_code::misspelt, wish.error()};
  using clock = std::chrono::steady_clock;
  constexpr milliseconds pause{100};
  auto end = clock::now() + within;
  for (;;) {
    auto actual = field_of(last_, wish->field);
    auto good = actual ? holds(*wish, *actual) : false;
    if (!good)
      return {exit_code::misspelt, good.error()};
    if (*good)
      return {};
    if (clock::now() >= end || is_interrupted() || last_words_.empty()) {
      auto what = "expected " + wish->field + " " + wish->operation + " "
                  + quoted(wish->value);
      if (!actual)
        return {exit_code::unexpected,
                misspelt(what + ", but " + context_of(actual.error()))};
      return {exit_code::unexpected,
              misspelt(what + ", got " + quoted(*actual))};
    }
    world_.sleep(pause);
    ask(last_words_, false); // an error is an answer here
  }
}

interpreter::failure interpreter::wait(const std::vector<std::string>& words) {
  auto time = words.size() == 1 ? duration_of(words[0]) : std::nullopt;
  if (!time)
    return {exit_code::misspelt, misspelt("write `sleep TIME`, such as 2s or "
                                          "500ms")};
  world_.sleep(*time);
  return {};
}

interpreter::failure interpreter::watch(std::vector<std::string> words) {
  // Only what stands before the line is ours.
  milliseconds every{1000};
  std::int64_t count = -1;
  std::size_t at = 0;
  for (; at + 1 < words.size(); at += 2) {
    if (words[at] == "--every") {
      auto time = duration_of(words[at + 1]);
      if (!time)
        return {exit_code::misspelt, misspelt("--every needs seconds")};
      every = *time;
    } else if (words[at] == "--count") {
      count = std::strtoll(words[at + 1].c_str(), nullptr, 10);
      if (count <= 0)
        return {exit_code::misspelt, misspelt("--count needs a number")};
    } else {
      break;
    }
  }
  words.erase(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(at));
  if (words.empty())
    return {exit_code::misspelt, misspelt("write a line behind watch")};
  auto wait = world_.redraw && world_.begin_view ? world_.begin_view()
                                                 : [this](milliseconds time) {
                                                     world_.sleep(time);
                                                     return true;
                                                   };
  for (std::int64_t round = 0; count < 0 || round < count; ++round) {
    if ((round > 0 && !wait(every)) || is_interrupted())
      return {};
    auto failed = ask(words, false);
    if (is_interrupted())
      return {};
    if (failed.code != exit_code::good)
      return failed;
    auto text = print(*last_.answer, world_.style);
    if (world_.redraw)
      draw(std::move(text));
    else
      world_.print((round > 0 && !world_.style.json ? "\n" : "") + text);
  }
  return {};
}

/// In place of what the screen shows; what it has no room for is counted.
void interpreter::draw(std::string text) {
  auto lines = std::ranges::count(text, '\n');
  // The last line stays free: a line feed there would scroll.
  auto room = world_.measure ? std::max<std::ptrdiff_t>(
                static_cast<std::ptrdiff_t>(world_.measure().lines) - 1, 1)
                             : lines;
  if (lines > room) {
    auto end = text.begin();
    for (auto i = room - 1; i > 0; --i)
      end = std::find(end, text.end(), '\n') + 1;
    text.erase(end, text.end());
    text += "... " + std::to_string(lines - room + 1) + " more lines\n";
  }
  // Home, clear what is below; what is wider than the screen is cut, not
  // wrapped.
  world_.print("\x1b[H\x1b[J\x1b[?7l" + text + "\x1b[?7h");
}

} // namespace troupe::app
