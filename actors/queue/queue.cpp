#include "queue/queue.hpp"

#include "queue/queue_state.hpp"
#include "reactor/quiet.hpp"
#include "storage/damage_count.hpp"
#include "storage/derive_queue.hpp"
#include "storage/find_by_time.hpp"
#include "storage/find_message.hpp"

#include <caf/actor_cast.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>

namespace troupe {

namespace {

class queue_impl : public queue_actor::base {
public:
  queue_impl(caf::actor_config& config, queue_options options)
    : queue_actor::base(config),
      options_(std::move(options)),
      topic_(payload::copy_of(options_.topic)) {}

  const char* name() const override { return "queue"; }

  behavior_type make_behavior() override {
    make_quiet(*this);
    open();
    return {
      [this](append_batch& x) { append(x); },
      [this](const appended& x) { publish(x); },
      [this](const append_failed& x) {
        state_.take_back(x.first);
        send(options_.log_actor, failure_seen{me<append_listener>()});
      },
      [this](pull_batch& x) { pull(x); },
      [this](const query_range&) -> caf::result<queue_range> {
        if (is_deriving_)
          return not_yet();
        return state_.range();
      },
      [this](const find_offset& x) { return find(x); },
      [this](const query_store_time& x) { return store_time(x.offset); },
      [this](const read_rows& x) { return read(x); },
      [this](const describe_queue&) { return report(); },
      [this](const sweep_tick&) { sweep(); },
      [this](const write_rows&) { return write(); },
      [this](const trim_queue& x) { trim(x.min); },
      [this](const mend_rows& x) { mend(x); },
      [this](const remove_queue&) { remove(); },
    };
  }

  // Handles in a ring would keep each other, and their threads, for ever.
  void on_exit() override {
    parked_.clear();
    trim_waiting_.clear();
    answers_.clear();
    options_ = {};
  }

private:
  template <class Handle>
  Handle me() {
    return caf::actor_cast<Handle>(this);
  }

  void warn(const char* what, const caf::error& error) {
    log::error("queue", what)
      .with("topic", options_.topic)
      .with("queue", options_.queue.value)
      .with("why", describe(error));
  }

  // -- the files --------------------------------------------------------------

  void open() {
    storage::consume_queue_options files{options_.directory,
                                         options_.file_rows};
    auto damage = storage::consume_queue::check_whole(files);
    auto rows = damage ? std::move(damage)
                       : storage::consume_queue::open(
                         files, options_.log->min(), options_.log->written());
    if (!rows && is(rows.error(), errc::corrupt_file))
      return derive_again(rows.error());
    begin_with(std::move(rows));
  }

  void begin_with(caf::expected<storage::consume_queue> rows) {
    if (!rows) {
      warn("cannot open the consume queue", rows.error());
      quit(std::move(rows.error()));
      return;
    }
    state_ = queue_state{options_.log, std::move(*rows), options_.topic,
                         options_.queue};
    state_.check_invariants();
  }

  /// What the files lack is in the log. Until it has been read nothing is taken
  /// or given.
  void derive_again(const caf::error& why) {
    warn("the consume queue is damaged, it is derived from the log again", why);
    is_deriving_ = true;
    auto job = [what = storage::derived_queue{
                  options_.data_directory, options_.topic, options_.queue,
                  options_.file_rows, options_.delays}]() {
      return storage::derive_queue(what);
    };
    request(options_.cold_reader, caf::infinite, cold_number{std::move(job)})
      .then(
        [this](const cold_number_found& x) {
          is_deriving_ = false;
          log::info("queue", "the consume queue is derived again")
            .with("topic", options_.topic)
            .with("queue", options_.queue.value)
            .with("rows", x.value);
          begin_with(storage::consume_queue::open(
            {options_.directory, options_.file_rows}, options_.log->min(),
            options_.log->written()));
        },
        [this](caf::error& error) { begin_with(std::move(error)); });
  }

  caf::error not_yet() const {
    return make_error(errc::busy, "the consume queue of " + options_.topic
                                    + ", queue "
                                    + std::to_string(options_.queue.value)
                                    + ", was damaged and is derived from the "
                                      "log again; retry in a second");
  }

  void refuse(append_batch& batch) {
    append_done answer;
    answer.why = context_of(not_yet());
    for (auto& row : batch.rows) {
      append_outcome outcome;
      outcome.from = row.from;
      outcome.error = errc::busy;
      outcome.queue = row.answer_queue;
      outcome.store_host = row.store_host;
      outcome.properties = std::move(row.properties);
      outcome.unique_key = row.unique_key;
      outcome.continues = row.continues;
      answer.rows.push_back(std::move(outcome));
    }
    send(batch.reply_to, std::move(answer));
  }

