/// The one log of a reactor: encodes records, writes them with one call per
/// round, syncs them in groups, then tells the queues and answers the askers.
/// Spawned by supervisor. Sends to queue, gateway, flusher, key_index, cold
/// reader. Never blocks.
#pragma once

#include "troupe/actor/caller.hpp"
#include "troupe/errc.hpp"
#include "troupe/fwd.hpp"
#include "troupe/model/host.hpp"
#include "troupe/model/log_event.hpp"
#include "troupe/payload.hpp"
#include "troupe/units.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace troupe {

/// A piece of a message's property text: its first byte and length.
struct text_span {
  std::uint16_t offset = 0;
  std::uint16_t size = 0;
};

/// Whether the broker's own entries (region, trace switch, cluster) are still
/// to be added to a property text when it is stored.
enum class property_text : std::uint8_t {
  from_client,
  complete
};

/// When the producer wants its answer. Property WAIT.
enum class ack_when : std::uint8_t {
  durable,
  written
};

/// One message on its way into the log.
struct append_row {
  caller from;
  payload body;         ///< as stored, compressed or not
  payload properties;   ///< name 0x01 value 0x02 ...
  text_span unique_key; ///< value of UNIQ_KEY within properties
  text_span keys;       ///< value of KEYS within properties
  std::int64_t tags_code = 0;
  std::int64_t due_after_ms = 0; ///< > 0: tags_code := store time + this
  std::int32_t flag = 0;
  std::int32_t sys_flag = 0;
  std::int32_t reconsume_times = 0;
  epoch_ms born_time;
  host born_host;
  host store_host;
  log_offset prepared_offset; ///< what it ends (storage/README.md), else 0
  property_text text = property_text::from_client;
  ack_when ack = ack_when::durable;
  bool continues = false; ///< belongs to the request of the row before it
  queue_id answer_queue;  ///< the queue named in the answer; for a delayed
                          ///< message not the one that stores it
  queue_offset offset;    ///< given by the queue
};

/// How one append_row ended.
struct append_outcome {
  caller from;
  errc error = errc::none;
  queue_id queue; ///< the row's answer_queue
  queue_offset offset;
  log_offset position;
  epoch_ms store_time;
  host store_host;
  payload properties; ///< as given, for the unique key in the answer
  text_span unique_key;
  bool continues = false;
};

/// Answers to every row of one asker that ended in this round.
struct append_done {
  std::vector<append_outcome> rows;
  std::string why; ///< one line of context when a row failed
};

/// Whoever appends: gateway, scheduler, transaction coordinator.
using append_asker = caf::typed_actor<caf::reacts_to<append_done>>;

/// One consume queue row.
struct appended_row {
  log_offset position;
  std::int32_t size = 0; ///< bytes of the record
  std::int64_t tags_code = 0;
  epoch_ms store_time;
};

/// Rows of one queue became readable; consecutive from `first`.
struct appended {
  queue_offset first;
  std::vector<appended_row> rows;
};

/// Nothing from `first` on was stored: give these offsets out again. Until the
/// queue answers failure_seen, the log refuses what it sends.
struct append_failed {
  queue_offset first;
};

/// What a queue hears from the log.
using append_listener =
  caf::typed_actor<caf::reacts_to<appended>, caf::reacts_to<append_failed>>;

/// Messages for one queue of one topic, in order.
struct append_batch {
  std::vector<append_row> rows;
  append_asker reply_to;
  // Given by the queue before it passes the batch on:
  payload topic;
  queue_id queue;
  append_listener listener;
};

/// The queue has taken its offsets back after append_failed.
struct failure_seen {
  append_listener listener;
};

/// Writes everything appended so far. Sent by the log to itself, behind the
/// batches that are already in its mailbox: group commit for free.
struct flush_tick {};

/// Whole records, byte for byte. One payload per record asked for.
struct record_bytes {
  std::vector<payload> records;
};

/// Reads whole records; a size is not needed. Answered by the cold reader.
struct read_records {
  std::vector<log_offset> positions;
};

/// Syncs what was written with flush=async. The log's own timer.
struct background_sync_tick {};

/// Finds messages by key or unique key, newest first.
struct find_by_key {
  std::string topic;
  std::string key;
  epoch_ms begin;
  epoch_ms end;
  std::int32_t count_max = 0;
};

/// Asks every topic in use to write its consume queue rows.
struct write_all_rows {};

struct rows_written {
  std::vector<storage::file_ptr> files; ///< that need a sync now
  bool others = false;                  ///< so do files that are closed already
};

