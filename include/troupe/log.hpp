/// The node's log: one line per event on stderr, `time level area event
/// key=value ...`. CAF's own log macros are compiled out of the packaged
/// library. Safe from every thread; a line is one write.
#pragma once

#include <atomic>
#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>
#include <type_traits>

#include <unistd.h>

namespace troupe::log {

enum class level : std::uint8_t {
  debug,
  info,
  warning,
  error,
  off
};

/// Lines below this rank are dropped. Process wide; set once at start.
inline std::atomic<level> least{level::info};

/// Whether a line of `rank` would be written.
inline bool enabled(level rank) {
  return rank >= least.load(std::memory_order_relaxed);
}

/// One line: `area` is the actor or folder, `event` a few words in lower case.
/// The other arguments come in pairs of a key and a value.
class line {
public:
  line(level rank, std::string_view area, std::string_view event)
    : active_(enabled(rank)) {
    if (!active_)
      return;
    static constexpr const char* names[] = {"debug", "info", "warning", "error",
                                            "off"};
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    std::tm utc{};
    ::gmtime_r(&now.tv_sec, &utc);
    char stamp[32];
    auto size = std::strftime(stamp, sizeof stamp, "%FT%T", &utc);
    auto millis = std::to_string(1000 + now.tv_nsec / 1'000'000);
    text_.append(stamp, size).append(".").append(millis, 1).append("Z ");
    text_.append(names[static_cast<int>(rank)]).append(" ");
    text_.append(area).append(" ").append(event);
  }

  ~line() { // One write, so that lines of several threads never mix.
    if (!active_)
      return;
    text_ += '\n';
    if (::write(STDERR_FILENO, text_.data(), text_.size()) < 0) {
      // Nobody is left to be told.
    }
  }

  line(const line&) = delete;
  line& operator=(const line&) = delete;

  /// Adds ` key=value`; a value with blanks or quotes is quoted.
  line& with(std::string_view key, std::string_view value) {
    if (!active_)
      return *this;
    text_.append(" ").append(key).append("=");
    if (!value.empty() && value.find_first_of(" \"\n\t=") == value.npos) {
      text_.append(value);
      return *this;
    }
    text_ += '"';
    for (char c : value)
      text_ += c == '"' || c == '\n' ? '\'' : c;
    text_ += '"';
    return *this;
  }

  template <class T>

  requires std::is_arithmetic_v<T> line& with(std::string_view key, T value) {
    if (active_)
      with(key, std::string_view{std::to_string(value)});
    return *this;
  }

private:
  bool active_;
  std::string text_;
};

inline line debug(std::string_view area, std::string_view event) {
  return {level::debug, area, event};
}

inline line info(std::string_view area, std::string_view event) {
  return {level::info, area, event};
}

inline line warning(std::string_view area, std::string_view event) {
  return {level::warning, area, event};
}

inline line error(std::string_view area, std::string_view event) {
  return {level::error, area, event};
}

} // namespace troupe::log
