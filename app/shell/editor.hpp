/// Lines from a person at a terminal: editing, history, completion. One at a
/// time; the only file that knows libedit.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace troupe::app {

class editor {
public:
  /// The words before the one at the cursor, and that one so far.
  using completer = std::function<std::vector<std::string>(
    const std::vector<std::string>& before, const std::string& partial)>;

  /// @param history_file  empty: the history ends with the program
  /// @param interrupted   set by Ctrl-C
  editor(std::string history_file, completer complete,
         const std::atomic<bool>& interrupted);
  ~editor();

  editor(const editor&) = delete;
  editor& operator=(const editor&) = delete;

  /// @returns none at the end of the input, and when Ctrl-C ended the line
  std::optional<std::string> read(const std::string& prompt);

private:
  std::string history_file_;
};

} // namespace troupe::app
