#include "deadlines/deadline_window.hpp"

#include "troupe/assert.hpp"

#include <iterator>

namespace troupe {

void deadline_window::put(const deadline& row, bool stored) {
  auto [place, fresh] = changes_.try_emplace(row.key);
  stored = stored || (!fresh && place->second.stored);
  place->second = {row, false, stored};
  by_id_[row.key.id] = row.key;
  if (!is_near(row.key))
    return;
  auto& known = near_[row.key];
  known.row = row;
  if (!known.taken)
    idle_.insert(row.key);
  trim();
}

void deadline_window::move(const deadline_key& from, const deadline& to) {
  if (from != to.key)
    remove(from);
  put(to, from == to.key);
}

void deadline_window::remove(const deadline_key& key) {
  near_.erase(key);
  idle_.erase(key);
  auto [place, fresh] = changes_.try_emplace(key);
  if (!fresh && !place->second.removed && !place->second.stored)
    changes_.erase(place); // LMDB never hears of it
  else
    place->second = {{key, {}, 0}, true, true};
  forget_id(key);
}

void deadline_window::forget_id(const deadline_key& key) {
  auto found = by_id_.find(key.id);
  if (found != by_id_.end() && found->second == key)
    by_id_.erase(found);
}

const deadline* deadline_window::first() const {
  return idle_.empty() ? nullptr : &near_.at(*idle_.begin()).row;
}

void deadline_window::take(const deadline_key& key) {
  if (auto found = near_.find(key); found != near_.end()) {
    found->second.taken = true;
    idle_.erase(key);
  }
}

void deadline_window::give_back(const deadline_key& key) {
  if (auto found = near_.find(key); found != near_.end()) {
    found->second.taken = false;
    idle_.insert(key);
  }
}

const deadline* deadline_window::find(std::int64_t id) const {
  auto key = by_id_.find(id);
  if (key == by_id_.end())
    return nullptr;
  if (auto found = near_.find(key->second); found != near_.end())
    return &found->second.row;
  auto found = changes_.find(key->second);
  return found == changes_.end() ? nullptr : &found->second.row;
}

/// Lets go of the later half of what is idle: LMDB has it, or gets it.
void deadline_window::trim() {
  if (near_.size() <= entries_max_)
    return;
  auto last = std::next(near_.begin(), static_cast<long>(entries_max_ / 2) - 1);
  // One that is taken stays, and so does everything before it.
  for (auto at = std::next(last); at != near_.end(); ++at)
    if (at->second.taken)
      last = at;
  for (auto at = std::next(last); at != near_.end();) {
    if (!changes_.contains(at->first))
      forget_id(at->first);
    idle_.erase(at->first);
    at = near_.erase(at);
  }
  horizon_ = last->first;
}

std::optional<deadline_key> deadline_window::wanted_page() const {
  return near_.size() <= entries_max_ / 4 ? horizon_ : std::nullopt;
}

void deadline_window::add_page(const deadline_key& after,
                               std::span<const deadline> rows, bool last) {
  if (!horizon_ || *horizon_ != after)
    return; // the window has moved since; the next page will do
  for (const auto& row : rows) {
    if (changes_.contains(row.key))
      continue; // newer than the page
    near_.emplace(row.key, entry{row, false});
    idle_.insert(row.key);
    by_id_[row.key.id] = row.key;
  }
  auto end =
    last || rows.empty() ? std::nullopt : std::optional{rows.back().key};
  // Those that came while the page was read.
  for (auto at = changes_.upper_bound(after);
       at != changes_.end() && (!end || at->first <= *end); ++at)
    if (!at->second.removed
        && near_.emplace(at->first, entry{at->second.row, false}).second)
      idle_.insert(at->first);
  horizon_ = end;
  trim();
}

std::vector<deadline_window::change> deadline_window::take_changes() {
  std::vector<change> result;
  result.reserve(changes_.size());
  for (auto& [key, x] : changes_) {
    result.push_back(x);
    if (!x.removed && !is_near(key))
      forget_id(key);
  }
  changes_.clear();
  return result;
}

void deadline_window::restore(std::span<const change> lost) {
  for (const auto& x : lost) {
    auto [place, fresh] = changes_.try_emplace(x.row.key, x);
    if (!fresh)
      place->second.stored = true; // as far as anybody knows
    else if (!x.removed)
      by_id_.try_emplace(x.row.key.id, x.row.key);
  }
}

void deadline_window::check_invariants() const {
  TROUPE_ASSERT(near_.size() >= idle_.size(), "what is idle is in memory");
  TROUPE_ASSERT(!horizon_ || near_.empty()
                  || std::prev(near_.end())->first <= *horizon_,
                "nothing in memory lies behind the horizon");
  for (const auto& [key, x] : near_) {
    TROUPE_ASSERT(x.taken != idle_.contains(key), "idle or taken");
    TROUPE_ASSERT(by_id_.contains(key.id), "what is in memory is found by id");
  }
}

} // namespace troupe
