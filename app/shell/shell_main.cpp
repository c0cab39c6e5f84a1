#include "app/shell/shell_main.hpp"

#include "admin/verbs.hpp"
#include "app/shell/completion.hpp"
#include "app/shell/editor.hpp"
#include "app/shell/interpreter.hpp"
#include "app/shell/local_verbs.hpp"
#include "app/shell/session.hpp"
#include "app/shell/shell_options.hpp"

#include "troupe/log.hpp"

#include <algorithm>
#include <csignal>
#include <iostream>
#include <iterator>
#include <thread>

#include <sys/ioctl.h>
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

std::size_t terminal_width() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    return size.ws_col;
  return 80;
}

print_style style_of(const shell_options& options) {
  print_style style;
  style.json = options.json;
  auto terminal = ::isatty(STDOUT_FILENO) == 1;
  if (terminal && !options.json) {
    style.width = terminal_width();
    const char* term = std::getenv("TERM");
    style.colours = std::getenv("NO_COLOR") == nullptr && term != nullptr
                    && std::string_view{term} != "dumb";
  }
  return style;
}

bool ask_person(const std::string& question) {
  std::cout << question << ". Do it? [y/N] " << std::flush;
  std::string line;
  if (!std::getline(std::cin, line))
    return false;
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
  world.redraw = ::isatty(STDOUT_FILENO) == 1 && !options.json;
  world.assume_yes = options.yes;
  world.interrupted = &interrupted;
  if (::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1)
    world.confirm = ask_person;
  return world;
}

std::string history_file() {
  const char* home = std::getenv("HOME");
  return home == nullptr ? std::string{}
                         : std::string{home} + "/.troupe_history";
}

int interactive(session& node, interpreter& shell) {
  auto where = node.where().host + ":" + std::to_string(node.where().port);
  std::cout << "troupe shell at " << where
            << "; `help` lists the verbs, Tab completes, Ctrl-D leaves\n";
  if (auto answer = node.ask({"show", {"/"}}); !answer)
    std::cout << print(answer.error(), {}) << std::flush;
  editor lines{
    history_file(), [&node](const auto& before, const auto& partial) {
      return complete(before, partial,
                      [&node](const auto& x) { return node.ask(x); });
    }};
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
  session node{options.node};
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
  session node{options->node};
  interpreter shell{surroundings_of(node, *options)};
  if (options->help)
    return static_cast<int>(shell.run_words({"help", words.front()}));
  return static_cast<int>(shell.run_words(options->words));
}

bool is_shell_verb(std::string_view word) {
  return find_verb(word) != nullptr || is_local_verb(word);
}

} // namespace troupe::app
