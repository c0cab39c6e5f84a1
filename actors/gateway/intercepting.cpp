#include "gateway/intercepting.hpp"

#include "troupe/custom/topic_pattern.hpp"

#include <algorithm>
#include <limits>

namespace troupe {

namespace {

/// Bits of sysFlag that say that a body is compressed, and how.
constexpr std::int32_t compression_mask = 0x701;

/// A queue's rows are added to those before for a tenth of the deadline: none
/// of them is freed much too early.
constexpr std::int64_t open_share = 10;

constexpr std::size_t rows_expected_max = 64; // room for more is made later

constexpr epoch_ms any_time{std::numeric_limits<std::int64_t>::max()};

std::size_t bytes_of(const send_request& x) {
  return x.body.size() + x.properties.size();
}

} // namespace

std::size_t interceptors::held() const {
  std::size_t sum = 0;
  for (const auto& x : slots_)
    sum += x->count;
  return sum;
}

caf::error interceptors::by_policy(const interceptor_link& link,
                                   const char* why) {
  if (link.policy == on_failure::accept)
    return caf::none;
  return make_error(errc::busy, "interceptor `" + link.name + "` " + why
                                  + "; retry in some seconds");
}

// -- who judges ---------------------------------------------------------------

freed_sends interceptors::set(std::vector<interceptor_link> links) {
  std::vector<slot_ptr> kept;
  for (auto& link : links) {
    auto known = std::ranges::find_if(slots_, [&](const slot_ptr& x) {
      return x && x->link->name == link.name && x->link->actor == link.actor;
    });
    if (known != slots_.end()) {
      *(*known)->link = std::move(link);
      kept.push_back(std::move(*known));
      continue;
    }
    auto made = std::make_unique<slot>();
    made->link = std::make_shared<interceptor_link>(std::move(link));
    close(*made);
    kept.push_back(std::move(made));
  }
  slots_.swap(kept);
  ++generation_;
  freed_sends freed;
  for (auto& gone : kept) {
    if (!gone)
      continue;
    // Those behind it, wherever they are now, have not judged these.
    auto before = std::ranges::count_if(slots_, [&](const slot_ptr& x) {
      return x->link->name < gone->link->name;
    });
    auto judged_by = static_cast<std::size_t>(before);
    auto why = by_policy(*gone->link, "has just ended");
    free_asked(*gone, judged_by, any_time, why, freed);
    free_next(*gone, judged_by, any_time, why, freed);
  }
  return freed;
}

std::optional<std::size_t> interceptors::next_for(std::string_view topic,
                                                  std::size_t from) const {
  for (auto i = from; i < slots_.size(); ++i)
    if (std::ranges::any_of(slots_[i]->link->topics, [&](const auto& pattern) {
          return custom::matches_pattern(pattern, topic);
        }))
      return i;
  return {};
}

// -- holding ------------------------------------------------------------------

bool interceptors::has_room(std::size_t place, std::size_t bytes) const {
  const auto& x = *slots_[place];
  return x.count < limits::intercepts_max
         && x.bytes + bytes <= limits::intercept_bytes_max;
}

caf::error interceptors::why_full(std::size_t place) const {
  return by_policy(*slots_[place]->link, "has too much to judge");
}

void interceptors::hold(std::size_t place, known_topic& topic,
                        send_request&& request) {
  auto& to = *slots_[place];
  ++to.count;
  to.bytes += bytes_of(request);
  for (std::size_t i = 0; i < topic.round.size(); ++i)
    if (request.queue < 0 || i == static_cast<std::size_t>(request.queue))
      topic.round[i].held_in = 0; // rows that come now are others'
  to.next.sends.emplace_back(std::move(request));
  to.next.sends.back().rows_before = to.next.rows.size();
}

append_row& interceptors::hold(std::size_t place, known_topic& topic,
                               queue_id queue, const caller& from,
                               std::size_t bytes) {
  auto& to = *slots_[place];
  auto& round = topic.round[static_cast<std::size_t>(queue.value)];
  if (round.held_in != to.open) {
    round.held_in = to.open;
    round.held = static_cast<std::uint32_t>(to.next.rows.size());
    auto& made = to.next.rows.emplace_back();
    made.topic = topic.view.config;
    made.queue = queue;
    made.rows.reserve(to.rows_expected);
  }
  auto& held = to.next.rows[round.held];
  held.bytes += bytes;
  held.answers += from.oneway ? 0 : 1;
  to.bytes += bytes;
  ++to.count;
  auto& row = held.rows.emplace_back();
  row.from = from;
  return row;
}

void interceptors::forget(slot& x, const held_send& gone) {
  --x.count;
  x.bytes -= bytes_of(gone.request);
}

void interceptors::forget(slot& x, const held_rows& gone) {
  x.count -= gone.rows.size();
  x.bytes -= gone.bytes;
}

// -- batches ------------------------------------------------------------------

bool interceptors::has_next() const {
  return std::ranges::any_of(
    slots_, [](const slot_ptr& x) { return !x->next.empty(); });
}

/// Gives a deadline to what this round has brought: a look at the clock for
/// each message would be felt.
void interceptors::date(slot& x, epoch_ms now) {
  auto deadline = now + x.link->deadline_ms;
  for (auto& i = x.dated_sends; i < x.next.sends.size(); ++i)
    x.next.sends[i].deadline = deadline;
  if (x.dated_rows < x.next.rows.size() && x.opened.value == 0)
    x.opened = now;
  for (auto& i = x.dated_rows; i < x.next.rows.size(); ++i)
    x.next.rows[i].deadline = deadline;
}

/// Nothing is added any more to the rows of a queue that are there.
void interceptors::close(slot& x) {
  x.open = ++numbers_;
  x.opened = {};
}

std::vector<std::pair<interceptor_actor, intercept_batch>>
interceptors::take_batches(const intercept_asker& me, epoch_ms now) {
  std::vector<std::pair<interceptor_actor, intercept_batch>> batches;
  for (auto& x : slots_) {
    if (x->next.empty())
      continue;
    date(*x, now);
    if (x->asked) {
      if (x->opened.value != 0
          && (now - x->opened) * open_share > x->link->deadline_ms)
        close(*x);
      continue;
    }
    x->asked = std::make_shared<gathered>(std::exchange(x->next, {}));
    x->dated_sends = x->dated_rows = 0;
    x->number = ++numbers_;
    close(*x);
    std::size_t most = 4;
    for (const auto& held : x->asked->rows)
      most = std::max(most, held.rows.size());
    x->rows_expected = std::min(most, rows_expected_max);
    auto batch = batch_of(x->asked);
    batch.number = x->number;
    batch.reply_to = me;
    batches.emplace_back(x->link->actor, std::move(batch));
  }
  return batches;
}

intercept_batch interceptors::batch_of(const std::shared_ptr<gathered>& asked) {
  intercept_batch batch;
  batch.owner = asked;
  batch.rows.reserve(asked->sends.size());
  for (const auto& held : asked->sends) {
    const auto& request = held.request;
    batch.rows.push_back({request.topic.view(),
                          request.body.view(),
                          request.properties.view(),
                          request.queue,
                          request.flag,
                          request.sys_flag,
                          {request.born_time},
                          request.batch,
                          held.rows_before});
  }
  batch.runs.reserve(asked->rows.size());
  for (const auto& held : asked->rows)
    batch.runs.push_back({held.topic->name, held.queue.value, held.rows});
  return batch;
}

interceptors::ended_batch interceptors::take_back(std::uint64_t number) {
  auto found = std::ranges::find_if(slots_, [number](const slot_ptr& x) {
    return x->asked && x->number == number;
  });
  if (found == slots_.end())
    return {}; // it has ended, its sends have gone on
  auto& from = **found;
  ended_batch result{std::move(*from.asked),
                     static_cast<std::size_t>(found - slots_.begin()) + 1,
                     from.link};
  from.asked.reset();
  for (const auto& held : result.held.sends)
    if (!held.freed)
      forget(from, held);
  for (const auto& held : result.held.rows)
    if (!held.freed)
      forget(from, held);
  return result;
}

caf::error interceptors::apply(intercept_outcome& said,
                               const interceptor_link& by, send_request& to) {
  switch (said.what) {
    case interception::accepted:
      return caf::none;
    case interception::changed:
      if (said.has_new_body) {
        to.body = std::move(said.body);
        to.sys_flag &= ~compression_mask;
      }
      if (said.has_new_properties)
        to.properties = std::move(said.properties);
      return caf::none;
    case interception::rejected:
      return make_error(errc::illegal_message, said.reason);
    case interception::failed:
      return by_policy(by, ("cannot judge: " + said.reason).c_str());
  }
  return caf::none;
}

// -- those that are not judged ------------------------------------------------

/// What the interceptor has, it may be reading: copies go on.
void interceptors::free_asked(slot& x, std::size_t judged_by, epoch_ms due,
                              const caf::error& why, freed_sends& freed) {
  if (!x.asked)
    return;
  auto is_due = [&](auto& held) {
    if (held.freed || held.deadline > due)
      return false;
    held.freed = true;
    forget(x, held);
    return true;
  };
  visit_in_order(
    *x.asked,
    [&](held_send& held) {
      if (!is_due(held))
        return;
      freed.sends.push_back({held.request, freed.rows.size(), why});
      freed.sends.back().request.judged_by = judged_by;
    },
    [&](held_rows& held) {
      if (is_due(held))
        freed.rows.push_back({held, judged_by, why});
    });
}

void interceptors::free_next(slot& x, std::size_t judged_by, epoch_ms due,
                             const caf::error& why, freed_sends& freed) {
  // Those that came first, as they came: what is behind one that is late is.
  auto is_due = [due](const auto& held) {
    return held.deadline.value == 0 ? due == any_time : held.deadline <= due;
  };
  std::size_t sends_gone = 0;
  std::size_t rows_gone = 0;
  visit_in_order(
    x.next,
    [&](held_send& held) {
      if (!is_due(held))
        return;
      ++sends_gone;
      forget(x, held);
      held.request.judged_by = judged_by;
      freed.sends.push_back({std::move(held.request), freed.rows.size(), why});
    },
    [&](held_rows& held) {
      if (!is_due(held))
        return;
      ++rows_gone;
      forget(x, held);
      freed.rows.push_back({std::move(held), judged_by, why});
    });
  auto drop = [](auto& all, std::size_t count, std::size_t& dated) {
    dated -= std::min(dated, count);
    all.erase(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count));
  };
  drop(x.next.sends, sends_gone, x.dated_sends);
  drop(x.next.rows, rows_gone, x.dated_rows);
  for (auto& held : x.next.sends)
    held.rows_before -= std::min(held.rows_before, rows_gone);
}

freed_sends interceptors::expire(epoch_ms now) {
  freed_sends freed;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    auto& x = *slots_[i];
    auto why = by_policy(*x.link, "has not answered in time");
    free_asked(x, i + 1, now, why, freed);
    auto before = x.next.rows.size();
    free_next(x, i + 1, now, why, freed);
    if (x.next.rows.size() != before)
      close(x); // the places of those that are left have changed
  }
  return freed;
}

} // namespace troupe