/// Whoever can have all rows written: the directory.
using rows_source =
  caf::typed_actor<caf::replies_to<write_all_rows>::with<rows_written>>;

/// Given once, when the directory has been spawned.
struct set_rows_source {
  rows_source source;
};

/// What records mean that have become visible, in the order of the log.
struct log_events {
  std::vector<log_event> events;
  log_offset end; ///< of what is visible
};

/// Makes everything durable that was derived from the events so far. They cover
/// the log up to `end`. Comes before a checkpoint.
struct apply_events {
  log_offset end;
};

struct events_applied {};

/// Who derives state from the log: hears of every event.
using event_follower =
  caf::typed_actor<caf::reacts_to<log_events>,
                   caf::replies_to<apply_events>::with<events_applied>>;

/// Given once, when the follower has been spawned.
struct follow_log {
  event_follower follower;
};

/// Answers when what is visible now is on the disk: state derived from it may
/// be written.
struct settle_log {};

struct log_settled {};

/// State of the log, for people and runtime info.
struct describe_log {};

struct log_report {
  log_offset min;
  log_offset written;                 ///< end of what the kernel has
  log_offset synced;                  ///< end of what the disk has
  std::int64_t appended_messages = 0; ///< since start
  std::int64_t appended_bytes = 0;    ///< since start
  std::int64_t writes = 0;            ///< pwrite calls since start
  std::int64_t syncs = 0;             ///< fdatasync groups since start
  epoch_ms earliest_store_time;       ///< -1 when the log is empty
  std::string failure; ///< empty while it accepts; else why it does not
  std::int64_t disk_total_bytes = 0; ///< 0: nobody has looked yet
  std::int64_t disk_free_bytes = 0;
  std::int64_t refused_disk_full = 0; ///< messages since start
};

/// Writes and syncs everything, then answers. Later batches are refused with
/// shutting_down.
struct drain_log {};

struct log_drained {
  log_offset end;
};

/// Makes consume queue rows and index durable up to now and records the place.
/// The log's own timer.
struct checkpoint_tick {};

/// The same after drain_log, for the end of the node: the next start has
/// nothing to verify.
struct final_checkpoint {};

struct checkpoint_done {};

/// The segments of the log. Asked by retention.
struct list_segments {};

struct segment_info {
  std::string path;
  log_offset end;
  std::int64_t bytes = 0;
};

struct segment_list {
  std::vector<segment_info> segments; ///< ascending, the one in use last
  log_offset derived_end; ///< rows of all records before it are durable
};

/// Forgets whole segments that end at or before `position`, as far as their
/// rows are durable: the offsets of a queue never begin again. Readers and
/// answers under way keep what they have.
struct drop_segments {
  log_offset position;
};

struct segments_dropped {
  std::vector<std::string> paths; ///< to be removed, oldest first
  log_offset min;                 ///< where the log begins now
};

/// How full the disk is. Sent by retention when it has looked.
struct disk_state {
  std::int64_t total_bytes = 0;
  std::int64_t free_bytes = 0;
  std::string refusal; ///< empty: there is room; else why nothing is stored
};

/// Looks whether the disk has room again after a sync found none. The log's own
/// timer.
struct resume_tick {};

using commit_log_actor = caf::typed_actor<
  // Answered to reply_to by append_done once durable (or once written, by
  // option or by row). Errors: log_write_failed, log_sync_failed, disk_full,
  // busy, shutting_down.
  caf::reacts_to<append_batch>, caf::reacts_to<failure_seen>,
  caf::reacts_to<flush_tick>,
  // Errors: message_not_found, log_read_failed, corrupt_record.
  caf::replies_to<read_records>::with<record_bytes>,
  // Errors: log_read_failed.
  caf::replies_to<find_by_key>::with<record_bytes>,
  caf::replies_to<describe_log>::with<log_report>,
  caf::replies_to<drain_log>::with<log_drained>,
  caf::reacts_to<checkpoint_tick>,
  // Errors: log_write_failed, log_sync_failed, io_failed.
  caf::replies_to<final_checkpoint>::with<checkpoint_done>,
  caf::reacts_to<set_rows_source>, caf::reacts_to<background_sync_tick>,
  caf::replies_to<list_segments>::with<segment_list>,
  caf::replies_to<drop_segments>::with<segments_dropped>,
  caf::reacts_to<disk_state>, caf::reacts_to<resume_tick>,
  caf::reacts_to<follow_log>,
  // Errors: log_sync_failed.
  caf::replies_to<settle_log>::with<log_settled>>;

} // namespace troupe