  void append(append_batch& batch) {
    if (is_deriving_)
      return refuse(batch);
    state_.assign(batch.rows);
    batch.topic = topic_;
    batch.queue = options_.queue;
    batch.listener = me<append_listener>();
    send(options_.log_actor, std::move(batch));
  }

  void publish(const appended& event) {
    if (auto error = state_.publish(event))
      warn("cannot write the consume queue, its rows stay in memory", error);
    if (parked_.empty())
      return;
    auto waiting = std::move(parked_);
    parked_.clear();
    for (auto& pull : waiting) {
      if (state_.concerns(pull, event))
        serve(std::move(pull), residency::checked);
      else
        parked_.push_back(std::move(pull));
    }
    send_answers();
  }

  // -- pulls ------------------------------------------------------------------

  void pull(pull_batch& batch) {
    if (is_deriving_) {
      for (auto& row : batch.rows)
        fail({std::move(row), batch.reply_to}, context_of(not_yet()));
      return send_answers();
    }
    for (auto& row : batch.rows)
      serve({std::move(row), batch.reply_to}, residency::checked);
    send_answers();
  }

  /// Answers a pull, parks it, or has the disk read for it.
  void serve(waiting_pull pull, residency how) {
    auto& answer = answer_to(pull.asker);
    switch (state_.evaluate(pull, how, answer)) {
      case pull_step::answered:
        return;
      case pull_step::park:
        if (pull.row.park_until <= options_.clock())
          return state_.expire(pull, answer);
        return park(std::move(pull));
      case pull_step::cold:
        return warm(std::move(pull));
      case pull_step::mend:
        return mend(std::move(pull));
      case pull_step::trim:
        return trim_for(std::move(pull));
      case pull_step::failed:
        return fail(pull, state_.failure());
    }
  }

  void park(waiting_pull pull) {
    if (parked_.size() >= limits::parked_pulls_per_queue_max) {
      pull_outcome refused;
      refused.from = pull.row.from;
      refused.status = pull_status::busy;
      refused.asked = refused.next = pull.row.offset;
      answer_to(pull.asker).rows.push_back(refused);
      return;
    }
    arm_sweep(pull.row.park_until);
    parked_.push_back(std::move(pull));
  }

  void warm(waiting_pull pull) {
    auto asked = state_.cold().bytes;
    request(options_.cold_reader, caf::infinite, warm_range{state_.cold()})
      .then(
        [this, pull, asked](const range_warmed& x) mutable {
          pull.warm_end = pull.warm_end + (x.bytes - asked);
          serve(std::move(pull), residency::assured);
          send_answers();
        },
        [this, pull](caf::error& error) {
          warn("cannot read old messages", error);
          fail(pull, context_of(error));
          send_answers();
        });
  }

  /// The pull met a row whose segment has gone. If it still does when the
  /// queue has followed the log, the row is damaged.
  void trim_for(waiting_pull pull) {
    trim_waiting_.push_back(std::move(pull));
    if (trim_waiting_.size() == 1)
      trim(state_.log_min());
  }

  void trimmed(log_offset log_min) {
    auto waiting = std::move(trim_waiting_);
    trim_waiting_.clear();
    for (auto& pull : waiting) {
      pull.trimmed = log_min;
      serve(std::move(pull), residency::checked);
    }
    send_answers();
  }

  /// Looks in the log for the message of a row that does not hold.
  void mend(waiting_pull pull) {
    auto broken = state_.broken();
    // Found and mended, and it does not hold again: as if it were not found.
    auto in_vain = pull.mended == broken.offset;
    pull.mended = broken.offset;
    log::error("queue", "a row and its message do not agree")
      .with("topic", options_.topic)
      .with("queue", options_.queue.value)
      .with("offset", broken.offset.value)
      .with("log_from", broken.from.value)
      .with("log_to", broken.to.value)
      .with("why", broken.why);
    auto job = [reader = options_.log->reader(), topic = options_.topic,
                queue = options_.queue, broken,
                in_vain]() -> caf::expected<std::int64_t> {
      if (in_vain)
        return -1;
      auto found = storage::find_message(reader, broken.from, broken.to, topic,
                                         queue, broken.offset);
      return found ? found->value : -1;
    };
    request(options_.cold_reader, caf::infinite, cold_number{std::move(job)})
      .then(
        [this, pull, broken](const cold_number_found& x) mutable {
          if (auto error = settle(broken, x.value))
            fail(pull, context_of(error));
          else
            serve(std::move(pull), residency::checked);
          send_answers();
        },
        [this, pull](caf::error& error) {
          warn("cannot look for a message", error);
          fail(pull, context_of(error));
          send_answers();
        });
  }

