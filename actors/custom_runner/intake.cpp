#include "custom_runner/intake.hpp"

#include "troupe/log.hpp"
#include "troupe/model/properties.hpp"

#include <algorithm>

namespace troupe {

namespace {

/// The queue compares hash codes only; here is the text.
bool is_wanted(const subscription_ptr& filter,
               const storage::record_view& record) {
  if (!filter || filter->filter.matches_everything())
    return true;
  auto tag = properties::find(record.properties, properties::tags);
  return std::ranges::find(filter->filter.tags(), tag)
         != filter->filter.tags().end();
}

} // namespace

void intake::add(const queue_key& key, const queue_actor& actor,
                 subscription_ptr filter, queue_offset from, progress known) {
  if (auto* found = find(key)) {
    if (found->actor != actor) {
      found->actor = actor;
      move_to(*found, found->done);
    }
    return;
  }
  intake_queue made;
  made.key = key;
  made.actor = actor;
  made.filter = std::move(filter);
  made.done = made.max = from;
  // Where it began is put too, or it would begin elsewhere the next time.
  made.committed = known == progress::known ? from : queue_offset{-1};
  queues_.push_back(std::move(made));
}

std::vector<queue_key> intake::drop(const std::string& topic) {
  std::vector<queue_key> gone;
  std::erase_if(queues_, [&](const intake_queue& x) {
    if (x.key.topic != topic)
      return false;
    gone.push_back(x.key);
    return true;
  });
  return gone;
}

intake_queue* intake::find(const queue_key& key) {
  auto found = std::ranges::find(queues_, key, &intake_queue::key);
  return found == queues_.end() ? nullptr : &*found;
}

void intake::move_to(intake_queue& queue, queue_offset offset) {
  queue.pull = 0; // an answer that is under way is not ours any more
  queue.done = queue.behind = offset;
  queue.runs.clear();
  queue.run = queue.at = 0;
  queue.waiting = 0;
}

pull_row intake::make_pull(intake_queue& queue, epoch_ms now) {
  if (++pulls_ == 0)
    ++pulls_; // 0 means none
  queue.pull = pulls_;
  queue.pulled_at = now;
  pull_row row;
  row.from.connection.slot = queue.pull;
  row.offset = queue.done;
  row.messages_max =
    static_cast<std::int32_t>(limits::custom_batch_messages_max);
  row.park_until = now + std::chrono::milliseconds{limits::park_max}.count();
  row.filter = queue.filter;
  return row;
}

void intake::take(const pull_done& done) {
  for (const auto& outcome : done.rows) {
    auto found = std::ranges::find(queues_, outcome.from.connection.slot,
                                   &intake_queue::pull);
    if (found == queues_.end())
      continue;
    auto& queue = *found;
    queue.pull = 0;
    queue.max = outcome.max;
    queue.runs.assign(done.runs.begin() + outcome.first_run,
                      done.runs.begin() + outcome.first_run + outcome.runs);
    queue.run = queue.at = 0;
    queue.waiting = outcome.messages;
    queue.behind = outcome.next;
    if (queue.runs.empty() && !is_refusal(outcome.status))
      queue.done = outcome.next; // also back, when the queue was made anew
  }
}

std::optional<storage::record_view> intake::head_of(intake_queue& queue) {
  while (queue.run < queue.runs.size()) {
    auto bytes = queue.runs[queue.run].view();
    bytes.remove_prefix(queue.at);
    if (bytes.empty()) {
      ++queue.run;
      queue.at = 0;
      continue;
    }
    auto record = storage::decode_record(bytes, storage::record_check::crc);
    if (!record) {
      log::error("custom_runner", "a message cannot be read, it is passed over")
        .with("topic", queue.key.topic)
        .with("queue", queue.key.queue.value)
        .with("behind_offset", queue.done.value)
        .with("why", describe(record.error()));
      ++queue.run; // the run cannot be followed any further
      queue.at = 0;
      continue;
    }
    if (record->offset >= queue.done && is_wanted(queue.filter, *record))
      return *record;
    queue.at += record->size;
    queue.waiting = std::max(queue.waiting - 1, 0);
  }
  if (!queue.runs.empty()) {
    queue.runs.clear();
    queue.run = queue.at = 0;
    queue.waiting = 0;
    queue.done = std::max(queue.done, queue.behind);
  }
  return {};
}

std::optional<intake::head> intake::next() {
  for (std::size_t i = 0; i < queues_.size(); ++i) {
    auto& queue = queues_[(turn_ + i) % queues_.size()];
    if (auto record = head_of(queue)) {
      turn_ = (turn_ + i + 1) % queues_.size();
      return head{&queue, *record};
    }
  }
  return {};
}

void intake::pass(const head& x) {
  x.of->done = x.record.offset + 1;
  x.of->at += x.record.size;
  x.of->waiting = std::max(x.of->waiting - 1, 0);
}

std::vector<offset_row> intake::uncommitted() const {
  std::vector<offset_row> rows;
  for (const auto& x : queues_)
    if (x.done != x.committed)
      rows.push_back({x.key, x.done});
  return rows;
}

void intake::committed(const std::vector<offset_row>& rows) {
  for (const auto& row : rows)
    if (auto* found = find(row.queue))
      found->committed = row.offset;
}

} // namespace troupe
