#include "producer/producer.hpp"

#include "reactor/quiet.hpp"

#include "troupe/limits.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <iterator>
#include <map>

namespace troupe {

namespace {

class producer_impl : public producer_actor::base {
public:
  producer_impl(caf::actor_config& config, std::string group,
                epoch_ms (*time)())
    : producer_actor::base(config),
      group_(std::move(group)),
      clock_(time) {}

  const char* name() const override { return "producer"; }

  behavior_type make_behavior() override {
    make_quiet(*this);
    return {
      [this](register_producer& x) { return add(x); },
      [this](const leave_producer& x) { sessions_.erase(x.link.connection); },
      [this](const list_sessions&) { return list(); },
      [this](const pick_session& x) { return pick(x.client_id); },
      [this](const producer_expire_tick&) { expire(); },
    };
  }

private:
  struct session {
    client_link link;
    member who;
  };

  caf::result<producer_registered> add(register_producer& x) {
    auto id = x.link.connection;
    if (!sessions_.contains(id)
        && sessions_.size() >= limits::members_per_group_max)
      return make_error(errc::busy,
                        "producer group[" + group_ + "] has too many sessions");
    x.who.last_seen = clock_();
    sessions_[id] = {x.link, std::move(x.who)};
    arm();
    return producer_registered{};
  }

  producer_sessions list() const {
    producer_sessions result;
    for (const auto& [id, x] : sessions_)
      result.members.push_back(x.who);
    std::ranges::sort(result.members, {}, &member::client_id);
    return result;
  }

  caf::result<session_picked> pick(const std::string& client_id) {
    if (client_id.empty() && !sessions_.empty()) {
      auto turn = static_cast<long>(turn_++ % sessions_.size());
      return session_picked{std::next(sessions_.begin(), turn)->second.link};
    }
    for (const auto& [id, x] : sessions_)
      if (x.who.client_id == client_id)
        return session_picked{x.link};
    return make_error(errc::producer_not_online,
                      "producer group[" + group_ + "] has no live session"
                        + (client_id.empty() ? "" : " of " + client_id));
  }

  void arm() {
    if (armed_ || sessions_.empty())
      return;
    armed_ = true;
    delayed_send(this, limits::member_scan_period, producer_expire_tick{});
  }

  void expire() {
    armed_ = false;
    auto now = clock_();
    auto oldest = std::chrono::milliseconds{limits::member_expiry}.count();
    std::erase_if(sessions_, [&](const auto& x) {
      return now - x.second.who.last_seen > oldest;
    });
    arm();
  }

  std::string group_;
  epoch_ms (*clock_)();
  std::map<connection_id, session> sessions_;
  std::size_t turn_ = 0;
  bool armed_ = false;
};

} // namespace

producer_actor spawn_producer(caf::actor_system& system, placement where,
                              std::string group, epoch_ms (*clock)()) {
  return spawn_at<producer_impl>(system, where, std::move(group), clock);
}

} // namespace troupe
