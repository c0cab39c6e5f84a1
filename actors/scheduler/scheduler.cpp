#include "scheduler/scheduler.hpp"

#include "deadlines/alarm.hpp"
#include "reactor/quiet.hpp"
#include "storage/record.hpp"

#include "troupe/limits.hpp"
#include "troupe/model/hash.hpp"
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
/// the log as one batch; the next one waits until that is done and the progress
/// behind it durable, so that a crash repeats one batch at most.
struct level {
  std::int32_t number = 1;
  queue_actor queue;
  queue_offset next;      ///< of the next pull
  queue_offset delivered; ///< everything before it is in its real topic
  queue_offset max;
  log_offset settled; ///< position of the last one that was delivered
  std::deque<delayed_message> heads;
  std::size_t head_bytes = 0; ///< bodies and properties of the heads
  std::size_t batch = 0;      ///< heads that are being delivered
  std::size_t open = 0;       ///< of those: not settled, not failed
  bool failed = false;        ///< one of those
  bool heard = false;         ///< the queue has said what it holds
  bool pulling = false;
  bool storing = false; ///< its progress is on its way to the disk
  bool dirty = false;   ///< its progress is not there yet
};

text_span span_of(std::string_view text, std::string_view name) {
  auto value = properties::find(text, name);
  if (value.empty())
    return {};
  return {static_cast<std::uint16_t>(value.data() - text.data()),
          static_cast<std::uint16_t>(value.size())};
}

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
      [this](pull_done& x) { pulled(x); },
      [this](append_done& x) { stored_in_topic(x); },
      [this](const deliver_tick&) {
        if (alarm_.ring(options_.clock()))
          deliver_all();
      },
      [this](const delay_commit_tick&) { commit(); },
      [this](const describe_delays&) {
        delay_report report;
        for (const auto& x : levels_)
          report.levels.push_back({x.number, x.delivered, x.max});
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
              if (known.level == x.number)
                x.next = x.delivered = known.offset;
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
      x->heard = true;
      x->max = outcome.max;
      auto offset = x->next;
      for (auto i = outcome.first_run; i < outcome.first_run + outcome.runs;
           ++i)
        take_run(*x, found.runs[i], offset);
      x->next = outcome.next;
      if (x->heads.empty())
        advance(*x, x->next); // records that could not be read are behind us
      if (is_refusal(outcome.status))
        arm(options_.clock() + retry_delay.count());
      else
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
      if (offset >= x.delivered) {
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
    row.properties = payload::copy_of(text);
    row.text = property_text::complete;
    row.unique_key = span_of(row.properties.view(), properties::unique_key);
    row.keys = span_of(row.properties.view(), properties::keys);
    row.tags_code =
      tags_code(properties::find(row.properties.view(), properties::tags));
    row.body = payload::copy_of(record.body);
    row.flag = record.flag;
    row.sys_flag = record.sys_flag;
    row.reconsume_times = record.reconsume_times;
    row.born_time = record.born_time;
    row.born_host = record.born_host;
    row.store_host = record.store_host;
    row.prepared_offset = record.prepared_offset;
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
    if (x.batch > 0 || x.storing)
      return;
    if (x.dirty)
      return commit(); // comes here again
    if (x.heads.empty())
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
    auto behind = x.delivered;
    while (!x.heads.empty() && x.heads.front().settled) {
      behind = x.heads.front().offset + 1;
      x.settled = x.heads.front().position;
      x.head_bytes -= bytes_of(x.heads.front().row);
      x.heads.pop_front();
    }
    advance(x, x.heads.empty() ? std::max(behind, x.next) : behind);
    pull(x);
    if (x.failed)
      arm(options_.clock() + retry_delay.count());
    else
      deliver(x); // what comes next, when the progress is durable
  }

  void advance(level& x, queue_offset delivered) {
    if (delivered <= x.delivered)
      return;
    x.delivered = delivered;
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

  /// Makes the levels' progress durable, then delivers what is due by then.
  void commit() {
    put_delays rows;
    std::vector<std::int32_t> numbers;
    for (auto& x : levels_)
      if (x.dirty && !x.storing) {
        x.dirty = false;
        x.storing = true;
        rows.levels.push_back({x.number, x.delivered});
        numbers.push_back(x.number);
      }
    if (rows.levels.empty())
      return;
    request(options_.store, caf::infinite, std::move(rows))
      .then(
        [this, numbers](const stored&) {
          for (auto number : numbers)
            if (auto* x = find(number)) {
              x->storing = false;
              deliver(*x);
            }
        },
        [this, numbers](caf::error&) {
          for (auto number : numbers)
            if (auto* x = find(number)) {
              x->storing = false;
              x->dirty = true;
            }
          arm(options_.clock() + retry_delay.count());
        });
  }

  scheduler_options options_;
  std::vector<level> levels_;
  alarm alarm_;
};

} // namespace

scheduler_actor spawn_scheduler(caf::actor_system& system, placement where,
                                scheduler_options options) {
  return spawn_at<scheduler_impl>(system, where, std::move(options));
}

} // namespace troupe
