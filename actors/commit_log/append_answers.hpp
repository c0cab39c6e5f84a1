/// What the commit log owes its producers: batches that are logged and not
/// answered, and the answers of one round.
#pragma once

#include "troupe/actor/commit_log.hpp"

#include <utility>
#include <vector>

namespace troupe {

/// A batch that is in the log but not answered yet.
struct logged_batch {
  append_batch batch;
  std::vector<appended_row> rows; ///< fewer than batch.rows when it failed
  log_offset end;                 ///< of its last record
};

/// Answers of one round, one message an asker.
class append_answers {
public:
  /// Says how row `index` of `logged` ended; takes its properties.
  void add(logged_batch& logged, std::size_t index, errc error) {
    auto& row = logged.batch.rows[index];
    append_outcome outcome;
    outcome.from = row.from;
    outcome.error = error;
    outcome.queue = row.answer_queue;
    outcome.offset = row.offset;
    if (index < logged.rows.size()) {
      outcome.position = logged.rows[index].position;
      outcome.store_time = logged.rows[index].store_time;
    }
    outcome.store_host = row.store_host;
    outcome.properties = std::move(row.properties);
    outcome.unique_key = row.unique_key;
    outcome.continues = row.continues;
    to(logged.batch.reply_to).rows.push_back(std::move(outcome));
  }

  /// Sends all of them, with one line of context when rows failed.
  template <class Self>
  void send(Self& self, const std::string& why = {}) {
    for (auto& [asker, answer] : all_) {
      answer.why = why;
      self.send(asker, std::move(answer));
    }
    all_.clear();
  }

private:
  // Askers are few, a gateway and some timers: looking through them is fast.
  append_done& to(const append_asker& asker) {
    for (auto& [known, done] : all_)
      if (known == asker)
        return done;
    return all_.emplace_back(asker, append_done{}).second;
  }

  std::vector<std::pair<append_asker, append_done>> all_;
};

} // namespace troupe
