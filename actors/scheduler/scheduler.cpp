#include "scheduler/scheduler.hpp"

#include "deadlines/alarm.hpp"
#include "reactor/quiet.hpp"
#include "storage/record.hpp"

#include "troupe/actor/row_properties.hpp"
#include "troupe/limits.hpp"
#include "troupe/model/names.hpp"
#include "troupe/model/properties.hpp"

#include <caf/actor_cast.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <charconv>
#include <deque>
#include <map>
#include <vector>

namespace troupe {

namespace {

/// A delayed message that is not delivered yet.
struct delayed_message {
  queue_offset offset; ///< in the level's queue
  log_offset position; ///< in the log
  epoch_ms due;
  std::string topic; ///< the real one
  queue_id queue;
  append_row row;
  bool settled = false; ///< in its real topic, or there is none
};

/// One delay level: its queue is in order of due times. What is due goes into
/// the log as one batch, the next one when that is done. A record that arrives
/// names the one it comes from: a start reads in the log which have arrived.
struct level {
  std::int32_t number = 1;
  queue_actor queue;
  queue_offset next; ///< of the next pull
  delivered_offsets delivered;
  queue_offset max;
  log_offset settled; ///< position of the last one that was delivered
  std::deque<delayed_message> heads;
  std::size_t head_bytes = 0; ///< bodies and properties of the heads
  std::size_t batch = 0;      ///< heads that are being delivered
  std::size_t open = 0;       ///< of those: not settled, not failed
  bool failed = false;        ///< one of those
  bool heard = false;         ///< the queue has said what it holds
  bool pulling = false;
  bool dirty = false; ///< its progress has changed since it was stored
};

std::size_t bytes_of(const append_row& row) {
  return row.body.size() + row.properties.size();
}

class scheduler_impl : public scheduler_actor::base {
public:
  scheduler_impl(caf::actor_config& config, scheduler_options options)
    : scheduler_actor::base(config),
      options_(std::move(options)) {}

  const char* name() const override { return "scheduler"; }

  behavior_type make_behavior() override {
    make_quiet(*this);
    start();
    return {
      [this](const log_events& x) { follow(x); },
      [this](const apply_events& x) { return apply(x.end); },
      [this](pull_done& x) { pulled(x); },
      [this](append_done& x) { stored_in_topic(x); },
      [this](const deliver_tick&) {
        if (alarm_.ring(options_.clock()))
          deliver_all();
      },
      [this](const describe_delays&) {
        delay_report report;
        for (const auto& x : levels_)
          report.levels.push_back({x.number, x.delivered.next(), x.max});
        return report;
      },
      [this](const query_oldest_needed&) { return oldest_needed{oldest()}; },
    };
  }

  // Handles in a ring would keep each other, and their threads, for ever.
  void on_exit() override {
    levels_.clear();
    options_ = {};
  }

private:
  static constexpr std::chrono::milliseconds retry_delay{100};

  void start() {
    request(options_.directory, caf::infinite,
            find_topic{std::string{names::schedule_topic}, {}, false})
      .then(
        [this](topic_view& view) {
          for (std::size_t i = 0; i < view.queues.size(); ++i) {
            level x;
            x.number = static_cast<std::int32_t>(i) + 1;
            x.queue = view.queues[i];
            for (const auto& known : options_.progress)
              if (known.level == x.number) {
                x.delivered = known.delivered;
                x.next = x.delivered.next();
              }
            levels_.push_back(std::move(x));
          }
          for (auto& x : levels_)
            pull(x);
        },
        [](caf::error& error) {
          log::error("scheduler", "no schedule topic, nothing is delayed")
            .with("why", describe(error));
        });
  }

  void pull(level& x) {
    if (x.pulling || x.heads.size() >= limits::delay_batch_messages_max
        || x.head_bytes >= limits::delay_heads_bytes_max)
      return;
    x.pulling = true;
    pull_row row;
    row.from.opaque = x.number; // finds the level again
    row.offset = x.next;
    row.messages_max =
      static_cast<std::int32_t>(limits::delay_batch_messages_max);
    // Long, because nobody watches: a message wakes it. Only the first answer
    // comes at once: it says whether anything waits.
    if (x.heard)
      row.park_until =
        options_.clock() + std::chrono::milliseconds{limits::park_max}.count();
    pull_batch batch;
    batch.rows.push_back(std::move(row));
    batch.reply_to = caf::actor_cast<pull_asker>(this);
    send(x.queue, std::move(batch));
  }

  level* find(std::int32_t number) {
    auto index = static_cast<std::size_t>(number) - 1;
    return index < levels_.size() ? &levels_[index] : nullptr;
  }

