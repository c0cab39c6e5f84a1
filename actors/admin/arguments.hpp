/// The words behind a verb: options anywhere, the rest in order. The first
/// thing that is wrong is kept and told by finish().
#pragma once

#include "troupe/errc.hpp"

#include <caf/error.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// Options are `--name VALUE`, `--name=VALUE` or, for flags, `--name`. Take
/// them before the words: behind `--` nothing is an option.
class arguments {
public:
  /// @param hint  what finish() adds to what is wrong: where to read how it is
  ///              written
  explicit arguments(std::vector<std::string> words, std::string hint = {});

  bool flag(std::string_view name);

  std::optional<std::string> option(std::string_view name);

  /// `absent` when it is not given.
  std::int64_t number(std::string_view name, std::int64_t absent,
                      std::int64_t least, std::int64_t most);

  /// Every `--name VALUE` there is.
  std::vector<std::string> all(std::string_view name);

  /// The next word; `name` says in the error what is missing.
  std::string required(std::string_view name);

  std::optional<std::string> next();

  /// The next word as a number.
  std::int64_t required_number(std::string_view name, std::int64_t least,
                               std::int64_t most);

  /// All words that are left, as they were given.
  std::vector<std::string> rest();

  /// @errors invalid_argument, with what is missing or not understood
  caf::error finish();

  /// Of a verb that knows no such action; empty: none was said.
  /// @param can  the verb and what it can do
  /// @errors invalid_argument
  caf::error refuse_action(std::string_view can,
                           const std::string& action) const;

  /// Keeps an error that the caller has found.
  void refuse(std::string why);

private:
  std::int64_t parse(const std::string& text, std::string_view what,
                     std::int64_t least, std::int64_t most);

  std::vector<std::string> words_;
  std::vector<std::string> literal_; // behind `--`
  std::string hint_;
  std::string why_;
};

} // namespace troupe
