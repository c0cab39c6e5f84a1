#include "gateway/intercepting.hpp"

#include "troupe/custom/topic_pattern.hpp"

#include <algorithm>

namespace troupe {

namespace {

constexpr int id_shift = 40; // bits below it number the sends of a slot

/// Bits of sysFlag that say that a body is compressed, and how.
constexpr std::int32_t compression_mask = 0x701;

std::size_t bytes_of(const send_request& x) {
  return x.body.size() + x.properties.size();
}

} // namespace

std::size_t interceptors::held() const {
  std::size_t sum = 0;
  for (const auto& x : slots_)
    sum += x->waiting.size();
  return sum;
}

interceptors::release interceptors::by_policy(slot& from, held_send held,
                                              const char* why) {
  release result{std::move(held.request), caf::none};
  if (from.link.policy == on_failure::reject)
    result.refused =
      make_error(errc::busy, "interceptor `" + from.link.name + "` " + why
                               + "; retry in some seconds");
  return result;
}

bool interceptors::wants(const slot& x, std::string_view topic) {
  return std::ranges::any_of(x.link.topics, [&](const std::string& pattern) {
    return custom::matches_pattern(pattern, topic);
  });
}

std::vector<interceptors::release>
interceptors::set(std::vector<interceptor_link> links) {
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
  }
  std::vector<release> freed;
  for (auto& gone : slots_)
    if (gone)
      for (auto& held : gone->waiting)
        freed.push_back(by_policy(*gone, std::move(held), "has just ended"));
  slots_ = std::move(kept);
  return freed;
}

std::optional<std::size_t>
interceptors::next_for(const send_request& request) const {
  for (auto i = request.judged_by; i < slots_.size(); ++i)
    if (wants(*slots_[i], request.topic.view()))
      return i;
  return {};
}

std::optional<interceptors::release>
interceptors::hold(std::size_t place, send_request request, epoch_ms now) {
  auto& to = *slots_[place];
  request.judged_by = place + 1;
  auto bytes = bytes_of(request);
  if (to.waiting.size() >= limits::intercepts_max
      || to.bytes + bytes > limits::intercept_bytes_max)
    return by_policy(to, {0, std::move(request), {}}, "has too much to judge");
  intercept_row row;
  row.number = to.id << id_shift | ++numbers_;
  row.topic = request.topic;
  row.body = request.body;
  row.properties = request.properties;
  row.queue = request.queue;
  row.flag = request.flag;
  row.sys_flag = request.sys_flag;
  row.born_time = {request.born_time};
  row.batch = request.batch;
  to.bytes += bytes;
  to.waiting.push_back(
    {row.number, std::move(request), now + to.link.deadline_ms});
  to.next.push_back(std::move(row));
  return {};
}

std::vector<std::pair<interceptor_actor, intercept_batch>>
interceptors::take_batches(const intercept_asker& me) {
  std::vector<std::pair<interceptor_actor, intercept_batch>> batches;
  for (auto& x : slots_) {
    if (x->in_flight != 0 || x->next.empty())
      continue;
    x->in_flight = x->next.back().number;
    batches.emplace_back(x->link.actor,
                         intercept_batch{std::exchange(x->next, {}), me});
  }
  return batches;
}

std::vector<interceptors::release> interceptors::settle(intercept_done& done) {
  std::vector<release> freed;
  if (done.rows.empty())
    return freed;
  freed.reserve(done.rows.size());
  auto id = done.rows.front().number >> id_shift;
  auto found = std::ranges::find_if(
    slots_, [id](const slot_ptr& x) { return x->id == id; });
  if (found == slots_.end())
    return freed; // it has ended, its sends have gone on
  auto& from = **found;
  if (done.rows.back().number == from.in_flight)
    from.in_flight = 0;
  for (auto& row : done.rows) {
    if (from.waiting.empty() || from.waiting.front().number != row.number)
      continue; // its deadline was over
    auto held = std::move(from.waiting.front());
    from.bytes -= bytes_of(held.request);
    from.waiting.pop_front();
    switch (row.what) {
      case interception::accepted:
        freed.push_back({std::move(held.request), caf::none});
        break;
      case interception::changed:
        if (row.has_new_body) {
          held.request.body = std::move(row.body);
          held.request.sys_flag &= ~compression_mask;
        }
        held.request.properties = std::move(row.properties);
        freed.push_back({std::move(held.request), caf::none});
        break;
      case interception::rejected:
        freed.push_back({std::move(held.request),
                         make_error(errc::illegal_message, row.reason)});
        break;
      case interception::failed:
        freed.push_back(by_policy(from, std::move(held),
                                  ("cannot judge: " + row.reason).c_str()));
        break;
    }
  }
  return freed;
}

std::vector<interceptors::release> interceptors::expire(epoch_ms now) {
  std::vector<release> freed;
  for (auto& x : slots_)
    while (!x->waiting.empty() && x->waiting.front().deadline <= now) {
      auto held = std::move(x->waiting.front());
      x->bytes -= bytes_of(held.request);
      x->waiting.pop_front();
      std::erase_if(x->next, [&](const intercept_row& row) {
        return row.number == held.number;
      });
      freed.push_back(
        by_policy(*x, std::move(held), "has not answered in time"));
    }
  return freed;
}

void go_on(gateway_context& context, std::vector<interceptors::release> sends) {
  for (auto& x : sends) {
    if (x.refused)
      context.fail(x.request.from, x.refused);
    else
      send(context, std::move(x.request));
  }
}

} // namespace troupe
