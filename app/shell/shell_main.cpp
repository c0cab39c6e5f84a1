#include "app/shell/shell_main.hpp"

#include "admin/verbs.hpp"
#include "app/shell/completion.hpp"
#include "app/shell/editor.hpp"
#include "app/shell/interpreter.hpp"
#include "app/shell/local_verbs.hpp"
#include "app/shell/screen.hpp"
#include "app/shell/session.hpp"
#include "app/shell/shell_options.hpp"

#include "troupe/log.hpp"

#include <algorithm>
#include <clocale>
#include <csignal>
#include <cstdio>
#include <iostream>
#include <iterator>
#include <thread>

#include <poll.h>
#include <unistd.h>

namespace troupe::app {

namespace {

std::atomic<bool> interrupted{false};

void note_interrupt(int) {
  interrupted.store(true);
}

/// Ctrl-C ends what runs, not the shell; a reader that went away ends it.
void catch_interrupts() {
  struct sigaction action {};

  action.sa_handler = note_interrupt; // no SA_RESTART: a read ends, too
  ::sigaction(SIGINT, &action, nullptr);
}

/// In short steps, so that Ctrl-C ends it.
void sleep_for(std::chrono::milliseconds time) {
  using clock = std::chrono::steady_clock;
  auto end = clock::now() + time;
  while (!interrupted.load() && clock::now() < end)
    std::this_thread::sleep_for(std::min<clock::duration>(
      end - clock::now(), std::chrono::milliseconds{50}));
}

/// Whether the terminal moves its cursor and paints.
bool is_able() {
  const char* term = std::getenv("TERM");
  return term != nullptr && std::string_view{term} != "dumb";
}

print_style style_of(const shell_options& options) {
  print_style style;
  style.json = options.json;
  auto terminal = ::isatty(STDOUT_FILENO) == 1;
  if (terminal && !options.json) {
    style.width = size_of_screen().columns;
    style.colours = std::getenv("NO_COLOR") == nullptr && is_able();
  }
  return style;
}

/// In short steps: a signal between a look and a long wait would go unnoticed.
bool await_line() {
  pollfd keys{STDIN_FILENO, POLLIN, 0};
  while (!interrupted.load())
    if (::poll(&keys, 1, 50) > 0)
      return true;
  return false;
}

bool ask_person(const std::string& question) {
  std::cout << question << ". Do it? [y/N] " << std::flush;
  std::string line;
  if (!await_line() || !std::getline(std::cin, line)) {
    std::clearerr(stdin); // Ctrl-D: the end of this question alone
    std::cin.clear();
    std::cout << std::endl;
    return false;
  }
  return line == "y" || line == "Y" || line == "yes";
}

surroundings surroundings_of(session& node, const shell_options& options) {
  surroundings world;
  world.ask = [&node](const admin_request& x) { return node.ask(x); };
  world.print = [](const std::string& text) {
    std::cout << text << std::flush;
    if (!std::cout) // whoever read it is gone, as behind `| head`
      interrupted.store(true);
  };
  world.sleep = sleep_for;
  world.style = style_of(options);
  auto shows = ::isatty(STDOUT_FILENO) == 1;
  auto listens = ::isatty(STDIN_FILENO) == 1;
  world.redraw = shows && !options.json && is_able();
  if (shows)
    world.measure = size_of_screen;
  if (shows && listens)
    world.begin_view = [] {
      return
        [keys = std::make_shared<view_keys>()](std::chrono::milliseconds time) {
          return keys->wait(time, interrupted);
        };
    };
  world.assume_yes = options.yes;
  world.interrupted = &interrupted;
  if (shows && listens)
    world.confirm = ask_person;
  return world;
}

std::string history_file() {
  const char* home = std::getenv("HOME");
  return home == nullptr ? std::string{}
                         : std::string{home} + "/.troupe_history";
}

int interactive(session& node, interpreter& shell) {
  std::setlocale(LC_CTYPE, ""); // the editor's characters may be of many bytes
  auto where = node.where().host + ":" + std::to_string(node.where().port);
  std::cout << "troupe shell at " << where
            << "; `help` lists the verbs, Tab completes, Ctrl-D leaves\n";
  if (auto answer = node.ask({"show", {"/"}}); !answer)
    std::cout << print(answer.error(), {}) << std::flush;
  auto ask = [&node](const auto& x) { return node.ask(x); };
  editor lines{history_file(),
               [ask](const auto& before, const auto& partial) {
                 return complete(before, partial, ask);
               },
               interrupted};
  for (;;) {
    auto line = lines.read(shell.is_block_open() ? "   ... > " : "troupe> ");
    if (!line && interrupted.exchange(false)) {
      shell.drop_block();
      std::cout << '\n';
      continue;
    }
    if (!line || *line == "exit" || *line == "quit")
      break;
    shell.run_line(*line);
    interrupted.store(false);
  }
  std::cout << '\n';
  return 0;
}

/// One line, or a script of several.
int run_command(interpreter& shell, const std::string& command) {
  auto several = command.find('\n') != command.npos;
  auto lines = parse_script(command, several ? "-c" : "", ".");
  if (!lines) {
    std::cerr << "troupe shell: " << context_of(lines.error()) << '\n';
    return static_cast<int>(exit_code::misspelt);
  }
  return static_cast<int>(shell.run(*lines));
}

int run_script(interpreter& shell, const shell_options& options) {
  auto lines = options.script == "-" ? parse_script(
                 {std::istreambuf_iterator<char>{std::cin}, {}}, "stdin", ".")
                                     : load_script(options.script);
  if (!lines) {
    std::cerr << "troupe shell: " << context_of(lines.error()) << '\n';
    return static_cast<int>(exit_code::misspelt);
  }
  for (std::size_t i = 0; i < options.words.size(); ++i)
    shell.set_variable(std::to_string(i + 1), options.words[i]);
  return static_cast<int>(shell.run(*lines));
}

void prepare_process() {
  std::signal(SIGPIPE, SIG_IGN);
  catch_interrupts();
  log::least = log::level::error;
}

int run(shell_options options) {
  prepare_process();
  session node{options.node, &interrupted};
  interpreter shell{surroundings_of(node, options)};
  if (options.command)
    return run_command(shell, *options.command);
  if (options.script.empty() && ::isatty(STDIN_FILENO) == 1)
    return interactive(node, shell);
  if (options.script.empty())
    options.script = "-";
  return run_script(shell, options);
}

} // namespace

int shell_main(const std::vector<std::string>& arguments) {
  auto options = parse_shell_options(arguments);
  if (!options) {
    std::cerr << "troupe shell: " << context_of(options.error()) << '\n';
    return static_cast<int>(exit_code::misspelt);
  }
  if (options->help) {
    std::cout << shell_usage;
    return 0;
  }
  return run(std::move(*options));
}

int verb_main(const std::vector<std::string>& words) {
  auto options = parse_verb_options(words);
  if (!options) {
    std::cerr << "troupe: " << context_of(options.error()) << '\n';
    return static_cast<int>(exit_code::misspelt);
  }
  prepare_process();
  session node{options->node, &interrupted};
  interpreter shell{surroundings_of(node, *options)};
  if (options->help)
    return static_cast<int>(shell.run_words({"help", words.front()}));
  return static_cast<int>(shell.run_words(options->words));
}

bool is_shell_verb(std::string_view word) {
  return find_verb(word) != nullptr || is_local_verb(word);
}

} // namespace troupe::app
