/// A store used as the actors use it, in one thread: messages are appended,
/// written, synced and then acknowledged; rows and keys reach the disk with
/// checkpoints. The first call that fails ends it, as it ends a node.
#pragma once

#include "storage/recovery.hpp"

#include "troupe/model/hash.hpp"

#include "support/catch.hpp"
#include "support/drafts.hpp"

#include <map>
#include <string>
#include <vector>

namespace troupe::test {

struct kept_message {
  std::string body;
  std::string tag;
};

/// Acknowledged messages: queue -> offset -> message.
using ledger = std::map<std::int32_t, std::map<std::int64_t, kept_message>>;

class small_store {
public:
  static constexpr std::int64_t segment_bytes = 4096;
  static constexpr std::int64_t file_rows = 30;

  explicit small_store(std::string directory)
    : options_{std::move(directory), segment_bytes, file_rows, {}, {"T"}} {}

  /// @returns whether it could be opened
  bool open() {
    auto opened = storage::open_store(options_);
    failed_ = !opened;
    why_ = opened ? "" : describe(opened.error());
    if (opened) {
      store_ = std::move(*opened);
      generation_ = store_.last.generation;
    }
    return opened && !storage::make_topic_homes(options_.directory, {"T"});
  }

  const std::string& why() const { return why_; }

  void close() {
    rows_.clear();
    store_ = {};
  }

  /// One message, acknowledged when it is durable.
  void send(std::int32_t queue, const std::string& body,
            const std::string& tag) {
    if (failed_)
      return;
    auto* rows = queue_at(queue);
    if (rows == nullptr)
      return;
    auto properties = "TAGS\x01" + tag + "\x02KEYS\x01k" + body + "\x02";
    auto offset = rows->end();
    auto draft = draft_of("T", body, {queue}, offset, properties);
    auto size = storage::record_size(draft);
    if (store_.log->reserve(size))
      return fail();
    auto position = store_.log->append(draft, size);
    if (store_.log->write())
      return fail();
    for (const auto& file : store_.log->take_unsynced())
      if (file->sync())
        return fail();
    if (rows->append(
          {position, static_cast<std::int32_t>(size), tags_code(tag)}))
      return fail();
    store_.index->add({{index_hash("T", "k" + body), position, {1}}},
                      store_.log->end());
    acknowledged[queue][offset.value] = {body, tag};
  }

  void checkpoint() {
    if (failed_)
      return;
    storage::unsynced_files files;
    for (auto& [id, rows] : rows_) {
      if (rows.write_rows())
        return fail();
      files.add(rows.take_unsynced());
    }
    if (store_.index->flush() || storage::sync_all(files, options_.directory)
        || storage::write_checkpoint(
          options_.directory,
          {store_.log->end(), ++generation_, false, file_rows}))
      fail();
  }

  /// Everything that was acknowledged is there, whole and in its place.
  void check() {
    for (const auto& [id, messages] : acknowledged) {
      CAPTURE(id);
      auto* rows = queue_at(id);
      REQUIRE(rows != nullptr);
      for (const auto& [offset, wanted] : messages) {
        CAPTURE(offset);
        std::vector<storage::consume_row> found;
        REQUIRE_FALSE(rows->read_blocking({offset}, 1, found));
        REQUIRE(found.size() == 1);
        auto bytes = store_.log->reader().read_record(found[0].position);
        REQUIRE(bytes);
        auto record =
          storage::decode_record(bytes->view(), storage::record_check::crc);
        REQUIRE(record);
        REQUIRE(record->body == wanted.body);
        REQUIRE(record->offset.value == offset);
        REQUIRE(found[0].tags_code == tags_code(wanted.tag));
      }
    }
  }

  storage::opened_store& store() { return store_; }

  const std::string& directory() const { return options_.directory; }

  ledger acknowledged;

private:
  static std::uint64_t index_hash(std::string_view topic,
                                  const std::string& key) {
    return storage::index_hash(topic, key);
  }

  void fail() { failed_ = true; }

  storage::consume_queue* queue_at(std::int32_t id) {
    if (auto found = rows_.find(id); found != rows_.end())
      return &found->second;
    auto opened = storage::consume_queue::open(
      {storage::consume_queue_directory(options_.directory, "T", {id}),
       file_rows},
      store_.log->min(), store_.log->end());
    if (!opened) {
      failed_ = true;
      why_ = describe(opened.error());
      return nullptr;
    }
    return &rows_.emplace(id, std::move(*opened)).first->second;
  }

  storage::store_options options_;
  storage::opened_store store_;
  std::map<std::int32_t, storage::consume_queue> rows_;
  std::uint64_t generation_ = 0;
  bool failed_ = false;
  std::string why_;
};

} // namespace troupe::test
