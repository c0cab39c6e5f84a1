/// Deadlines of one kind, any number of them, of which only the earliest are in
/// memory; the others are in LMDB and come back page by page. No messages; the
/// keeper beside it does the asking.
#pragma once

#include "troupe/limits.hpp"
#include "troupe/model/deadline.hpp"

#include <map>
#include <optional>
#include <set>
#include <span>
#include <unordered_map>
#include <vector>

namespace troupe {

class deadline_window {
public:
  /// @param entries_max  how many are kept in memory; changes that LMDB does
  ///                     not have yet come on top
  explicit deadline_window(
    std::size_t entries_max = limits::deadlines_in_memory_max)
    : entries_max_(entries_max) {}

  /// One that LMDB cannot know of.
  void add(const deadline& row) { put(row, false); }

  /// Another moment or another count for one that was there.
  void move(const deadline_key& from, const deadline& to);

  /// It has ended, in memory or not.
  void remove(const deadline_key& key);

  /// The earliest one in memory that is not taken.
  const deadline* first() const;

  /// Leaves one out of first() until it is removed or given back.
  void take(const deadline_key& key);
  void give_back(const deadline_key& key);

  /// By id; null when it is not in memory.
  const deadline* find(std::int64_t id) const;

  /// Whether nothing but LMDB can say that an id does not exist.
  bool is_complete() const { return !horizon_; }

  // -- pages ------------------------------------------------------------------

  /// Says that LMDB has rows that have not been read. For the start.
  void expect_rows() { horizon_ = deadline_key{}; }

  /// Behind which key the next page is to be read, when one is needed. What
  /// take_changes gave must be in LMDB before.
  std::optional<deadline_key> wanted_page() const;

  std::size_t page_rows() const { return entries_max_ / 2; }

  /// A page that was read behind `after`.
  /// @param last  nothing lies behind it
  void add_page(const deadline_key& after, std::span<const deadline> rows,
                bool last);

  // -- changes ----------------------------------------------------------------

  struct change {
    deadline row;
    bool removed = false;
    bool stored = true; ///< LMDB may have a row of this key
  };

  std::size_t changes() const { return changes_.size(); }

  /// What LMDB does not have yet, in order. Call restore() when it cannot be
  /// stored.
  std::vector<change> take_changes();
  void restore(std::span<const change> lost);

  std::size_t in_memory() const { return near_.size(); }

  /// Aborts when an invariant does not hold.
  void check_invariants() const;

private:
  struct entry {
    deadline row;
    bool taken = false;
  };

  void put(const deadline& row, bool stored);

  bool is_near(const deadline_key& key) const {
    return !horizon_ || key <= *horizon_;
  }

  void trim();
  void forget_id(const deadline_key& key);

  std::size_t entries_max_;
  // All live ones up to the horizon; those behind it are in LMDB, or in
  // changes_ until they are.
  std::map<deadline_key, entry> near_;
  std::optional<deadline_key> horizon_; // none: everything is in near_
  std::set<deadline_key> idle_;         // of near_, not taken
  std::map<deadline_key, change> changes_;
  std::unordered_map<std::int64_t, deadline_key> by_id_; // near_ and changes_
};

} // namespace troupe
