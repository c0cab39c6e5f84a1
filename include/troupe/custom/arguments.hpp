/// What a custom actor is spawned with, `key=value`, and how it refuses: with a
/// sentence for a person. Knows only the standard library, as everything that
/// a plug-in includes.
#pragma once

#include <charconv>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::custom {

/// Names and values, in order.
using fields = std::vector<std::pair<std::string, std::string>>;

/// Thrown by an actor that does not do what it was asked. Whoever asked gets
/// the sentence; the actor is not restarted.
class refusal : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// Arguments by name. Remembers which were read, so that a slip of the pen is
/// refused and not passed over.
class arguments {
public:
  arguments() = default;

  explicit arguments(fields values)
    : values_(std::move(values)),
      read_(values_.size(), false) {}

  const fields& all() const { return values_; }

  bool has(std::string_view key) const { return find(key) != nullptr; }

  /// @throws refusal when it is missing or empty
  std::string need(std::string_view key) const {
    const auto* found = find(key);
    if (found == nullptr || found->empty())
      throw refusal("argument `" + std::string{key} + "` is missing: write "
                    + std::string{key} + "=VALUE");
    return *found;
  }

  std::string get(std::string_view key, std::string_view otherwise = {}) const {
    const auto* found = find(key);
    return found == nullptr ? std::string{otherwise} : *found;
  }

  /// @throws refusal when it is no number from `least` to `most`
  std::int64_t number(std::string_view key, std::int64_t otherwise,
                      std::int64_t least, std::int64_t most) const {
    const auto* found = find(key);
    if (found == nullptr)
      return otherwise;
    std::int64_t value = 0;
    const auto* last = found->data() + found->size();
    auto [end, code] = std::from_chars(found->data(), last, value);
    if (code != std::errc{} || end != last || value < least || value > most)
      throw refusal("argument `" + std::string{key} + "` is `" + *found
                    + "`, but must be a number from " + std::to_string(least)
                    + " to " + std::to_string(most));
    return value;
  }

  /// Names that nobody has asked for.
  std::vector<std::string> unread() const {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < values_.size(); ++i)
      if (!read_[i])
        names.push_back(values_[i].first);
    return names;
  }

private:
  const std::string* find(std::string_view key) const {
    for (std::size_t i = 0; i < values_.size(); ++i)
      if (values_[i].first == key) {
        read_[i] = true;
        return &values_[i].second;
      }
    return nullptr;
  }

  fields values_;
  mutable std::vector<bool> read_; // by place in values_
};

} // namespace troupe::custom
