/// The verbs of `troupe store`, one file each, and what they share.
#pragma once

#include "app/store/store_options.hpp"
#include "remoting/json_text.hpp"
#include "storage/file.hpp"
#include "storage/log_scan.hpp"
#include "storage/store_verify.hpp"

#include <cstdio>
#include <iostream>

#include <unistd.h>

namespace troupe::app {

// Each prints to stdout and returns the exit status.
int store_verify(const store_command& command);
int store_repair(const store_command& command);
int store_ls(const store_command& command);
int store_cat(const store_command& command);
int store_stats(const store_command& command);
int store_import(const store_command& command);
int store_export(const store_command& command);

/// Prints findings, lost messages and notes, as JSON or as text.
void print_verified(const storage::verified_store& found,
                    const store_command& command);

/// A bar on stderr; silent when that is no terminal.
class progress_bar {
public:
  progress_bar() : shown_(::isatty(STDERR_FILENO) == 1) {}

  ~progress_bar() {
    if (shown_)
      std::fputs("\r\033[K", stderr);
  }

  progress_bar(const progress_bar&) = delete;
  progress_bar& operator=(const progress_bar&) = delete;

  void show(const char* doing, std::int64_t done, std::int64_t all) const {
    if (!shown_ || all <= 0)
      return;
    static constexpr int cells = 30;
    auto part = static_cast<double>(done) / static_cast<double>(all);
    auto full = static_cast<int>(part * cells);
    std::fprintf(stderr, "\r%s [%.*s%*s] %3.0f %%", doing, full,
                 "##############################", cells - full, "",
                 part * 100);
    std::fflush(stderr);
  }

  storage::scan_progress as(const char* doing) const {
    return [this, doing](std::int64_t done, std::int64_t all) {
      show(doing, done, all);
    };
  }

private:
  bool shown_;
};

/// Says why the verb cannot be done.
inline int fail(const char* verb, const caf::error& error, int status) {
  std::cerr << "troupe store " << verb << ": " << context_of(error) << '\n';
  return status;
}

/// The lock of a directory that is to be changed.
/// @errors store_locked, io_failed
inline caf::expected<storage::file_ptr> lock_store(const std::string& data) {
  if (!storage::path_exists(data))
    return make_error(errc::io_failed, "there is no directory " + data);
  auto lock = storage::lock_directory(data);
  if (!lock && is(lock.error(), errc::store_locked))
    return make_error(errc::store_locked,
                      data
                        + " is in use by a node; stop it first: this would "
                          "change files under it");
  return lock;
}

} // namespace troupe::app
