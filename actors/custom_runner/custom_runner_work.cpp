#include "custom_runner/custom_runner_impl.hpp"

#include <algorithm>
#include <utility>

namespace troupe {

void custom_runner_impl::work() {
  if (!started_)
    return;
  if (!stopping_ && !committing_ && !suspended_ && performer_.is_ready()) {
    performer_.run_timers();
    if (!paused_)
      work_on_messages();
  }
  tell_failures();
  commit();
  pull();
  arm();
}

void custom_runner_impl::work_on_messages() {
  const auto& books = performer_.books();
  for (std::size_t i = 0;
       i < limits::custom_batch_messages_max
       && books.sent_bytes() < limits::custom_batch_bytes_max;
       ++i) {
    auto head = intake_.next();
    if (!head || !work_on(*head))
      return;
  }
}

bool custom_runner_impl::work_on(const intake::head& head) {
  if (!performer_.is_ready())
    return false;
  std::string inflated;
  auto m = message_of(head.record, inflated);
  if (performer_.deliver(m)) {
    ++consumed_;
    intake::pass(head);
    return true;
  }
  if (performer_.is_exhausted(m)) {
    park(m);
    intake::pass(head);
  }
  return false;
}

std::string_view custom_runner_impl::why_not_asked() const {
  if (!started_ || stopping_)
    return "it is ending";
  return suspended_ ? "it is paused" : "";
}

void custom_runner_impl::judge_all(intercept_batch& batch) {
  auto why = why_not_asked();
  auto said = why.empty() ? judge(performer_, batch, judged_)
                          : refuse_to_judge(batch, why);
  auto asker = std::move(batch.reply_to);
  batch = {}; // before the gateway takes back what the rows point to
  send(asker, std::move(said));
  if (has_left_work())
    work();
}

bool custom_runner_impl::has_left_work() const {
  const auto& books = performer_.books();
  return books.has_changes() || books.has_sent()
         || performer_.life().failures() != failures_told_
         || performer_.next_due() < armed_for_.value;
}

void custom_runner_impl::filter_all(filter_batch& batch) {
  auto why = why_not_asked();
  filter_done said;
  said.rows.reserve(batch.rows.size());
  for (auto& row : batch.rows) {
    if (why.empty()) {
      said.rows.push_back(sift(performer_, row, sifted_));
      continue;
    }
    said.rows.emplace_back().number = row.number;
    said.rows.back().failed = why;
  }
  send(batch.reply_to, std::move(said));
  work(); // commits what the calls have changed
}

caf::typed_response_promise<transaction_checked>
custom_runner_impl::check(const check_transaction& x) {
  auto promise = make_response_promise<transaction_checked>();
  transaction_checked said;
  if (why_not_asked().empty() && performer_.is_ready()) {
    std::string inflated;
    said.outcome = performer_.check(half_of(x, inflated));
    ++checked_;
    if (said.outcome != custom::transaction_outcome::unknown)
      ++decided_;
  }
  auto deliver = [promise, said]() mutable { promise.deliver(said); };
  answer_durably(std::move(deliver));
  work();
  return promise;
}

void custom_runner_impl::tell_failures() {
  const auto& life = performer_.life();
  if (life.failures() == failures_told_)
    return;
  failures_told_ = life.failures();
  auto quarantined = life.state() == custom::life::quarantined;
  log::warning("custom_runner", quarantined
                                  ? "actor failed, is left alone until it "
                                    "is restarted"
                                  : "actor failed, is made anew")
    .with("name", options_.role.spec.name)
    .with("failures_in_row", life.failures_in_row())
    .with("why", performer_.last_error());
}

void custom_runner_impl::park(const custom::message& m) {
  parked_messages_.push_back(custom::parked(
    m, {group_name_, options_.role.spec.name, performer_.last_error(),
        options_.role.granted.attempts, options_.clock().value}));
  ++parked_;
  last_parked_ = custom::place_text(m);
  log::warning("custom_runner", "message put aside")
    .with("name", options_.role.spec.name)
    .with("message", last_parked_)
    .with("topic", parked_messages_.back().topic);
}

// -- pulls and time -----------------------------------------------------------

void custom_runner_impl::pull() {
  if (stopping_ || paused_ || suspended_
      || performer_.life().state() == custom::life::quarantined)
    return;
  auto now = options_.clock();
  for (auto& x : intake_.queues())
    if (x.pull == 0 && x.runs.empty()) {
      pull_batch batch;
      batch.rows.push_back(intake_.make_pull(x, now));
      batch.reply_to = me<pull_asker>();
      send(x.actor, std::move(batch));
    }
}

void custom_runner_impl::watch() {
  constexpr auto silence =
    std::chrono::milliseconds{limits::custom_silence_max}.count();
  auto now = options_.clock();
  if (committing_ && !putting_ && now - mailed_at_ > silence) {
    outbox_.recall();
    mail();
  }
  constexpr auto park = std::chrono::milliseconds{limits::park_max}.count();
  auto late = false;
  for (auto& x : intake_.queues())
    if (x.pull != 0 && now - x.pulled_at > park + silence) {
      intake::move_to(x, x.done);
      late = true;
    }
  if (late)
    look_at_all();
  watch_at_ = now + silence;
}

void custom_runner_impl::tick() {
  auto now = options_.clock();
  armed_for_ = {};
  if (now >= watch_at_)
    watch();
  if (retry_at_.value != 0 && now >= retry_at_) {
    retry_at_ = {};
    if (committing_ && !putting_)
      mail();
  }
  work();
}

void custom_runner_impl::arm() {
  auto due = watch_at_.value;
  if (!suspended_)
    due = std::min(due, performer_.next_due());
  if (retry_at_.value != 0)
    due = std::min(due, retry_at_.value);
  if (committing_) // timers of the actor wait for the commit
    due = retry_at_.value != 0 ? retry_at_.value : watch_at_.value;
  if (armed_for_.value != 0 && armed_for_.value <= due)
    return;
  armed_for_ = {due};
  auto wait = std::max<std::int64_t>(due - options_.clock().value, 1);
  delayed_send(this, std::chrono::milliseconds{wait}, runner_tick{});
}

} // namespace troupe