  void pulled(const pull_done& found) {
    for (const auto& outcome : found.rows) {
      auto* x = find(outcome.from.opaque);
      if (x == nullptr)
        continue;
      x->pulling = false;
      if (is_refusal(outcome.status)) { // it says nothing of the queue
        arm(options_.clock() + retry_delay.count());
        continue;
      }
      x->heard = true;
      x->max = outcome.max;
      if (outcome.max < x->delivered.next())
        begin_anew(*x);
      auto offset = x->next;
      for (auto i = outcome.first_run; i < outcome.first_run + outcome.runs;
           ++i)
        take_run(*x, found.runs[i], offset);
      x->next = outcome.next;
      advance(*x); // records that could not be read may be behind us
      pull(*x);
      deliver(*x);
    }
  }

  void take_run(level& x, const borrowed_bytes& run, queue_offset& offset) {
    auto bytes = run.view();
    while (!bytes.empty()) {
      auto record = storage::decode_record(bytes, storage::record_check::crc);
      if (!record) {
        log::error("scheduler", "a delayed message cannot be read, it is lost")
          .with("level", x.number)
          .with("queue_offset", offset.value)
          .with("why", describe(record.error()));
        return; // the run cannot be followed any further
      }
      offset = record->offset;
      if (!x.delivered.contains(offset)) {
        x.heads.push_back(message_of(x, *record));
        x.head_bytes += bytes_of(x.heads.back().row);
      }
      bytes.remove_prefix(record->size);
    }
  }

  delayed_message message_of(const level& x,
                             const storage::record_view& record) const {
    delayed_message message;
    message.offset = record.offset;
    message.position = record.position;
    message.due = record.store_time + options_.delays.delay_ms(x.number);
    auto text = record.properties;
    message.topic = properties::find(text, properties::real_topic);
    auto queue = properties::find(text, properties::real_queue_id);
    std::from_chars(queue.data(), queue.data() + queue.size(),
                    message.queue.value);
    auto& row = message.row;
    // RocketMQ leaves DELAY, REAL_TOPIC and REAL_QID in the stored text.
    set_properties(row, text, property_text::complete);
    row.body = payload::copy_of(record.body);
    row.flag = record.flag;
    row.sys_flag = record.sys_flag;
    row.reconsume_times = record.reconsume_times;
    row.born_time = record.born_time;
    row.born_host = record.born_host;
    row.store_host = record.store_host;
    row.prepared_offset = mark_of({x.number, record.offset});
    row.from.opaque = x.number;
    return message;
  }

  // -- delivering -------------------------------------------------------------

  void deliver_all() {
    for (auto& x : levels_) {
      pull(x);
      deliver(x);
    }
  }

  /// Whether a head may go. Further off than its whole delay: the clock has
  /// jumped back, and nothing waits longer than it was asked to.
  bool is_due(const level& x, const delayed_message& head, epoch_ms now) const {
    return head.due <= now
           || head.due - now > options_.delays.delay_ms(x.number);
  }

  void deliver(level& x) {
    if (x.batch > 0 || x.heads.empty())
      return;
    auto now = options_.clock();
    std::map<std::string, std::vector<std::size_t>> by_topic;
    while (x.batch < x.heads.size()
           && x.batch < limits::delay_batch_messages_max
           && is_due(x, x.heads[x.batch], now)) {
      auto& head = x.heads[x.batch];
      if (!head.settled)
        by_topic[head.topic].push_back(x.batch);
      ++x.batch;
    }
    if (x.batch == 0)
      return arm(x.heads.front().due);
    x.failed = false;
    for (const auto& [topic, places] : by_topic)
      x.open += places.size();
    auto number = x.number;
    for (auto& [topic, places] : by_topic) {
      find_topic wish{topic,
                      {},
                      names::is_retry_topic(topic)
                        || names::is_dead_letter_topic(topic)};
      request(options_.directory, caf::infinite, std::move(wish))
        .then([this, number,
               mine = places](topic_view& view) { append(number, mine, view); },
              [this, number, mine = places](caf::error& error) {
                undeliverable(number, mine, error);
              });
    }
  }

  /// Appends heads of one topic, a batch for each of its queues.
  void append(std::int32_t number, const std::vector<std::size_t>& places,
              topic_view& view) {
    auto& x = *find(number);
    auto queues = view.queues.size();
    if (queues == 0)
      return undeliverable(
        number, places,
        make_error(errc::queue_not_found, "the topic has no queue"));
    std::map<std::size_t, append_batch> batches;
    for (auto place : places) {
      auto& head = x.heads[place];
      auto queue =
        static_cast<std::size_t>(std::max(head.queue.value, 0)) % queues;
      auto row = head.row; // kept until it is stored
      row.from.connection.slot = static_cast<std::uint32_t>(place);
      batches[queue].rows.push_back(std::move(row));
    }
    for (auto& [queue, batch] : batches) {
      batch.reply_to = caf::actor_cast<append_asker>(this);
      send(view.queues[queue], std::move(batch));
    }
  }

