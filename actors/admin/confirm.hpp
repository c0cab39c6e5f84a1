/// What destroys says what it would do first, and does it with --yes only.
#pragma once

#include "admin/arguments.hpp"

#include "troupe/model/table.hpp"

#include <caf/expected.hpp>

#include <optional>
#include <string>

namespace troupe {

/// Taken from the words of every destructive verb.
struct consent {
  bool yes = false;
  bool dry_run = false;

  static consent of(arguments& words) {
    consent result;
    result.yes = words.flag("yes");
    result.dry_run = words.flag("dry-run");
    return result;
  }

  /// What to answer instead of doing it; none: do it.
  /// @param deed  what would be done, `delete topic orders with 12 messages`
  std::optional<caf::expected<table>>
  instead_of(const std::string& deed) const {
    if (dry_run)
      return caf::expected<table>{note_of("would " + deed)};
    if (yes)
      return {};
    return caf::expected<table>{make_error(
      errc::not_confirmed,
      "this would " + deed + "; say --yes to do it, --dry-run to only look")};
  }
};

} // namespace troupe
