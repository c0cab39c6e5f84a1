#include "commit_log/commit_log.hpp"

#include "commit_log/append_answers.hpp"
#include "commit_log/checkpoints.hpp"
#include "commit_log/records.hpp"
#include "commit_log/spare_memory.hpp"
#include "commit_log/sync_gate.hpp"

#include "reactor/quiet.hpp"
#include "reactor/reactor_timer.hpp"
#include "storage/commit_log.hpp"
#include "storage/derived_backlog.hpp"
#include "storage/key_index.hpp"
#include "storage/log_events.hpp"

#include "troupe/limits.hpp"
#include "troupe/model/properties.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <deque>
#include <vector>

namespace troupe {

namespace {

class commit_log_impl : public commit_log_actor::base {
public:
  commit_log_impl(caf::actor_config& config, reactor* home,
                  commit_log_actor_options options)
    : commit_log_actor::base(config),
      options_(std::move(options)),
      log_(*options_.log),
      synced_(log_.written()),
      visible_(log_.written()),
      hold_timer_(home, [this] { send(this, background_sync_tick{}); }),
      checkpoints_(this, options_.index, options_.flusher,
                   std::min(options_.derived_end, log_.written())) {}

  const char* name() const override { return "commit_log"; }

  behavior_type make_behavior() override {
    make_quiet(*this);
    // What a crash left to derive is noted at once: until then no segment may
    // go, and the next start would derive it again.
    auto is_behind = checkpoints_.done() != visible_;
    delayed_send(this,
                 is_behind ? first_checkpoint_pause : limits::checkpoint_period,
                 checkpoint_tick{});
    return {
      [this](append_batch& x) { append(x); },
      [this](const failure_seen& x) { std::erase(refused_, x.listener); },
      [this](const flush_tick&) { flush(); },
      [this](read_records& x) { return read(std::move(x.positions)); },
      [this](const find_by_key& x) { return find(x); },
      [this](const describe_log&) { return report(); },
      [this](const drain_log&) { return drain(); },
      [this](const checkpoint_tick&) { checkpoint(); },
      [this](const final_checkpoint&) { return checkpoint_finally(); },
      [this](const set_rows_source& x) { checkpoints_.rows_from(x.source); },
      [this](const background_sync_tick&) {
        background_armed_ = false;
        request_sync(); // with flush=sync: it has been held long enough
      },
      [this](const list_segments&) { return segments(); },
      [this](const drop_segments& x) { return drop(x.position); },
      [this](disk_state& x) { disk_ = std::move(x); },
      [this](const resume_tick&) { take_again(); },
      [this](const follow_log& x) { checkpoints_.add(x.follower); },
      [this](const settle_log&) { return settle(); },
    };
  }