  caf::error settle(const queue_state::broken_row& broken,
                    std::int64_t position) {
    std::optional<log_offset> found;
    if (position >= 0)
      found = log_offset{position};
    else
      storage::damaged_records.fetch_add(1, std::memory_order_relaxed);
    log::error("queue", found ? "the row is mended from the log"
                              : "a damaged message is skipped")
      .with("topic", options_.topic)
      .with("queue", options_.queue.value)
      .with("offset", broken.offset.value)
      .with("log_offset", position);
    auto error = state_.mend(broken, found);
    if (error)
      warn("cannot mend the consume queue", error);
    else if (found)
      storage::mended_rows.fetch_add(1, std::memory_order_relaxed);
    return error;
  }

  /// Rows that nobody has read, but the scrubber.
  void mend(const mend_rows& wish) {
    if (is_deriving_)
      return;
    for (const auto& x : wish.rows) {
      auto mended = state_.mend(x);
      if (!mended)
        return warn("cannot mend the consume queue", mended.error());
      if (!*mended)
        continue;
      storage::mended_rows.fetch_add(1, std::memory_order_relaxed);
      log::error("queue", "a row that led astray is mended from the log")
        .with("topic", options_.topic)
        .with("queue", options_.queue.value)
        .with("offset", x.at.value)
        .with("log_offset", x.wanted.position.value)
        .with("what", x.found.position != x.wanted.position ? "place"
                      : x.found.size != x.wanted.size       ? "size"
                                                            : "tag");
    }
  }

  void fail(const waiting_pull& pull, const std::string& why) {
    pull_outcome lost;
    lost.from = pull.row.from;
    lost.status = pull_status::failed;
    lost.asked = lost.next = pull.row.offset;
    lost.min = state_.range().min;
    lost.max = state_.range().max;
    auto& answer = answer_to(pull.asker);
    answer.rows.push_back(lost);
    answer.why = why;
  }

  pull_done& answer_to(const pull_asker& asker) {
    for (auto& [known, answer] : answers_)
      if (known == asker)
        return answer;
    answers_.emplace_back(asker, pull_done{});
    return answers_.back().second;
  }

  void send_answers() {
    for (auto& [asker, answer] : answers_)
      if (!answer.rows.empty())
        send(asker, std::move(answer));
    answers_.clear();
  }

  /// One timer, for the earliest deadline, rounded so that many fall together.
  void arm_sweep(epoch_ms deadline) {
    static constexpr std::int64_t step_ms = 100;
    if (sweep_at_.value != 0 && sweep_at_ <= deadline)
      return;
    auto wait = std::max<std::int64_t>(deadline - options_.clock(), 0);
    wait = (wait / step_ms + 1) * step_ms;
    sweep_at_ = deadline;
    delayed_send(this, std::chrono::milliseconds{wait}, sweep_tick{});
  }

  void sweep() {
    sweep_at_ = {};
    auto now = options_.clock();
    epoch_ms earliest;
    std::erase_if(parked_, [&](waiting_pull& pull) {
      if (pull.row.park_until <= now) {
        state_.expire(pull, answer_to(pull.asker));
        return true;
      }
      if (earliest.value == 0 || pull.row.park_until < earliest)
        earliest = pull.row.park_until;
      return false;
    });
    if (earliest.value != 0)
      arm_sweep(earliest);
    send_answers();
  }

  // -- questions --------------------------------------------------------------

  /// Runs `job(rows, log)` on the cold reader, with a consume queue of its own:
  /// it sees the rows that are in the files.
  template <class Job>
  void search(Job job, std::function<void(std::int64_t)> then,
              std::function<void(caf::error&)> otherwise) {
    auto work = [directory = options_.directory, rows = options_.file_rows,
                 reader = options_.log->reader(),
                 job]() -> caf::expected<std::int64_t> {
      auto own = storage::consume_queue::open({directory, rows}, reader.min(),
                                              reader.end());
      if (!own)
        return std::move(own.error());
      return job(*own, reader);
    };
    request(options_.cold_reader, caf::infinite, cold_number{std::move(work)})
      .then([then](const cold_number_found& x) { then(x.value); },
            [otherwise](caf::error& error) { otherwise(error); });
  }

  caf::typed_response_promise<offset_found> find(const find_offset& wish) {
    auto promise = make_response_promise<offset_found>();
    if (is_deriving_) {
      promise.deliver(not_yet());
      return promise;
    }
    auto side = wish.boundary == time_boundary::lower
                  ? storage::time_side::lower
                  : storage::time_side::upper;
    if (auto error = state_.rows().write_rows()) {
      promise.deliver(std::move(error));
      return promise;
    }
    search(
      [wish, side](storage::consume_queue& rows, const storage::log_reader& log)
        -> caf::expected<std::int64_t> {
        auto found = storage::find_by_time(rows, log, wish.time, side);
        if (!found)
          return std::move(found.error());
        return found->value;
      },
      [promise](std::int64_t x) mutable { promise.deliver(offset_found{{x}}); },
      [promise](caf::error& e) mutable { promise.deliver(std::move(e)); });
    return promise;
  }

