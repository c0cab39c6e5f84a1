#include "gateway/intercepting.hpp"

#include "troupe/custom/topic_pattern.hpp"

#include <algorithm>

namespace troupe {

namespace {

/// Bits of sysFlag that say that a body is compressed, and how.
constexpr std::int32_t compression_mask = 0x701;

std::size_t bytes_of(const send_request& x) {
  return x.body.size() + x.properties.size();
}

} // namespace

std::size_t interceptors::held() const {
  std::size_t sum = 0;
  for (const auto& x : slots_)
    sum += x->next.size() + (x->asked ? x->asked->size() - x->first : 0);
  return sum;
}

caf::error interceptors::by_policy(const interceptor_link& link,
                                   const char* why) {
  if (link.policy == on_failure::accept)
    return caf::none;
  return make_error(errc::busy, "interceptor `" + link.name + "` " + why
                                  + "; retry in some seconds");
}

bool interceptors::wants(const slot& x, std::string_view topic) {
  return std::ranges::any_of(x.link->topics, [&](const std::string& pattern) {
    return custom::matches_pattern(pattern, topic);
  });
}

std::vector<interceptors::release>
interceptors::set(std::vector<interceptor_link> links) {
  std::vector<slot_ptr> kept;
  for (auto& link : links) {
    auto known = std::ranges::find_if(slots_, [&](const slot_ptr& x) {
      return x && x->link->actor == link.actor;
    });
    if (known != slots_.end()) {
      *(*known)->link = std::move(link);
      kept.push_back(std::move(*known));
      continue;
    }
    auto made = std::make_unique<slot>();
    made->link = std::make_shared<interceptor_link>(std::move(link));
    kept.push_back(std::move(made));
  }
  std::vector<release> freed;
  for (auto& gone : slots_) {
    if (!gone)
      continue;
    auto why = "has just ended";
    if (gone->asked) // it may be reading them: copied
      for (auto i = gone->first; i < gone->asked->size(); ++i)
        freed.push_back(
          {(*gone->asked)[i].request, by_policy(*gone->link, why)});
    for (auto& held : gone->next)
      freed.push_back({std::move(held.request), by_policy(*gone->link, why)});
  }
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
interceptors::hold(std::size_t place, send_request&& request, epoch_ms now) {
  auto& to = *slots_[place];
  request.judged_by = place + 1;
  auto bytes = bytes_of(request);
  auto count = to.next.size() + (to.asked ? to.asked->size() - to.first : 0);
  if (count >= limits::intercepts_max
      || to.bytes + bytes > limits::intercept_bytes_max)
    return release{std::move(request),
                   by_policy(*to.link, "has too much to judge")};
  to.bytes += bytes;
  to.next.emplace_back(std::move(request), now + to.link->deadline_ms);
  return {};
}

std::vector<std::pair<interceptor_actor, intercept_batch>>
interceptors::take_batches(const intercept_asker& me) {
  std::vector<std::pair<interceptor_actor, intercept_batch>> batches;
  for (auto& x : slots_) {
    if (x->asked || x->next.empty())
      continue;
    x->asked = std::make_shared<held_sends>(std::exchange(x->next, {}));
    x->number = ++numbers_;
    x->first = 0;
    intercept_batch batch;
    batch.number = x->number;
    batch.owner = x->asked;
    batch.reply_to = me;
    batch.rows.reserve(x->asked->size());
    for (const auto& held : *x->asked) {
      const auto& request = held.request;
      batch.rows.push_back({request.topic.view(),
                            request.body.view(),
                            request.properties.view(),
                            request.queue,
                            request.flag,
                            request.sys_flag,
                            {request.born_time},
                            request.batch});
    }
    batches.emplace_back(x->link->actor, std::move(batch));
  }
  return batches;
}

interceptors::ended_batch interceptors::take_back(std::uint64_t number) {
  auto found = std::ranges::find_if(slots_, [number](const slot_ptr& x) {
    return x->asked && x->number == number;
  });
  if (found == slots_.end())
    return {}; // it has ended, its sends have gone on
  auto& from = **found;
  ended_batch result{std::move(*from.asked), from.first, from.link};
  from.asked.reset();
  for (auto i = result.first; i < result.sends.size(); ++i)
    from.bytes -= bytes_of(result.sends[i].request);
  from.next.reserve(result.sends.size()); // as many will have come again
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

std::vector<interceptors::release> interceptors::expire(epoch_ms now) {
  std::vector<release> freed;
  auto why = "has not answered in time";
  for (auto& x : slots_) {
    while (x->asked && x->first < x->asked->size()
           && (*x->asked)[x->first].deadline <= now) {
      const auto& held = (*x->asked)[x->first++]; // it may be reading it
      x->bytes -= bytes_of(held.request);
      freed.push_back({held.request, by_policy(*x->link, why)});
    }
    auto late = std::ranges::find_if(
      x->next, [now](const held_send& held) { return held.deadline > now; });
    for (auto i = x->next.begin(); i != late; ++i) {
      x->bytes -= bytes_of(i->request);
      freed.push_back({std::move(i->request), by_policy(*x->link, why)});
    }
    x->next.erase(x->next.begin(), late);
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
