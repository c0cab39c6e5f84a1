#include "commit_log/checkpoints.hpp"

#include <memory>

namespace troupe {

checkpoints::checkpoints(commit_log_actor::base* self, key_index_actor index,
                         flusher_actor flusher, log_offset done)
  : self_(self),
    index_(std::move(index)),
    flusher_(std::move(flusher)),
    done_(done) {}

void checkpoints::write(log_offset end, bool clean, done_fun then) {
  auto ended = [this, then = std::move(then)](const caf::error& error) {
    // The files that were handed over for it are not known to anyone else.
    files_forgotten_ = static_cast<bool>(error);
    then(error);
  };
  self_->request(index_, caf::infinite, flush_index{})
    .then([=, this](const index_flushed&) { write_rows(end, clean, ended); },
          [ended](const caf::error& error) { ended(error); });
}

void checkpoints::write_rows(log_offset end, bool clean, done_fun then) {
  self_->request(rows_source_, caf::infinite, write_all_rows{})
    .then(
      [=, this](rows_written& rows) {
        write_checkpoint place{std::move(rows.files), end, clean,
                               rows.others || files_forgotten_};
        apply_followers(
          end, [=, this] { note(place, then); }, then);
      },
      [then](const caf::error& error) { then(error); });
}

void checkpoints::rest(std::function<void()> then) {
  self_->request(rows_source_, caf::infinite, write_all_rows{})
    .then(
      [=, this](const rows_written& rows) {
        // Something did come; the next checkpoint syncs whatever there is.
        if (!rows.files.empty() || rows.others)
          files_forgotten_ = true;
        then();
      },
      [then](const caf::error&) { then(); });
}

/// Runs `next` when all followers have made durable what they derived.
void checkpoints::apply_followers(log_offset end, std::function<void()> next,
                                  done_fun failed) {
  if (followers_.empty())
    return next();
  auto open = std::make_shared<std::size_t>(followers_.size());
  for (const auto& follower : followers_)
    self_->request(follower, caf::infinite, apply_events{end})
      .then(
        [open, next](const events_applied&) {
          if (*open > 0 && --*open == 0)
            next();
        },
        [open, failed](const caf::error& error) {
          if (*open == 0)
            return;
          *open = 0; // the first failure speaks for all
          failed(error);
        });
}

void checkpoints::note(write_checkpoint place, done_fun then) {
  auto end = place.rows_end;
  self_->request(flusher_, caf::infinite, std::move(place))
    .then(
      [=, this](const checkpoint_written&) {
        done_ = end;
        then(caf::none);
      },
      [then](const caf::error& error) { then(error); });
}

void checkpoints::forget_actors() {
  index_ = key_index_actor{};
  flusher_ = flusher_actor{};
  rows_source_ = rows_source{};
  followers_.clear();
}

} // namespace troupe