  void undeliverable(std::int32_t number,
                     const std::vector<std::size_t>& places,
                     const caf::error& error) {
    auto& x = *find(number);
    auto gone =
      is(error, errc::topic_not_found) || is(error, errc::queue_not_found);
    if (gone)
      log::warning("scheduler", "delayed messages have no topic any more")
        .with("topic", x.heads[places.front()].topic)
        .with("messages", places.size())
        .with("why", describe(error));
    for (auto place : places)
      settle(x, place, gone);
  }

  void stored_in_topic(const append_done& ended) {
    for (const auto& outcome : ended.rows)
      if (auto* x = find(outcome.from.opaque);
          x != nullptr && outcome.from.connection.slot < x->batch)
        settle(*x, outcome.from.connection.slot, outcome.error == errc::none);
  }

  /// A head of the batch has come to an end, or failed for now.
  void settle(level& x, std::size_t place, bool ended) {
    x.heads[place].settled |= ended;
    x.failed |= !ended;
    if (--x.open > 0)
      return;
    x.batch = 0;
    while (!x.heads.empty() && x.heads.front().settled) {
      x.settled = x.heads.front().position;
      x.head_bytes -= bytes_of(x.heads.front().row);
      x.heads.pop_front();
    }
    advance(x);
    pull(x);
    if (x.failed)
      arm(options_.clock() + retry_delay.count());
    else
      deliver(x);
  }

  /// Everything before the first head is delivered, or cannot be.
  void advance(level& x) {
    auto to = x.heads.empty() ? x.next : x.heads.front().offset;
    if (to <= x.delivered.next())
      return;
    x.delivered.advance(to);
    x.dirty = true;
  }

  /// The queue ends before what is known of it: its messages are gone, and
  /// what comes into it now is new.
  void begin_anew(level& x) {
    log::error("scheduler", "a delay level ends before its progress")
      .with("level", x.number)
      .with("progress", x.delivered.next().value)
      .with("end", x.max.value);
    x.delivered = delivered_offsets{x.max};
    x.dirty = true;
  }

  /// The oldest message that is not delivered yet.
  log_offset oldest() const {
    if (levels_.empty())
      return {}; // not started: all of the log may be needed
    auto first = nothing_needed;
    for (const auto& x : levels_) {
      if (!x.heads.empty())
        first = std::min(first, x.heads.front().position);
      else if (!x.heard || x.next < x.max)
        first = std::min(first, x.settled);
    }
    return first;
  }

  /// One timer, for the message that is due first.
  void arm(epoch_ms due) {
    if (auto wait = alarm_.arm(due, options_.clock()))
      delayed_send(this, *wait, deliver_tick{});
  }

  // -- the log ----------------------------------------------------------------

  void follow(const log_events& news) {
    for (const auto& event : news.events)
      if (event.what == log_event::kind::delay_ended)
        take(event);
    seen_ = std::max(seen_, news.end);
  }

  void take(const log_event& event) {
    auto source = delayed_source_of({event.id});
    auto* x = source ? find(source->level) : nullptr;
    if (x == nullptr || x->delivered.contains(source->offset))
      return;
    x->delivered.add(source->offset);
    x->dirty = true;
  }

  /// Makes the levels' progress durable, up to what the log has said.
  caf::typed_response_promise<events_applied> apply(log_offset end) {
    auto promise = make_response_promise<events_applied>();
    put_delays rows{std::max(seen_, end), {}};
    seen_ = rows.applied;
    for (auto& x : levels_)
      if (std::exchange(x.dirty, false))
        rows.levels.push_back({x.number, x.delivered});
    auto failed = [this, rows, promise](caf::error& error) mutable {
      for (const auto& row : rows.levels)
        find(row.level)->dirty = true;
      promise.deliver(std::move(error));
    };
    // Neither progress nor watermark is ever ahead of the synced log.
    request(options_.log, caf::infinite, settle_log{})
      .then(
        [this, rows, promise, failed](const log_settled&) mutable {
          request(options_.store, caf::infinite, std::move(rows))
            .then(
              [promise](const stored&) mutable {
                promise.deliver(events_applied{});
              },
              failed);
        },
        failed);
    return promise;
  }

  scheduler_options options_;
  std::vector<level> levels_;
  log_offset seen_; // what the log says before it is in the levels
  alarm alarm_;
};

} // namespace

scheduler_actor spawn_scheduler(caf::actor_system& system, placement where,
                                scheduler_options options) {
  return spawn_at<scheduler_impl>(system, where, std::move(options));
}

} // namespace troupe
