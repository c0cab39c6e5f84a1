#include "timers/timers.hpp"

#include "deadlines/deadline_keeper.hpp"
#include "deadlines/log_access.hpp"
#include "deadlines/timed_record.hpp"
#include "reactor/quiet.hpp"
#include "storage/commit_log.hpp"

#include "troupe/limits.hpp"
#include "troupe/log.hpp"
#include "troupe/model/names.hpp"
#include "troupe/model/properties.hpp"
#include "troupe/model/transactions.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <memory>
#include <unordered_map>

namespace troupe {

namespace {

using storage::record_view;

class timers_impl : public timers_actor::base {
public:
  timers_impl(caf::actor_config& config, timers_options options)
    : timers_actor::base(config),
      options_(std::move(options)),
      log_(this),
      waiting_(this, deadline_kind::timer, log_family::timers,
               [this] { deliver_due(); }) {}

  const char* name() const override { return "timers"; }

  behavior_type make_behavior() override {
    make_quiet(*this);
    count_pending();
    log_.start(options_.log, options_.log_actor, options_.directory);
    waiting_.start(options_.log_actor, options_.store, options_.log->written());
    return {
      [this](const log_events& x) { follow(x); },
      [this](const apply_events& x) { return apply(x.end); },
      [this](const append_done& x) { log_.appended(x); },
      [this](const timer_tick&) {
        --ticks_;
        if (ticks_ > 0 && options_.clock() < tick_at_)
          return; // an earlier one was armed since, and another after it
        tick_at_ = {};
        deliver_due();
      },
      [this](const recall_timer& x) { return recall(x); },
      [this](const query_oldest_needed&) { return oldest(); },
      [this](const describe_timers&) { return report(); },
      [this](const list_timers& x) { return list(x); },
    };
  }

  // Handles in a ring would keep each other, and their threads, for ever.
  void on_exit() override {
    waiting_.stop();
    log_.stop();
    options_ = {};
  }

private:
  using recalled_promise = caf::typed_response_promise<timer_recalled>;
  using listed_promise = caf::typed_response_promise<timer_list>;

  // A clock that jumps makes nothing late by more than this.
  static constexpr std::int64_t tick_max_ms = 500;
  static constexpr std::int64_t retry_ms = 100;

  // -- the log ----------------------------------------------------------------

  void count_pending() {
    request(options_.store, caf::infinite,
            count_deadlines{deadline_kind::timer})
      .then(
        [this](const deadlines_counted& x) {
          report_.pending += x.count;
          if (x.count > 0)
            log::info("timers", "pending ones taken up")
              .with("pending", x.count);
        },
        [](caf::error& error) {
          log::error("timers", "pending ones cannot be counted")
            .with("why", describe(error));
        });
  }

  void follow(const log_events& news) {
    for (const auto& event : news.events)
      if (event.what == log_event::kind::timer_set) {
        ++report_.pending;
        waiting_.window.add({{event.time, event.id}, event.position, 0});
      } else if (event.what == log_event::kind::timer_ended) {
        --report_.pending;
        waiting_.window.remove({event.time, event.id});
      }
    waiting_.seen(news.end);
    deliver_due();
  }

  caf::typed_response_promise<events_applied> apply(log_offset end) {
    auto promise = make_response_promise<events_applied>();
    waiting_.seen(end);
    waiting_.flush([promise](const caf::error& error) mutable {
      if (error)
        promise.deliver(error);
      else
        promise.deliver(events_applied{});
    });
    return promise;
  }

  // -- delivering -------------------------------------------------------------

  void deliver_due() {
    auto now = options_.clock();
    if (pause_until_ > now && pause_until_ - now <= retry_ms)
      return arm();
    while (delivering_ < limits::timer_deliveries_max) {
      const auto* first = waiting_.window.first();
      if (first == nullptr || first->key.due > now)
        break;
      auto row = *first;
      waiting_.window.take(row.key);
      ++delivering_;
      log_.read(
        row.position,
        [=, this](const record_view& record) { deliver(row, record); },
        [=, this](const caf::error& error) { unreadable(row, error); });
    }
    waiting_.turn();
    arm();
  }

  void deliver(const deadline& row, const record_view& record) {
    if (recalling_.contains(row.key.id))
      return ended_early(); // its recall is on the way into the log
    auto what = delivered_row(record, options_.clock());
    auto topic = what.topic;
    log_.append(std::move(what), [this, row, topic](const caf::error& error) {
      if (!error) {
        ++report_.delivered; // the log's event has removed it
        return ended_early();
      }
      if (is(error, errc::topic_not_found)
          || is(error, errc::queue_not_found)) {
        log::warning("timers", "a timed message has no topic any more")
          .with("topic", topic)
          .with("log_offset", row.position.value);
        return drop(row);
      }
      try_again(row);
    });
  }

  void ended_early() {
    --delivering_;
    arm();
  }

  /// There is no way to deliver it: it is forgotten.
  void drop(const deadline& row) {
    waiting_.window.remove(row.key);
    --report_.pending;
    ended_early();
  }

  void try_again(const deadline& row) {
    --delivering_;
    waiting_.window.give_back(row.key);
    pause_until_ = options_.clock() + retry_ms;
    arm();
  }

  void unreadable(const deadline& row, const caf::error& error) {
    log::error("timers", "a timed message cannot be read")
      .with("log_offset", row.position.value)
      .with("why", describe(error));
    if (is(error, errc::message_not_found) || is(error, errc::corrupt_record))
      return drop(row);
    try_again(row);
  }

