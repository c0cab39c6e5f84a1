/// Brings the LMDB rows that are derived from the log (open transactions,
/// timers, progress of delay levels) up to the log's end, before any actor
/// runs. The actors carry on from there with the same events.
#pragma once

#include "storage/foreign_timers.hpp"
#include "storage/lmdb.hpp"
#include "storage/record.hpp"

#include "troupe/model/deadline.hpp"
#include "troupe/model/delay_progress.hpp"
#include "troupe/model/log_event.hpp"
#include "troupe/model/transactions.hpp"

#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace troupe::storage {

class derived_state {
public:
  /// @param rows_max  changes of one transaction
  /// @param foreign   told of all records when a store is taken over
  derived_state(lmdb& env, transaction_timing timing,
                foreign_timers foreign = {},
                std::size_t rows_max = limits::state_rows_per_commit_max)
    : env_(env),
      timing_(timing),
      foreign_(std::move(foreign)),
      rows_max_(rows_max) {}

  /// Where the rows stand: every record before it is in them. 0 when there are
  /// none, so that all of the log is read. Call it first.
  /// @errors state_corrupt
  caf::expected<log_offset> applied();

  /// The end of the last record that any row may be derived from.
  log_offset latest_applied() const;

  /// Takes the next record of the log; those before applied() are passed over.
  void take(const record_view& record);

  /// Makes everything durable, up to the log's end.
  /// @param read  for timed messages of a RocketMQ, when a store is taken over
  /// @errors state_corrupt, state_write_failed, disk_full
  caf::error finish(log_offset end, const record_reader& read);

  /// Forgets all rows: the log has been cut behind them, or some are damaged.
  caf::error clear();

private:
  void apply(const log_event& event);
  void open(const log_event& event);
  void put(deadline_kind kind, const deadline& row);
  void remove(deadline_kind kind, const deadline_key& key);
  void remove(deadline_kind kind, std::int64_t id);
  void change(table where, std::string key, std::optional<std::string> value);
  std::optional<std::string> find(table where, const std::string& key);
  void write(log_offset end);
  void write_rows();
  void drop_foreign(const record_reader& read);
  void deliver(log_offset mark);
  caf::error read_delays();
  void write_delays();

  lmdb& env_;
  transaction_timing timing_;
  foreign_timers foreign_;
  std::size_t rows_max_;
  std::array<log_offset, log_families> applied_{};
  bool taking_over_ = false; // which of those are over is to be found
  caf::error failure_;
  std::map<std::pair<table, std::string>, std::optional<std::string>> rows_;
  std::vector<log_event> events_;                    // of one record
  std::map<std::int32_t, delivered_offsets> delays_; // by level
  std::set<std::int32_t> changed_delays_;            // levels to write
  bool foreign_delays_ = false; // marks of deliveries do not count
};

/// The row of a family's watermark in the meta table.
std::string applied_key(log_family family);

} // namespace troupe::storage
