/// Runs the troupe program itself and keeps what it says.
#pragma once

#include "support/catch.hpp"

#include <chrono>
#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

namespace troupe::test {

/// A child process; its stdout and stderr are read by the test.
class program {
public:
  explicit program(std::vector<std::string> arguments) {
    int out[2];
    int err[2];
    REQUIRE(::pipe(out) == 0);
    REQUIRE(::pipe(err) == 0);
    arguments.insert(arguments.begin(), TROUPE_PROGRAM);
    std::vector<char*> words;
    for (auto& x : arguments)
      words.push_back(x.data());
    words.push_back(nullptr);
    child_ = ::fork();
    REQUIRE(child_ >= 0);
    if (child_ == 0) {
      ::dup2(out[1], STDOUT_FILENO);
      ::dup2(err[1], STDERR_FILENO);
      for (int fd : {out[0], out[1], err[0], err[1]})
        ::close(fd);
      ::execv(words[0], words.data());
      ::_exit(127);
    }
    ::close(out[1]);
    ::close(err[1]);
    out_ = out[0];
    err_ = err[0];
  }

  ~program() {
    if (child_ > 0) {
      ::kill(child_, SIGKILL);
      ::waitpid(child_, nullptr, 0);
    }
    ::close(out_);
    ::close(err_);
  }

  program(const program&) = delete;
  program& operator=(const program&) = delete;

  /// Reads until stdout has a whole line or the process ends.
  /// @returns whether there is a line
  bool await_line() {
    while (output.find('\n') == std::string::npos)
      if (!read_some())
        return false;
    return true;
  }

  void send(int signal) const { ::kill(child_, signal); }

  /// Reads to the end and waits. @returns the exit status, or minus the signal
  int wait() {
    while (read_some()) {
    }
    int status = 0;
    ::waitpid(child_, &status, 0);
    child_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

  std::string output; ///< stdout, as far as it was read
  std::string errors; ///< stderr, likewise

private:
  bool read_some() {
    pollfd ends[2] = {{out_open_ ? out_ : -1, POLLIN, 0},
                      {err_open_ ? err_ : -1, POLLIN, 0}};
    static constexpr int patience_ms = 60'000;
    if (!out_open_ && !err_open_)
      return false;
    if (::poll(ends, 2, patience_ms) <= 0)
      return false;
    if (ends[0].revents != 0)
      out_open_ = take(out_, output);
    if (ends[1].revents != 0)
      err_open_ = take(err_, errors);
    return out_open_ || err_open_;
  }

  static bool take(int fd, std::string& to) {
    char bytes[65536];
    auto got = ::read(fd, bytes, sizeof bytes);
    if (got > 0)
      to.append(bytes, static_cast<std::size_t>(got));
    return got > 0;
  }

  pid_t child_ = -1;
  int out_ = -1;
  int err_ = -1;
  bool out_open_ = true;
  bool err_open_ = true;
};

struct program_result {
  int status = 0; ///< minus the signal when one ended it
  std::string output;
  std::string errors;
};

inline program_result run(std::vector<std::string> arguments) {
  program child{std::move(arguments)};
  program_result result;
  result.status = child.wait();
  result.output = std::move(child.output);
  result.errors = std::move(child.errors);
  return result;
}

} // namespace troupe::test