  // Handles in a ring would keep each other, and their threads, for ever.
  void on_exit() override {
    unwritten_.clear();
    unsynced_.clear();
    hold_timer_.stop();
    refused_.clear();
    checkpoints_.forget_actors();
    settling_.clear();
    options_ = {};
  }

private:
  static constexpr std::chrono::milliseconds failure_log_period{5000};
  static constexpr std::chrono::milliseconds first_checkpoint_pause{200};
  static constexpr std::chrono::milliseconds memory_period{30'000};

  // -- appending --------------------------------------------------------------

  void append(append_batch& batch) {
    if (std::ranges::find(refused_, batch.listener) != refused_.end())
      return fail(batch, 0, last_code_, last_failure_);
    if (auto refusal = why_refused())
      return fail(batch, 0, errc_of(refusal), context_of(refusal));
    // One stamp a batch; it never goes back, so that searches by time work.
    last_time_ = std::max(last_time_, options_.clock());
    logged_batch logged;
    logged.rows.reserve(batch.rows.size());
    for (std::size_t first = 0; first < batch.rows.size();) {
      auto count = group_size(batch, first);
      if (auto error = append_group(batch, first, count, logged.rows)) {
        auto rest = split(batch, first);
        keep(std::move(logged), std::move(batch));
        return fail(rest, 0, errc_of(error), context_of(error));
      }
      first += count;
    }
    keep(std::move(logged), std::move(batch));
  }

  void keep(logged_batch logged, append_batch batch) {
    if (batch.rows.empty())
      return;
    logged.batch = std::move(batch);
    logged.end = log_.end();
    unwritten_.push_back(std::move(logged));
    if (!armed_) {
      armed_ = true;
      send(this, flush_tick{});
    }
  }

  caf::error why_refused() const {
    if (draining_)
      return make_error(errc::shutting_down,
                        "the broker is shutting down; send to another one");
    if (!failure_.empty())
      return make_error(errc::log_sync_failed, failure_);
    if (!disk_.refusal.empty())
      return make_error(errc::disk_full, disk_.refusal);
    if (resuming_ || options_.clock() < room_retry_at_)
      return make_error(errc::disk_full, last_failure_);
    if (auto rows = storage::derived_backlog.load(std::memory_order_relaxed);
        rows > limits::derived_backlog_max)
      return make_error(errc::log_write_failed,
                        "consume queues or index cannot be written, "
                          + std::to_string(rows)
                          + " of their rows wait in memory; look at the disk "
                            "and the node's log: sends are taken again when "
                            "they are written");
    auto waiting = log_.end() - (is_sync() ? synced_ : log_.written());
    if (waiting > static_cast<std::int64_t>(limits::write_buffer_bytes_max))
      return make_error(
        errc::busy, "[PC_SYNCHRONIZED]broker busy, " + std::to_string(waiting)
                      + " bytes wait for the disk; retry in a moment");
    return caf::none;
  }

  bool is_sync() const { return options_.flush == flush_mode::sync; }

  static std::size_t group_size(const append_batch& batch, std::size_t first) {
    std::size_t count = 1;
    while (first + count < batch.rows.size()
           && batch.rows[first + count].continues)
      ++count;
    return count;
  }

  storage::record_draft draft_of(const append_batch& batch,
                                 const append_row& row) const {
    storage::record_draft draft;
    draft.topic = batch.topic.view();
    draft.body = row.body.view();
    draft.properties = row.properties.view();
    if (row.text == property_text::from_client)
      draft.more_properties = options_.more_properties;
    draft.queue = batch.queue;
    draft.offset = row.offset;
    draft.flag = row.flag;
    draft.sys_flag = row.sys_flag;
    draft.reconsume_times = row.reconsume_times;
    draft.born_time = row.born_time;
    draft.born_host = row.born_host;
    draft.store_time = last_time_;
    draft.store_host = row.store_host;
    draft.prepared_offset = row.prepared_offset;
    return draft;
  }

  /// Encodes the messages of one request, all in one segment.
  caf::error append_group(append_batch& batch, std::size_t first,
                          std::size_t count, std::vector<appended_row>& rows) {
    std::size_t bytes = 0;
    for (std::size_t i = first; i < first + count; ++i)
      bytes += storage::record_size(draft_of(batch, batch.rows[i]));
    if (auto error = log_.reserve(bytes)) {
      note_failure("no next segment", error);
      if (!is(error, errc::illegal_message))
        wait_for_room();
      return make_error(errc_of(error), last_failure_);
    }
    for (std::size_t i = first; i < first + count; ++i) {
      auto& row = batch.rows[i];
      auto draft = draft_of(batch, row);
      auto size = storage::record_size(draft);
      auto position = log_.append(draft, size);
      if (row.due_after_ms > 0)
        row.tags_code = last_time_.value + row.due_after_ms;
      rows.push_back(
        {position, static_cast<std::int32_t>(size), row.tags_code, last_time_});
      index_row(batch, row, position);
      storage::add_log_events({draft.topic, draft.body, draft.properties,
                               row.offset, position, row.prepared_offset,
                               last_time_, row.sys_flag},
                              events_);
    }
    appended_messages_ += static_cast<std::int64_t>(count);
    appended_bytes_ += static_cast<std::int64_t>(bytes);
    return caf::none;
  }

  /// There is no room for the next segment. Trying costs the reactor file
  /// calls, so it is not tried with every batch.
  void wait_for_room() {
    room_retry_at_ =
      options_.clock()
      + std::chrono::milliseconds{limits::disk_retry_pause}.count();
  }

  /// Remembers why nothing could be stored, with what to do; logs it now and
  /// then, not with every batch.
  void note_failure(const char* what, const caf::error& error) {
    last_failure_ =
      context_of(error)
      + (is(error, errc::disk_full)
           ? "; make room on the disk: sends are taken again by themselves"
           : "; look at the disk and the kernel's log: the next send is tried "
             "again");
    auto now = options_.clock();
    if (now < failure_told_at_ + failure_log_period.count())
      return;
    failure_told_at_ = now;
    log::error("commit_log", what).with("why", last_failure_);
  }

  void index_row(const append_batch& batch, const append_row& row,
                 log_offset position) {
    auto topic = batch.topic.view();
    auto text = row.properties.view();
    auto add = [&](std::string_view key) {
      keys_.push_back({storage::index_hash(topic, key), position, last_time_});
    };
    if (row.unique_key.size > 0)
      add(text.substr(row.unique_key.offset, row.unique_key.size));
    properties::for_each_key(text.substr(row.keys.offset, row.keys.size), add);
  }

  /// Takes the rows from `first` on out of `batch` into one of their own.
  static append_batch split(append_batch& batch, std::size_t first) {
    append_batch rest;
    rest.reply_to = batch.reply_to;
    rest.topic = batch.topic;
    rest.queue = batch.queue;
    rest.listener = batch.listener;
    auto begin = batch.rows.begin() + static_cast<long>(first);
    rest.rows.assign(std::make_move_iterator(begin),
                     std::make_move_iterator(batch.rows.end()));
    batch.rows.erase(begin, batch.rows.end());
    return rest;
  }

  // -- writing ----------------------------------------------------------------

  void flush() {
    armed_ = false;
    if (unwritten_.empty())
      return;
    ++writes_;
    if (auto error = log_.write()) {
      log_.discard_unwritten();
      keys_.clear();
      std::erase_if(events_, [this](const log_event& x) {
        return x.position >= log_.end();
      });
      note_failure("write failed", error);
      auto failed = std::move(unwritten_);
      unwritten_.clear();
      for (auto& x : failed)
        fail(x.batch, 0, errc_of(error), last_failure_);
      return;
    }
    std::ranges::move(keys_, std::back_inserter(written_keys_));
    keys_.clear();
    if (written_keys_.size() >= limits::index_batch_entries)
      tell_index();
    prepare_next();
    if (is_sync()) {
      answer_unwaited();
      for (auto& x : unwritten_) {
        unsynced_messages_ += std::ssize(x.rows);
        unsynced_.push_back(std::move(x));
      }
      unwritten_.clear();
      request_sync();
      return;
    }
    publish(unwritten_);
    unwritten_.clear();
    if (!background_armed_) {
      background_armed_ = true;
      delayed_send(this, limits::async_flush_period, background_sync_tick{});
    }
  }

  /// Hands over the keys of what is written. The index has a thread of its
  /// own: waking it with every write costs more than the write of a small
  /// message, so keys wait until they are many or somebody asks the index.
  void tell_index() {
    if (written_keys_.empty())
      return;
    send(options_.index,
         add_index_entries{std::move(written_keys_), log_.written()});
    written_keys_.clear();
  }

  /// Answers the producers that asked not to wait for the disk.
  void answer_unwaited() {
    append_answers now;
    for (auto& logged : unwritten_)
      for (std::size_t i = 0; i < logged.batch.rows.size(); ++i)
        if (logged.batch.rows[i].ack == ack_when::written)
          now.add(logged, i, errc::none);
    now.send(*this);
  }

  /// Tells the followers what the records mean that can be seen now.
  void tell_followers() {
    auto hidden = std::ranges::find_if(
      events_, [this](const log_event& x) { return x.position >= visible_; });
    if (hidden == events_.begin())
      return;
    log_events news{{events_.begin(), hidden}, visible_};
    events_.erase(events_.begin(), hidden);
    for (const auto& follower : checkpoints_.followers())
      send(follower, news);
  }

  /// Shows messages to consumers and answers their producers.
  void publish(std::vector<logged_batch>& batches) {
    append_answers now;
    for (auto& logged : batches) {
      for (std::size_t i = 0; i < logged.batch.rows.size(); ++i)
        if (!is_sync() || logged.batch.rows[i].ack == ack_when::durable)
          now.add(logged, i, errc::none);
      send(logged.batch.listener,
           appended{logged.batch.rows.front().offset, std::move(logged.rows)});
      visible_ = std::max(visible_, logged.end);
    }
    // Before the answers: who has one may ask a follower about it.
    tell_followers();
    now.send(*this);
  }

  /// Which rows have their answer already: those that did not wait for the
  /// disk.
  enum class answered : std::uint8_t {
    none,
    unwaited
  };

  /// Answers the rows from `first` on with an error and lets their queue take
  /// the offsets back.
  void fail(append_batch& batch, std::size_t first, errc error,
            const std::string& why, answered before = answered::none) {
    last_code_ = error;
    if (&why != &last_failure_)
      last_failure_ = why;
    append_answers now;
    logged_batch logged;
    auto offset = batch.rows[first].offset;
    logged.batch = std::move(batch);
    for (auto i = first; i < logged.batch.rows.size(); ++i)
      if (before == answered::none
          || logged.batch.rows[i].ack == ack_when::durable)
        now.add(logged, i, error);
    if (error == errc::disk_full)
      refused_disk_full_ += std::ssize(logged.batch.rows);
    now.send(*this, why);
    const auto& listener = logged.batch.listener;
    if (std::ranges::find(refused_, listener) != refused_.end())
      return; // it has been told; this batch was under way
    refused_.push_back(listener);
    send(listener, append_failed{offset});
  }

  // -- syncing ----------------------------------------------------------------

  void request_sync() {
    if (syncing_ || resuming_ || !failure_.empty() || synced_ == log_.written())
      return;
    if (is_sync() && is_held())
      return;
    syncing_ = true;
    ++syncs_;
    sync_began_ = sync_gate::clock::now();
    auto upto = log_.written();
    request(options_.flusher, caf::infinite, sync_files{log_.take_unsynced()})
      .then([this, upto](const files_synced&) { synced(upto); },
            [this](caf::error& error) { sync_failed(error); });
  }

  /// Whether the next sync waits for producers that come back in a moment.
  bool is_held() {
    if (draining_)
      return false;
    auto wait = gate_.hold(sync_gate::clock::now(), unsynced_messages_);
    return hold_timer_.set(wait);
  }

  void synced(log_offset upto) {
    syncing_ = false;
    synced_ = upto;
    if (is_sync()) {
      std::vector<logged_batch> durable;
      std::int64_t messages = 0;
      while (!unsynced_.empty() && unsynced_.front().end <= upto) {
        messages += std::ssize(unsynced_.front().rows);
        durable.push_back(std::move(unsynced_.front()));
        unsynced_.pop_front();
      }
      unsynced_messages_ -= messages;
      auto now = sync_gate::clock::now();
      gate_.ended(now, now - sync_began_, messages, unsynced_messages_);
      publish(durable);
      request_sync();
    }
    answer_settled();
    finish_drain();
  }

  /// The kernel may have dropped what it could not write: from here on nothing
  /// can be acknowledged, ever, by this process. Reads go on.
  void sync_failed(const caf::error& error) {
    syncing_ = false;
    if (is_sync() && is(error, errc::disk_full))
      return stop_for_room(error);
    failure_ = "the broker stores no messages any more: " + context_of(error)
               + "; mend the disk and restart it";
    log::error("commit_log", "sync failed, no more messages are stored")
      .with("why", context_of(error));
    fail_unsynced(errc::log_sync_failed, failure_);
    events_.clear();
    answer_settled();
    finish_drain();
  }

  void fail_unsynced(errc code, const std::string& why) {
    auto failed = std::move(unsynced_);
    unsynced_.clear();
    unsynced_messages_ = 0;
    for (auto& x : failed)
      fail(x.batch, 0, code, why, answered::unwaited);
  }

  /// The disk has no blocks for what was written. Nobody was told that any of
  /// it is stored: it is given up, and so is what came behind it. When blanks
  /// in its place could be synced, there is room and messages are taken again.
  void stop_for_room(const caf::error& error) {
    note_failure("sync failed", error);
    resuming_ = true;
    fail_unsynced(errc::disk_full, last_failure_);
    auto failed = std::move(unwritten_);
    unwritten_.clear();
    keys_.clear();
    events_.clear(); // nobody was told of them: their records are not visible
    log_.discard_unwritten();
    for (auto& x : failed)
      fail(x.batch, 0, errc::disk_full, last_failure_);
    delayed_send(this, limits::disk_retry_pause, resume_tick{});
    finish_drain();
  }

  void take_again() {
    auto again = [this](const caf::error& error) {
      note_failure("the disk is still full", error);
      delayed_send(this, limits::disk_retry_pause, resume_tick{});
    };
    if (auto error = log_.abandon(synced_))
      return again(error);
    request(options_.flusher, caf::infinite, sync_files{log_.take_unsynced()})
      .then(
        [this](const files_synced&) {
          resuming_ = false;
          synced_ = log_.written();
          log::info("commit_log", "there is room again, messages are stored")
            .with("log_offset", synced_.value);
          finish_drain();
        },
        [again](caf::error& error) { again(error); });
  }

  /// With flush=sync only what is on the disk is visible: answers at once.
  caf::typed_response_promise<log_settled> settle() {
    auto promise = make_response_promise<log_settled>();
    settling_.emplace_back(visible_, promise);
    answer_settled();
    request_sync();
    return promise;
  }

  void answer_settled() {
    std::erase_if(settling_, [this](auto& waiting) {
      auto& [end, promise] = waiting;
      if (end <= synced_)
        promise.deliver(log_settled{});
      else if (!failure_.empty())
        promise.deliver(make_error(errc::log_sync_failed, failure_));
      else
        return false;
      return true;
    });
  }

  void prepare_next() {
    if (preparing_ || !log_.wants_next())
      return;
    preparing_ = true;
    prepare_segment wish{log_.options().directory, log_.next_start(),
                         log_.options().segment_bytes};
    request(options_.flusher, caf::infinite, std::move(wish))
      .then(
        [this](segment_prepared& x) {
          preparing_ = false;
          log_.adopt_next(std::move(x.segment));
        },
        [this](caf::error& error) {
          // Tried again, on the spot, when the current segment is full.
          preparing_ = false;
          log::warning("commit_log", "cannot prepare the next segment")
            .with("why", describe(error));
        });
  }

  // -- reading ----------------------------------------------------------------

  caf::typed_response_promise<record_bytes>
  read(std::vector<log_offset> positions) {
    auto promise = make_response_promise<record_bytes>();
    auto job = [reader = log_.reader(), positions = std::move(positions)] {
      return records_at(reader, positions);
    };
    read_cold(promise, std::move(job));
    return promise;
  }

  void read_cold(caf::typed_response_promise<record_bytes> promise,
                 std::function<caf::expected<std::vector<payload>>()> job) {
    request(options_.cold_reader, caf::infinite, cold_records{std::move(job)})
      .then(
        [promise](record_bytes& x) mutable { promise.deliver(std::move(x)); },
        [promise](caf::error& e) mutable { promise.deliver(std::move(e)); });
  }

  caf::typed_response_promise<record_bytes> find(const find_by_key& wish) {
    auto promise = make_response_promise<record_bytes>();
    auto count = std::clamp(wish.count_max, 1, limits::query_messages_max);
    find_positions question{storage::index_hash(wish.topic, wish.key),
                            wish.begin, wish.end, count};
    tell_index();
    request(options_.index, caf::infinite, std::move(question))
      .then(
        [this, promise, wish](positions_found& x) {
          auto job = [reader = log_.reader(), wish,
                      positions = std::move(x.positions)] {
            return records_with_key(reader, positions, wish);
          };
          read_cold(promise, std::move(job));
        },
        [promise](caf::error& e) mutable { promise.deliver(std::move(e)); });
    return promise;
  }

  caf::typed_response_promise<log_report> report() {
    auto promise = make_response_promise<log_report>();
    log_report now;
    now.min = log_.min();
    now.written = log_.written();
    now.synced = synced_;
    now.appended_messages = appended_messages_;
    now.appended_bytes = appended_bytes_;
    now.writes = writes_;
    now.syncs = syncs_;
    now.failure = failure_.empty() ? disk_.refusal : failure_;
    now.disk_total_bytes = disk_.total_bytes;
    now.disk_free_bytes = disk_.free_bytes;
    now.refused_disk_full = refused_disk_full_;
    auto job = [reader = log_.reader()]() -> caf::expected<std::int64_t> {
      auto first = reader.read_record(reader.min());
      if (!first)
        return std::int64_t{-1};
      return storage::store_time_of(first->data).value;
    };
    request(options_.cold_reader, caf::infinite, cold_number{std::move(job)})
      .then(
        [promise, now](const cold_number_found& x) mutable {
          now.earliest_store_time = {x.value};
          promise.deliver(std::move(now));
        },
        [promise](caf::error& e) mutable { promise.deliver(std::move(e)); });
    return promise;
  }

  // -- retention --------------------------------------------------------------

  segment_list segments() const {
    segment_list result;
    for (const auto& x : log_.segments())
      result.segments.push_back(
        {x->backing()->path(), x->end(), x->end() - x->start()});
    result.derived_end = checkpoints_.done();
    return result;
  }

  segments_dropped drop(log_offset position) {
    segments_dropped result;
    result.paths = log_.drop_before(std::min(position, checkpoints_.done()));
    result.min = log_.min();
    return result;
  }

  // -- checkpoints and the end ------------------------------------------------

  void checkpoint() {
    delayed_send(this, limits::checkpoint_period, checkpoint_tick{});
    if (checkpointing_ || !checkpoints_.is_ready() || !failure_.empty())
      return;
    if (visible_ == checkpoints_.done())
      return rest();
    resting_ = false;
    checkpointing_ = true;
    tell_index();
    checkpoints_.write(visible_, false, [this](const caf::error& error) {
      checkpointing_ = false;
      if (error)
        log::error("commit_log", "checkpoint failed, a restart takes longer")
          .with("why", describe(error));
      give_back_memory();
    });
  }

  /// Once, when nothing has come since the last checkpoint.
  void rest() {
    if (resting_)
      return;
    resting_ = checkpointing_ = true;
    checkpoints_.rest([this] {
      checkpointing_ = false;
      memory_given_back_ = {};
      give_back_memory();
    });
  }

  void give_back_memory() {
    auto now = options_.clock();
    if (now < memory_given_back_ + memory_period.count())
      return;
    memory_given_back_ = now;
    auto job = []() -> caf::expected<std::int64_t> {
      give_back_spare_memory();
      return std::int64_t{0};
    };
    request(options_.cold_reader, caf::infinite, cold_number{std::move(job)})
      .then([](const cold_number_found&) {});
  }

  caf::typed_response_promise<checkpoint_done> checkpoint_finally() {
    auto promise = make_response_promise<checkpoint_done>();
    tell_index();
    checkpoints_.write(visible_, unsynced_.empty() && failure_.empty(),
                       [promise](const caf::error& error) mutable {
                         if (error)
                           promise.deliver(error);
                         else
                           promise.deliver(checkpoint_done{});
                       });
    return promise;
  }

  caf::typed_response_promise<log_drained> drain() {
    draining_ = true;
    drained_ = make_response_promise<log_drained>();
    flush();
    request_sync();
    finish_drain();
    return drained_;
  }

  void finish_drain() {
    if (!draining_ || !drained_.pending() || syncing_)
      return;
    if (failure_.empty() && !resuming_ && synced_ != log_.written()) {
      request_sync();
      return;
    }
    drained_.deliver(log_drained{log_.written()});
  }

  commit_log_actor_options options_;
  storage::commit_log& log_;
  std::vector<log_event> events_; // of records that are not visible yet
  std::vector<std::pair<log_offset, caf::typed_response_promise<log_settled>>>
    settling_; // until the disk has that much
  std::vector<logged_batch> unwritten_;
  std::deque<logged_batch> unsynced_;     // written, in order; sync mode only
  std::int64_t unsynced_messages_ = 0;    // of them
  std::vector<append_listener> refused_;  // until failure_seen
  std::vector<index_entry> keys_;         // of unwritten records
  std::vector<index_entry> written_keys_; // the index has not been told of
  epoch_ms last_time_;
  log_offset synced_;
  log_offset visible_; // end of the records that consumers may see
  sync_gate gate_;
  sync_gate::time_point sync_began_;
  reactor_timer hold_timer_;
  checkpoints checkpoints_;
  bool armed_ = false; // a flush_tick is under way
  bool background_armed_ = false;
  bool syncing_ = false;
  bool preparing_ = false;
  bool checkpointing_ = false;
  bool resting_ = false; // nothing came since, and all let go of what they had
  epoch_ms memory_given_back_;
  bool draining_ = false;
  std::string failure_;      // final
  std::string last_failure_; // why something was not stored the last time
  errc last_code_ = errc::log_write_failed; // of last_failure_
  std::int64_t appended_messages_ = 0;
  std::int64_t appended_bytes_ = 0;
  std::int64_t writes_ = 0;
  std::int64_t syncs_ = 0;
  std::int64_t refused_disk_full_ = 0;
  disk_state disk_;
  epoch_ms room_retry_at_;   // until then there is no room for a segment
  epoch_ms failure_told_at_; // in the log
  bool resuming_ = false;    // a sync found the disk full
  caf::typed_response_promise<log_drained> drained_;
};

} // namespace

commit_log_actor spawn_commit_log(caf::actor_system& system, placement where,
                                  commit_log_actor_options options) {
  return spawn_at<commit_log_impl>(system, where, where.home,
                                   std::move(options));
}

} // namespace troupe
