#include "consumer_group/consumer_group.hpp"

#include "consumer_group/consumer_group_state.hpp"
#include "reactor/quiet.hpp"

#include <caf/actor_cast.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <functional>
#include <memory>
#include <vector>

namespace troupe {

namespace {

class consumer_group_impl : public consumer_group_actor::base {
public:
  consumer_group_impl(caf::actor_config& config, consumer_group_options options)
    : consumer_group_actor::base(config),
      store_(options.store),
      clock_(options.clock),
      state_(std::move(options.config), std::move(options.progress)) {}

  const char* name() const override { return "consumer_group"; }

  behavior_type make_behavior() override {
    make_quiet(*this);
    return {
      [this](const watch_group& x) {
        watchers_.push_back(caf::actor_cast<caf::actor_addr>(x.watcher));
        return group_watched{state_.snapshot()};
      },
      [this](join_group& x) { return join(x); },
      [this](const leave_group& x) { changed(state_.leave(x.link)); },
      [this](const list_members&) {
        auto list = state_.list();
        list.snapshot = state_.snapshot();
        return list;
      },
      [this](const query_offset& x) -> caf::result<group_offset> {
        auto found = state_.offset(x.queue);
        if (!found)
          return std::move(found.error());
        return group_offset{*found};
      },
      [this](const commit_offsets& x) {
        state_.commit(x.rows, clock_());
        arm_commit();
      },
      [this](const adopt_offsets& x) { state_.adopt(x.rows, clock_()); },
      [this](const list_offsets& x) {
        return group_offsets{state_.offsets(x.topic)};
      },
      [this](const reset_offsets& x) { return reset(x); },
      [this](const take_reset& x) {
        state_.take_reset(x.queue);
        tell_watchers();
      },
      [this](const lock_queues& x) {
        return queues_locked{state_.lock(x.client_id, x.queues, clock_())};
      },
      [this](const unlock_queues& x) { state_.unlock(x.client_id, x.queues); },
      [this](const query_locks&) {
        return lock_state{state_.any_locked(clock_())};
      },
      [this](const describe_progress&) {
        progress_report all{state_.progress(clock_()), state_.list()};
        all.members.snapshot = state_.snapshot();
        return all;
      },
      [this](set_group_config& x) {
        state_.set_config(std::move(x.config));
        tell_watchers();
        return group_watched{state_.snapshot()};
      },
      [this](const forget_topic& x) {
        state_.forget(x.topic);
        tell_watchers();
        return offsets_flushed{};
      },
      [this](const flush_offsets&) { return when_durable(offsets_flushed{}); },
      [this](const expire_tick&) { expire(); },
      [this](const commit_tick&) {
        commit_armed_ = false;
        store_dirty();
      },
      [this](const remove_group& x) { return remove(x.clean_offsets); },
    };
  }

  // Handles in a ring would keep each other, and their threads, for ever.
  void on_exit() override { store_ = state_store_actor{}; }

private:
  caf::result<group_joined> join(join_group& says) {
    says.who.last_seen = clock_();
    auto change = state_.join(says);
    if (!change)
      return std::move(change.error());
    if (!expire_armed_) {
      expire_armed_ = true;
      delayed_send(this, limits::member_scan_period, expire_tick{});
    }
    changed(*change);
    return group_joined{state_.is_new_fingerprint(says.fingerprint)};
  }

  void changed(membership_change change) {
    tell_watchers(); // does nothing while the snapshot is the same
    if ((change.members || change.subscriptions) && state_.notifies())
      notify();
  }

  /// NOTIFY_CONSUMER_IDS_CHANGED to every member, at once.
  void notify() {
    for (const auto& link : state_.links()) {
      auto notice = remoting::make_request(
        remoting::request_code::notify_consumer_ids_changed);
      notice.flag = remoting::flag_oneway;
      notice.fields.emplace_back("consumerGroup", state_.config().name);
      send(link.gateway, push_command{link.connection, std::move(notice)});
    }
  }

