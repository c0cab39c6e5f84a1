#include "gateway/delivering.hpp"

#include "troupe/custom/topic_pattern.hpp"

#include <algorithm>

namespace troupe {

namespace {

constexpr int id_shift = 40; // bits below it number the pulls of a slot

} // namespace

bool delivery_filters::wants(const slot& x, std::string_view topic,
                             std::string_view group) {
  return std::ranges::any_of(x.link.deliveries, [&](const auto& wish) {
    return custom::matches_pattern(wish.topic, topic)
           && custom::matches_pattern(wish.group, group);
  });
}

std::string_view delivery_filters::filter_of(std::string_view topic,
                                             std::string_view group) const {
  for (const auto& x : slots_)
    if (wants(*x, topic, group))
      return x->link.name;
  return {};
}

// A mark: bit 0 says that it is judged, the others how old the filters are.
void delivery_filters::expect(caller& from, const payload& topic,
                              const payload& group) {
  from.filters = static_cast<std::uint8_t>(age_ << 1);
  if (filter_of(topic.view(), group.view()).empty())
    return;
  from.filters |= 1;
  expected_.insert_or_assign(std::pair{from.connection, from.opaque},
                             expected_pull{topic, group});
}

delivery_filters::course delivery_filters::course_of(const caller& from) const {
  if ((from.filters & 1) != 0)
    return course::judged;
  auto same_age = from.filters == static_cast<std::uint8_t>(age_ << 1);
  return same_age ? course::direct : course::outdated;
}

delivery_filters::delivery
delivery_filters::arrived(const pull_outcome& outcome,
                          std::vector<borrowed_bytes> runs) {
  delivery result;
  result.outcome = outcome;
  result.runs = std::move(runs);
  auto found = expected_.find({outcome.from.connection, outcome.from.opaque});
  if (found == expected_.end()) {
    // Two pulls with one number on a connection: whose this is nobody knows.
    result.refused = make_error(errc::invalid_argument,
                                "two requests of this connection have the same "
                                "opaque; number them");
    return result;
  }
  result.topic = std::move(found->second.topic);
  result.group = std::move(found->second.group);
  expected_.erase(found);
  return result;
}

delivery_filters::delivery
delivery_filters::by_policy(const slot& by, delivery x, const char* why) {
  if (by.link.policy == on_failure::reject)
    x.refused =
      make_error(errc::busy, "delivery filter `" + by.link.name + "` " + why
                               + "; pull again in some seconds");
  return x;
}

std::optional<delivery_filters::delivery> delivery_filters::hold(delivery x,
                                                                 epoch_ms now) {
  if (x.refused || x.outcome.messages == 0)
    return x;
  for (; x.judged_by < slots_.size(); ++x.judged_by) {
    auto& to = *slots_[x.judged_by];
    if (!wants(to, x.topic.view(), x.group.view()))
      continue;
    if (to.waiting.size() >= limits::filtered_pulls_max) {
      x = by_policy(to, std::move(x), "has too much to judge");
      if (x.refused)
        return x;
      continue;
    }
    ++x.judged_by;
    filter_row row;
    row.number = to.id << id_shift | ++numbers_;
    row.group = x.group;
    row.runs = x.runs;
    to.waiting.push_back({row.number, std::move(x), now + to.link.deadline_ms});
    to.next.push_back(std::move(row));
    return {};
  }
  return x;
}

std::vector<delivery_filters::delivery>
delivery_filters::set(std::vector<filter_link> links) {
  std::vector<slot_ptr> kept;
  for (auto& link : links) {
    auto known = std::ranges::find_if(slots_, [&](const slot_ptr& x) {
      return x && x->link.actor == link.actor;
    });
    if (known != slots_.end()) {
      (*known)->link = std::move(link);
      kept.push_back(std::move(*known));
      continue;
    }
    auto made = std::make_unique<slot>();
    made->link = std::move(link);
    made->id = ++ids_;
    kept.push_back(std::move(made));
    ++age_;
  }
  std::vector<delivery> freed;
  for (auto& gone : slots_)
    if (gone)
      for (auto& held : gone->waiting)
        freed.push_back(
          by_policy(*gone, std::move(held.what), "has just ended"));
  slots_ = std::move(kept);
  // Places have changed; who was freed is looked at by all that are left.
  for (std::size_t i = 0; i < slots_.size(); ++i)
    for (auto& held : slots_[i]->waiting)
      held.what.judged_by = i + 1;
  for (auto& x : freed)
    x.judged_by = 0;
  return freed;
}

std::vector<std::pair<delivery_filter_actor, filter_batch>>
delivery_filters::take_batches(const filter_asker& me) {
  std::vector<std::pair<delivery_filter_actor, filter_batch>> batches;
  for (auto& x : slots_) {
    if (x->in_flight != 0 || x->next.empty())
      continue;
    x->in_flight = x->next.back().number;
    batches.emplace_back(x->link.actor,
                         filter_batch{std::exchange(x->next, {}), me});
  }
  return batches;
}

std::vector<delivery_filters::delivery>
delivery_filters::settle(filter_done& done) {
  std::vector<delivery> freed;
  if (done.rows.empty())
    return freed;
  auto id = done.rows.front().number >> id_shift;
  auto found = std::ranges::find_if(
    slots_, [id](const slot_ptr& x) { return x->id == id; });
  if (found == slots_.end())
    return freed; // it has ended, its pulls have gone on
  auto& from = **found;
  if (done.rows.back().number == from.in_flight)
    from.in_flight = 0;
  for (auto& row : done.rows) {
    if (from.waiting.empty() || from.waiting.front().number != row.number)
      continue; // its deadline was over
    auto x = std::move(from.waiting.front().what);
    from.waiting.pop_front();
    if (!row.failed.empty()) {
      freed.push_back(
        by_policy(from, std::move(x), ("cannot judge: " + row.failed).c_str()));
      continue;
    }
    x.runs = std::move(row.runs);
    x.outcome.bytes = row.bytes;
    x.outcome.messages = row.messages;
    if (row.messages == 0)
      x.outcome.status = pull_status::no_matched_message;
    freed.push_back(std::move(x));
  }
  return freed;
}

std::vector<delivery_filters::delivery> delivery_filters::expire(epoch_ms now) {
  std::vector<delivery> freed;
  for (auto& x : slots_)
    while (!x->waiting.empty() && x->waiting.front().deadline <= now) {
      auto held = std::move(x->waiting.front());
      x->waiting.pop_front();
      std::erase_if(x->next, [&](const filter_row& row) {
        return row.number == held.number;
      });
      freed.push_back(
        by_policy(*x, std::move(held.what), "has not answered in time"));
    }
  return freed;
}

} // namespace troupe