  /// One timer, for the message that is due first.
  void arm() {
    const auto* first = waiting_.window.first();
    if (first == nullptr || delivering_ >= limits::timer_deliveries_max)
      return;
    auto now = options_.clock();
    auto due = std::max(first->key.due, pause_until_);
    // The clock has jumped back: the pause is not to grow by that.
    if (pause_until_ - now > retry_ms)
      pause_until_ = now;
    due = std::min(due, now + tick_max_ms);
    if (tick_at_.value != 0 && tick_at_ <= due && tick_at_ + retry_ms > now)
      return;
    tick_at_ = due;
    auto wait = std::max<std::int64_t>(due - now, 0);
    ++ticks_;
    delayed_send(this, std::chrono::milliseconds{wait}, timer_tick{});
  }

  // -- recalls ----------------------------------------------------------------

  recalled_promise recall(const recall_timer& wish) {
    auto promise = make_response_promise<timer_recalled>();
    request(options_.log_actor, limits::ask_timeout,
            find_by_key{std::string{names::timer_topic},
                        wish.unique_key,
                        {0},
                        {INT64_MAX},
                        limits::query_messages_max})
      .then(
        [=, this](const record_bytes& found) mutable {
          for (const auto& bytes : found.records) {
            auto record =
              storage::decode_record(bytes.view(), storage::record_check::none);
            if (record && is_meant(*record, wish))
              return take_back(*record, std::move(promise));
          }
          promise.deliver(make_error(errc::message_not_found,
                                     "no timed message of topic " + wish.topic
                                       + " has the key " + wish.unique_key));
        },
        [promise](caf::error& error) mutable {
          promise.deliver(std::move(error));
        });
    return promise;
  }

  static bool is_meant(const record_view& record, const recall_timer& wish) {
    auto value = [&](std::string_view name) {
      return properties::find(record.properties, name);
    };
    return value(properties::real_topic) == wish.topic
           && number_in<std::int64_t>(value(properties::timer_out_ms), -1)
                == wish.due.value
           && value(properties::timer_delete_key).empty();
  }

  void take_back(const record_view& record, recalled_promise promise) {
    auto row =
      std::make_shared<placed_row>(recall_row(record, options_.clock()));
    auto id = record.position.value;
    waiting_.find(id, [=, this](auto found) mutable {
      if (!found) {
        promise.deliver(std::move(found.error()));
        return;
      }
      if (!*found) { // it was recalled before, or is delivered just now
        promise.deliver(timer_recalled{});
        return;
      }
      if ((*found)->key.due <= options_.clock()) {
        promise.deliver(make_error(errc::bad_recall_handle,
                                   "the message is due: it is delivered now"));
        return;
      }
      if (!recalling_.try_emplace(id, (*found)->key).second) {
        promise.deliver(
          make_error(errc::busy, "the message is being recalled already"));
        return;
      }
      log_.append(std::move(*row), [=, this](const caf::error& error) mutable {
        auto key = recalling_.at(id);
        recalling_.erase(id);
        if (error) {
          waiting_.window.give_back(key);
          arm();
          promise.deliver(error);
          return;
        }
        ++report_.recalled;
        promise.deliver(timer_recalled{});
      });
    });
  }

  // -- people -----------------------------------------------------------------

  caf::typed_response_promise<oldest_needed> oldest() {
    auto promise = make_response_promise<oldest_needed>();
    waiting_.tell_oldest(promise);
    return promise;
  }

  timer_report report() {
    const auto* first = waiting_.window.first();
    report_.next_due = first == nullptr ? epoch_ms{} : first->key.due;
    return report_;
  }

  listed_promise list(const list_timers& wish) {
    auto promise = make_response_promise<timer_list>();
    auto count =
      std::clamp(wish.count_max, std::size_t{1}, limits::timer_list_max);
    waiting_.list(deadline_kind::timer, wish.after, count,
                  [this, promise](caf::expected<deadline_page> page) mutable {
                    if (page)
                      describe_rows(*page, std::move(promise));
                    else
                      promise.deliver(std::move(page.error()));
                  });
    return promise;
  }

  void describe_rows(const deadline_page& page, listed_promise promise) {
    auto result = std::make_shared<timer_list>();
    result->last = page.last;
    auto open = std::make_shared<std::size_t>(page.rows.size() + 1);
    auto finish = [result, open, promise]() mutable {
      if (--*open == 0)
        promise.deliver(std::move(*result));
    };
    for (const auto& row : page.rows)
      result->rows.push_back({row.key.due, row.position, {}, {}, {}});
    for (std::size_t i = 0; i < page.rows.size(); ++i)
      log_.read(
        page.rows[i].position,
        [result, i, finish](const record_view& record) mutable {
          auto& row = result->rows[i];
          row.store_time = record.store_time;
          row.topic =
            properties::find(record.properties, properties::real_topic);
          row.unique_key =
            properties::find(record.properties, properties::unique_key);
          finish();
        },
        [finish](const caf::error&) mutable { finish(); });
    finish();
  }

  timers_options options_;
  log_access<timers_impl> log_;
  deadline_keeper<timers_impl> waiting_;
  std::unordered_map<std::int64_t, deadline_key> recalling_; // by position
  std::size_t delivering_ = 0;
  epoch_ms tick_at_;      // what the armed timer_tick is for; 0: none
  std::size_t ticks_ = 0; // under way
  epoch_ms pause_until_;  // after a delivery that failed
  timer_report report_;
};

} // namespace

timers_actor spawn_timers(caf::actor_system& system, placement where,
                          timers_options options) {
  return spawn_at<timers_impl>(system, where, std::move(options));
}

} // namespace troupe
