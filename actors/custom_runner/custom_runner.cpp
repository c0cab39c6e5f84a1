#include "custom_runner/custom_runner_impl.hpp"

#include "reactor/metered.hpp"

#include "troupe/model/names.hpp"

#include <algorithm>
#include <utility>

namespace troupe {

custom_runner_impl::custom_runner_impl(caf::actor_config& config,
                                       custom_runner_options options)
  : custom_runner_actor::base(config),
    options_(std::move(options)),
    performer_(options_.role.spec.name, options_.role.type,
               options_.role.arguments, options_.role.granted,
               [clock = options_.clock] { return clock().value; }),
    outbox_(options_.self, options_.delays),
    suspended_(options_.role.suspended) {}

custom_runner_impl::behavior_type custom_runner_impl::make_behavior() {
  make_quiet(*this);
  return {
    [this](const start_runner&) { return start(); },
    [this](ask_runner& x) { return ask(x); },
    [this](const describe_runner&) { return report(); },
    [this](const restart_runner&) { return restart(); },
    [this](const suspend_runner& x) { suspend(x); },
    [this](const stop_runner&) { return stop(); },
    [this](const pull_done& x) {
      intake_.take(x);
      work();
    },
    [this](const append_done& x) { appended(x); },
    [this](intercept_batch& x) { judge_all(x); },
    [this](filter_batch& x) { filter_all(x); },
    [this](const check_transaction& x) { return check(x); },
    [this](const topic_changed& x) { look_at(x.topic); },
    [this](const group_changed& x) { take_resets(x.snapshot); },
    [this](const runner_tick&) { tick(); },
  };
}

void custom_runner_impl::on_exit() {
  performer_.retire();
  intake_ = {};
  outbox_ = {};
  answers_.clear();
  group_ = consumer_group_actor{};
  options_.directory = directory_actor{};
  options_.store = state_store_actor{};
  options_.gateway = gateway_actor{};
}

// -- birth and end ------------------------------------------------------------

caf::typed_response_promise<runner_started> custom_runner_impl::start() {
  auto promise = make_response_promise<runner_started>();
  request(options_.store, caf::infinite, load_custom{options_.role.spec.name})
    .then(
      [this, promise](custom_rows& rows) mutable {
        if (auto error = begin(rows))
          promise.deliver(std::move(error));
        else
          promise.deliver(runner_started{
            own_group(), performer_.wants().intercepts,
            performer_.wants().filters, performer_.wants().checks});
      },
      [promise](caf::error& error) mutable {
        promise.deliver(std::move(error));
      });
  return promise;
}

caf::error custom_runner_impl::begin(custom_rows& rows) {
  custom::ledger::rows state;
  for (auto& [key, value] : rows.state)
    state.emplace(std::move(key), std::move(value));
  for (const auto& row : rows.progress)
    progress_[row.queue] = row.offset;
  if (auto why = performer_.begin(std::move(state)); !why.empty())
    return make_error(errc::invalid_argument, why);
  const auto& wants = performer_.wants();
  if (!wants.group_name.empty())
    group_name_ = wants.group_name;
  if (auto why = names::why_bad_group(group_name_); !why.empty())
    return make_error(errc::invalid_argument, why);
  for (const auto& x : wants.consumptions)
    if (auto filter = tag_filter::compile(x.tags); !filter)
      return make_error(errc::invalid_argument, context_of(filter.error()));
  if (!wants.consumptions.empty()) {
    paused_ = true; // until its group says otherwise
    find_own_group();
    send(options_.directory, watch_topics{me<topic_watcher>()});
    list_present();
  }
  started_ = true;
  watch();
  work();
  return caf::none;
}

runner_restarted custom_runner_impl::restart() {
  performer_.restart();
  log::info("custom_runner", "actor is made anew")
    .with("name", options_.role.spec.name);
  work();
  return {};
}

void custom_runner_impl::suspend(const suspend_runner& wish) {
  suspended_ = wish.suspended;
  armed_for_ = {}; // timers count again, or not
  work();
}

caf::typed_response_promise<runner_stopped> custom_runner_impl::stop() {
  stopped_ = make_response_promise<runner_stopped>();
  stopping_ = true;
  commit();
  if (!committing_)
    end();
  return stopped_;
}

void custom_runner_impl::end() {
  if (stopped_.pending())
    stopped_.deliver(runner_stopped{});
}

// -- questions ----------------------------------------------------------------

caf::typed_response_promise<custom_answer>
custom_runner_impl::ask(ask_runner& x) {
  auto promise = make_response_promise<custom_answer>();
  if (!performer_.is_ready()) {
    promise.deliver(make_error(errc::invalid_argument,
                               std::string{to_string(state())}
                                 + ", because: " + performer_.last_error()));
    return promise;
  }
  auto asked = performer_.ask(x.question, std::move(x.arguments));
  if (!asked.refused.empty())
    promise.deliver(make_error(errc::invalid_argument, asked.refused));
  else
    answer_durably(
      [promise, answer = custom_answer{std::move(asked.rows.rows)}]() mutable {
        promise.deliver(std::move(answer));
      });
  work();
  return promise;
}

void custom_runner_impl::answer_durably(open_answer answer) {
  const auto& books = performer_.books();
  if (books.has_changes() || books.has_sent())
    answers_.push_back(std::move(answer));
  else if (committing_ && hindrance_.empty())
    waiting_answers_.push_back(std::move(answer));
  else
    answer();
}

void custom_runner_impl::settle(const std::vector<open_answer>& answers) {
  for (const auto& answer : answers)
    answer();
}

custom_state custom_runner_impl::state() const {
  switch (performer_.life().state()) {
    case custom::life::running:
      return custom_state::running;
    case custom::life::backing_off:
      return custom_state::backing_off;
    case custom::life::quarantined:
      return custom_state::quarantined;
  }
  return custom_state::running;
}

std::string custom_runner_impl::own_group() const {
  return performer_.wants().consumptions.empty() ? "" : group_name_;
}

custom_report custom_runner_impl::report() const {
  custom_report x;
  x.spec = options_.role.spec;
  x.state = state();
  x.group = own_group();
  x.paused = paused_ || suspended_;
  x.consumed = consumed_;
  x.sent = sent_;
  x.intercepted = judged_.judged;
  x.rejected = judged_.rejected;
  x.served = performer_.served();
  x.late = performer_.late();
  x.unserved = unserved_;
  x.checked = checked_;
  x.decided = decided_;
  x.filtered = sifted_.judged;
  x.withheld = sifted_.withheld;
  x.parked = parked_;
  x.restarts = performer_.life().restarts();
  x.failures_in_row = performer_.life().failures_in_row();
  x.queues = static_cast<std::int64_t>(intake_.queues().size());
  for (const auto& queue : intake_.queues()) {
    x.waiting += queue.waiting;
    x.lag += std::max<std::int64_t>(queue.max - queue.done, 0);
  }
  x.state_rows = performer_.books().state().size();
  x.state_bytes = performer_.books().bytes();
  x.last_error = hindrance_.empty() ? performer_.last_error() : hindrance_;
  x.last_parked = last_parked_;
  return x;
}

custom_runner_actor spawn_custom_runner(caf::actor_system& system,
                                        threading how,
                                        custom_runner_options options) {
  if (how == threading::detached)
    return system.spawn<metered<custom_runner_impl>, caf::detached>(
      std::move(options));
  return system.spawn<custom_runner_impl>(std::move(options));
}

} // namespace troupe
