/// How the commit log notes up to where everything derived from it is durable,
/// so that the next start derives only what came later.
#pragma once

#include "troupe/actor/commit_log.hpp"
#include "troupe/actor/flusher.hpp"
#include "troupe/actor/key_index.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <functional>
#include <vector>

namespace troupe {

/// One checkpoint at a time: index, consume queues, then those who follow the
/// log make durable what they have; then the flusher writes the place down.
class checkpoints {
public:
  using done_fun = std::function<void(const caf::error&)>;

  /// @param self  the commit log; outlives this
  /// @param done  end of the checkpoint with which the log was opened
  checkpoints(commit_log_actor::base* self, key_index_actor index,
              flusher_actor flusher, log_offset done);

  void rows_from(rows_source source) { rows_source_ = std::move(source); }

  void add(event_follower follower) {
    followers_.push_back(std::move(follower));
  }

  const std::vector<event_follower>& followers() const { return followers_; }

  /// Whether there is somebody to ask for the rows of the queues.
  bool is_ready() const { return static_cast<bool>(rows_source_); }

  /// End of the last one.
  log_offset done() const { return done_; }

  /// Notes `end`. The rows and keys of all records before it have been sent to
  /// their queues and the index. Errors given to `then`: log_write_failed,
  /// log_sync_failed, io_failed.
  /// @param clean  the node ends and the next start has nothing to verify
  void write(log_offset end, bool clean, done_fun then);

  /// Nothing has come since the last one: queues let go of the rows that they
  /// kept for readers, and of their files.
  void rest(std::function<void()> then);

  /// Handles in a ring would keep each other for ever.
  void forget_actors();

private:
  void write_rows(log_offset end, bool clean, done_fun then);
  void apply_followers(log_offset end, std::function<void()> next,
                       done_fun failed);
  void note(write_checkpoint place, done_fun then);

  commit_log_actor::base* self_;
  key_index_actor index_;
  flusher_actor flusher_;
  rows_source rows_source_;
  std::vector<event_follower> followers_;
  log_offset done_;
  bool files_forgotten_ = false; // one failed that had files to sync
};

} // namespace troupe