  void tell_watchers() {
    const auto& snapshot = state_.snapshot();
    if (snapshot == told_)
      return;
    told_ = snapshot;
    tell(snapshot);
  }

  void tell(const group_snapshot_ptr& snapshot) {
    std::erase_if(watchers_, [&](const caf::actor_addr& x) {
      auto watcher = caf::actor_cast<caf::strong_actor_ptr>(x);
      if (!watcher)
        return true;
      send(caf::actor_cast<group_watcher>(watcher),
           group_changed{state_.config().name, snapshot});
      return false;
    });
  }

  void expire() {
    expire_armed_ = false;
    auto gone = state_.expire(clock_());
    for (const auto& link : gone) {
      log::info("consumer_group", "member expired: no heartbeat")
        .with("group", state_.config().name);
      send(link.gateway, close_connection{link.connection});
    }
    if (!gone.empty())
      changed({true, false});
    if (!state_.empty()) {
      expire_armed_ = true;
      delayed_send(this, limits::member_scan_period, expire_tick{});
    }
  }

  // -- progress to disk -------------------------------------------------------

  void arm_commit() {
    if (commit_armed_ || !state_.has_dirty())
      return;
    commit_armed_ = true;
    delayed_send(this, limits::offset_commit_period, commit_tick{});
  }

  /// Called with the error of the commit, or with none when all that was
  /// changed before is durable.
  using when_stored = std::function<void(const caf::error&)>;
  using flight = std::vector<when_stored>; // that wait for one commit

  void store_dirty() {
    if (!state_.has_dirty())
      return;
    auto rows = state_.take_dirty();
    auto waiting = std::make_shared<flight>();
    last_flight_ = waiting;
    auto settle = [this, waiting](const caf::error& error) {
      if (last_flight_ == waiting)
        last_flight_ = nullptr;
      for (auto& then : *waiting)
        then(error);
    };
    request(store_, caf::infinite,
            put_offsets{{state_.config().name, rows}, {}, false})
      .then([settle](const stored&) { settle(caf::none); },
            [this, rows, settle](caf::error& error) {
              state_.mark_dirty(rows);
              arm_commit();
              settle(error);
            });
  }

  /// The store commits in order, so what is under way last ends last.
  void after_stored(when_stored then) {
    store_dirty();
    if (last_flight_)
      last_flight_->push_back(std::move(then));
    else
      then(caf::none);
  }

  /// Answers `promise` with `reply` once all progress is durable.
  template <class Reply>
  caf::typed_response_promise<Reply> when_durable(Reply reply) {
    auto promise = make_response_promise<Reply>();
    after_stored(
      [promise, reply = std::move(reply)](const caf::error& error) mutable {
        if (error)
          promise.deliver(error);
        else
          promise.deliver(std::move(reply));
      });
    return promise;
  }

  caf::typed_response_promise<group_offsets> reset(const reset_offsets& x) {
    state_.reset(x.rows);
    tell_watchers();
    return when_durable(group_offsets{x.rows});
  }

  group_offsets remove(bool clean_offsets) {
    tell(nullptr);
    if (!clean_offsets)
      store_dirty(); // the store keeps it when it cannot be written at once
    quit();
    return {state_.offsets({})};
  }

  state_store_actor store_;
  epoch_ms (*clock_)();
  consumer_group_state state_;
  std::vector<caf::actor_addr> watchers_;
  group_snapshot_ptr told_;             // the last one that watchers got
  std::shared_ptr<flight> last_flight_; // null: nothing is being stored
  bool expire_armed_ = false;
  bool commit_armed_ = false;
};

} // namespace

consumer_group_actor spawn_consumer_group(caf::actor_system& system,
                                          placement where,
                                          consumer_group_options options) {
  return spawn_at<consumer_group_impl>(system, where, std::move(options));
}

} // namespace troupe