  caf::typed_response_promise<store_time_found>
  store_time(queue_offset offset) {
    auto promise = make_response_promise<store_time_found>();
    if (is_deriving_) {
      promise.deliver(not_yet());
      return promise;
    }
    if (auto error = state_.rows().write_rows()) {
      promise.deliver(std::move(error));
      return promise;
    }
    search(
      [offset](storage::consume_queue& rows,
               const storage::log_reader& log) -> caf::expected<std::int64_t> {
        auto time = storage::store_time_at(rows, log, offset);
        if (!time)
          return std::move(time.error());
        return time->value;
      },
      [promise](std::int64_t x) mutable {
        promise.deliver(store_time_found{{x}});
      },
      [promise](caf::error& e) mutable { promise.deliver(std::move(e)); });
    return promise;
  }

  caf::typed_response_promise<rows_read> read(const read_rows& wish) {
    auto promise = make_response_promise<rows_read>();
    if (is_deriving_) {
      promise.deliver(not_yet());
      return promise;
    }
    auto range = state_.range();
    if (wish.first < range.min || wish.first >= range.max) {
      promise.deliver(rows_read{range, {}});
      return promise;
    }
    if (auto error = state_.rows().write_rows()) {
      promise.deliver(std::move(error));
      return promise;
    }
    auto found = std::make_shared<std::vector<row_content>>();
    auto count = std::min<std::int64_t>({range.max - wish.first,
                                         std::max(wish.count_max, 0),
                                         limits::queue_rows_shown_max});
    search(
      [first = wish.first, count,
       found](storage::consume_queue& rows,
              const storage::log_reader&) -> caf::expected<std::int64_t> {
        std::vector<storage::consume_row> read;
        if (auto error =
              rows.read_blocking(first, static_cast<std::size_t>(count), read))
          return error;
        for (const auto& x : read)
          found->push_back({x.position, x.size, x.tags_code});
        return count;
      },
      [promise, range, found](std::int64_t) mutable {
        promise.deliver(rows_read{range, std::move(*found)});
      },
      [promise](caf::error& e) mutable { promise.deliver(std::move(e)); });
    return promise;
  }

  /// Rows are searched and files removed where waiting for the disk hurts
  /// nobody. Rows that are in memory only are of segments that stay.
  void trim(log_offset log_min) {
    auto range = state_.range();
    if (range.min == range.max)
      return trimmed(log_min);
    search(
      [log_min](storage::consume_queue& rows,
                const storage::log_reader&) -> caf::expected<std::int64_t> {
        if (auto error = rows.trim(log_min))
          return error;
        return rows.min().value;
      },
      [this, log_min](std::int64_t min) {
        state_.rows().follow_trim({min});
        trimmed(log_min);
      },
      [this](caf::error& error) {
        warn("cannot trim the consume queue", error);
        auto waiting = std::move(trim_waiting_);
        trim_waiting_.clear();
        for (const auto& pull : waiting)
          fail(pull, context_of(error));
        send_answers();
      });
  }

  queue_report report() {
    auto range = state_.range();
    return {options_.queue,
            range.min,
            range.max,
            state_.last_store_time(),
            parked_.size(),
            state_.appended_messages(),
            state_.pulled_messages(),
            state_.arrival_rate(options_.clock())};
  }

  caf::result<rows_written> write() {
    if (auto error = state_.rows().write_rows())
      return error;
    auto unsynced = state_.rows().take_unsynced();
    if (unsynced.empty() && parked_.empty())
      state_.rows().release(); // nothing new since the last time: it idles
    return rows_written{std::move(unsynced.files), unsynced.others};
  }

  void remove() {
    for (auto& pull : parked_)
      state_.expire(pull, answer_to(pull.asker));
    parked_.clear();
    send_answers();
    if (auto error = storage::remove_tree(options_.directory))
      warn("cannot remove the consume queue", error);
    quit();
  }

  queue_options options_;
  payload topic_;
  queue_state state_;
  std::vector<waiting_pull> parked_; // in order of arrival
  std::vector<waiting_pull> trim_waiting_;
  std::vector<std::pair<pull_asker, pull_done>> answers_; // of this handler
  bool is_deriving_ = false;
  epoch_ms sweep_at_; // deadline that the armed sweep_tick is for; 0: none
};

} // namespace

queue_actor spawn_queue(caf::actor_system& system, placement where,
                        queue_options options) {
  return spawn_at<queue_impl>(system, where, std::move(options));
}

} // namespace troupe
