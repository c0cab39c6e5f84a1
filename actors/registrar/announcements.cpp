#include "registrar/announcements.hpp"

#include "troupe/assert.hpp"

#include <algorithm>

namespace troupe {

announcements::announcements(std::size_t links, duration wait)
  : wait_(wait),
    links_(links) {}

void announcements::add(time_point now) {
  waiters_.push_back({++newest_, now + wait_});
}

bool announcements::begin(std::size_t link) {
  auto& x = links_[link];
  if (x.telling != 0 || x.told == newest_)
    return false;
  x.telling = newest_;
  return true;
}

void announcements::end(std::size_t link, outcome how) {
  auto& x = links_[link];
  TROUPE_ASSERT(x.telling != 0, "what ends has begun");
  x.told = x.telling;
  x.telling = 0;
  x.trusted = how == outcome::told;
}

std::size_t announcements::take_settled(time_point now) {
  std::size_t settled = 0;
  for (; !waiters_.empty(); ++settled, waiters_.pop_front()) {
    const auto& first = waiters_.front();
    if (is_told(first))
      continue;
    if (now < first.deadline)
      break;
    // It does not answer: the next ones need not learn that again.
    for (auto& link : links_)
      if (link.told < first.number)
        link.trusted = false;
  }
  return settled;
}

std::optional<announcements::time_point> announcements::deadline() const {
  if (waiters_.empty())
    return {};
  return waiters_.front().deadline;
}

bool announcements::is_told(const waiter& x) const {
  return std::ranges::all_of(links_, [&](const link_state& link) {
    return !link.trusted || link.told >= x.number;
  });
}

} // namespace troupe
