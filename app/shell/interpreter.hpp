/// Runs lines of the shell: verbs of the node, verbs of its own (variables,
/// expectations, loops), one after the other.
#pragma once

#include "app/shell/expectation.hpp"
#include "app/shell/printer.hpp"
#include "app/shell/screen.hpp"

#include "troupe/actor/admin.hpp"

#include <caf/expected.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace troupe::app {

/// What the program ends with.
enum class exit_code : std::uint8_t {
  good = 0,
  refused = 1,     ///< the node answered with an error
  misspelt = 2,    ///< a line or an option is not understood
  unreachable = 3, ///< no node
  unexpected = 4,  ///< an `expect` did not hold
};

/// One line of a script and where it stands.
struct script_line {
  std::string file;
  std::size_t number = 0;
  std::string text;
};

/// How the interpreter reaches the world; tests put theirs.
struct surroundings {
  std::function<caf::expected<table>(const admin_request&)> ask;
  std::function<void(const std::string&)> print;
  /// Reads a yes from a person; null: there is none, so --yes must be given.
  std::function<bool(const std::string& question)> confirm;
  std::function<void(std::chrono::milliseconds)> sleep;
  print_style style;
  bool redraw = false; ///< `watch` clears the screen
  /// The size of the terminal, as it is now; null: there is none.
  std::function<screen_size()> measure;
  /// Begins a view that a person can end by a key. What is returned waits, and
  /// is false when the view is to end; it is destroyed with the view. Null:
  /// nobody is there.
  std::function<std::function<bool(std::chrono::milliseconds)>()> begin_view;
  bool assume_yes = false; ///< --yes for every line
  /// Set by Ctrl-C; ends `watch`, `sleep`, loops.
  const std::atomic<bool>* interrupted = nullptr;
};

class interpreter {
public:
  explicit interpreter(surroundings world);

  /// `$1`, `$2`, ... and others.
  void set_variable(const std::string& name, std::string value);

  /// Runs lines until one fails; the failure has been printed then.
  exit_code run(const std::vector<script_line>& lines);

  /// One line from a person, or several when it opens a block: those are kept
  /// until its `end`.
  exit_code run_line(const std::string& text);

  /// Words that the caller's shell has cut already.
  exit_code run_words(std::vector<std::string> words);

  /// Whether run_line waits for the `end` of a block.
  bool is_block_open() const { return open_blocks_ > 0; }

  void drop_block();

private:
  /// Why a line failed.
  struct failure {
    exit_code code = exit_code::good;
    caf::error error;
    bool as_json = false; ///< the line had --json
  };

  struct loop {
    std::size_t begin = 0; ///< index of its `repeat`
    std::int64_t round = 0;
    std::int64_t rounds = 0;
  };

  /// A run through some lines.
  struct program {
    const std::vector<script_line>& lines;
    /// Of a `repeat`, `if` or `else` the index of its `else` or `end`; of the
    /// `end` of a `repeat` that of the `repeat`.
    std::vector<std::size_t> partners;
    std::vector<loop> loops;
    std::size_t at = 0;
  };

  failure step(program& running);
  failure begin_repeat(program& running, const std::vector<std::string>& words);
  failure begin_if(program& running, const std::vector<std::string>& words);
  failure execute(const std::vector<std::string>& words);
  failure execute_as_json(std::vector<std::string> words);
  failure assign(const std::vector<std::string>& words);
  failure show_errors(const std::vector<std::string>& words);
  failure show_help(const std::vector<std::string>& words);
  failure ask(std::vector<std::string> words, bool print);
  caf::expected<table> ask_node(const admin_request& request);
  failure expect(std::vector<std::string> words);
  failure attempt(const std::vector<std::string>& words);
  failure watch(std::vector<std::string> words);
  void draw(std::string text);
  failure wait(const std::vector<std::string>& words);
  caf::expected<std::vector<std::string>> words_of(const std::string& text);
  std::optional<std::string> variable(std::string_view name) const;
  void report(const script_line& line, const failure& why);
  bool is_interrupted() const;

  surroundings world_;
  std::map<std::string, std::string, std::less<>> variables_;
  last_answer last_;
  std::vector<std::string> last_words_; // what last_ is the answer to
  std::vector<script_line> block_;      // lines of an open block
  std::size_t open_blocks_ = 0;
  bool ended_ = false; // by `exit`
};

/// Reads a script with everything it includes.
/// @errors bad_config: a file that cannot be read, includes without end
caf::expected<std::vector<script_line>> load_script(const std::string& path);

/// The same from text; `include` is relative to `directory`.
caf::expected<std::vector<script_line>>
parse_script(const std::string& text, const std::string& name,
             const std::string& directory);

} // namespace troupe::app
