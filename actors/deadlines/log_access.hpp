/// What a role does with the log that stores messages once more: reads records,
/// appends rows, each with a function to run when that is done.
#pragma once

#include "deadlines/placed_row.hpp"
#include "storage/commit_log.hpp"

#include "troupe/actor/directory.hpp"
#include "troupe/limits.hpp"
#include "troupe/model/names.hpp"

#include <caf/actor_cast.hpp>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>

namespace troupe {

/// `Self` is the typed actor that owns it; it hands on append_done.
template <class Self>
class log_access {
public:
  using when_stored = std::function<void(const caf::error&)>;

  explicit log_access(Self* self) : self_(self) {}

  void start(std::shared_ptr<const storage::commit_log> log,
             commit_log_actor actor, directory_actor directory) {
    log_ = std::move(log);
    actor_ = std::move(actor);
    directory_ = std::move(directory);
  }

  /// Lets go of the actors.
  void stop() {
    appends_.clear();
    log_ = nullptr;
    actor_ = nullptr;
    directory_ = nullptr;
  }

  log_offset min() const { return log_->min(); }

  /// Reads a record: at once when it is in memory, else by way of the cold
  /// reader. `then(record)` may keep nothing of the view; else `failed(error)`.
  template <class Then, class Failed>
  void read(log_offset position, Then then, Failed failed) {
    std::optional<borrowed_bytes> head;
    if (position >= log_->min() && position + 4 <= log_->written()
        && log_->is_resident(position, 4))
      head = log_->read(position, 4);
    if (head) {
      auto size = storage::record_size_of(head->data);
      auto bytes = log_->read(position, size);
      if (bytes && log_->is_resident(position, size)) {
        auto record =
          storage::decode_record(bytes->view(), storage::record_check::crc);
        return record ? then(*record) : failed(record.error());
      }
    }
    self_->request(actor_, caf::infinite, read_records{{position}})
      .then(
        [then, failed](const record_bytes& found) mutable {
          auto record = storage::decode_record(found.records.front().view(),
                                               storage::record_check::none);
          record ? then(*record) : failed(record.error());
        },
        [failed](caf::error& error) mutable { failed(error); });
  }

  /// Appends a row; `then` gets none when it is durable.
  void append(placed_row what, when_stored then) {
    auto of_group = names::is_retry_topic(what.topic)
                    || names::is_dead_letter_topic(what.topic);
    self_
      ->request(directory_, caf::infinite,
                find_topic{std::move(what.topic), {}, of_group})
      .then(
        [this, queue = what.queue, row = std::move(what.row),
         then](topic_view& view) mutable {
          if (view.queues.empty())
            return then(
              make_error(errc::queue_not_found, "the topic has no queue"));
          row.from.opaque = ++last_;
          appends_.emplace(row.from.opaque, std::move(then));
          append_batch batch;
          batch.rows.push_back(std::move(row));
          batch.reply_to = caf::actor_cast<append_asker>(self_);
          auto index =
            static_cast<std::size_t>(std::max(queue, 0)) % view.queues.size();
          self_->send(view.queues[index], std::move(batch));
        },
        [then](caf::error& error) { then(error); });
  }

  void appended(const append_done& ended) {
    for (const auto& outcome : ended.rows) {
      auto found = appends_.find(outcome.from.opaque);
      if (found == appends_.end())
        continue;
      auto then = std::move(found->second);
      appends_.erase(found);
      then(outcome.error == errc::none ? caf::error{}
                                       : make_error(outcome.error, ended.why));
    }
  }

private:
  Self* self_;
  std::shared_ptr<const storage::commit_log> log_;
  commit_log_actor actor_;
  directory_actor directory_;
  std::unordered_map<std::int32_t, when_stored> appends_; // under way
  std::int32_t last_ = 0;
};

} // namespace troupe
