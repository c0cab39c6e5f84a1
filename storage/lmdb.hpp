/// The LMDB environment: named tables, one write transaction at a time, a map
/// that grows. The only files that include <lmdb.h>. One thread uses it.
#pragma once

#include "troupe/errc.hpp"
#include "troupe/limits.hpp"

#include <caf/expected.hpp>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct MDB_env;

namespace troupe::storage {

/// The tables of the environment. Layout of their rows: README.md, "State".
enum class table : std::uint8_t {
  meta,
  topics,
  groups,
  offsets,
  settings,
  delays,
  deadlines,
  deadline_ids,
  leases,
  request_modes,
  custom,       ///< specs of custom actors
  custom_state, ///< their state and progress
  options,      ///< of the node, changed while it ran
};

inline constexpr std::size_t table_count = 13;

/// The table's name in LMDB.
const char* table_name(table where);

/// The value of a row as it lies in LMDB, which begins with its checksum; none
/// when that does not hold.
std::optional<std::string_view> unsealed(std::string_view key,
                                         std::string_view row);

/// A change of one row.
struct row_change {
  table where = table::meta;
  std::string key;
  std::optional<std::string> value; ///< none: the row goes
};

class lmdb {
public:
  /// Opens or makes the environment in a directory of its own.
  /// @param map_bytes  to begin with; write() doubles it when it is full
  /// @errors io_failed, state_corrupt, state_write_failed
  static caf::expected<std::unique_ptr<lmdb>>
  open(const std::string& directory,
       std::size_t map_bytes = limits::state_map_bytes);

  /// Opens what is there and changes nothing.
  /// @errors io_failed, state_corrupt
  static caf::expected<std::unique_ptr<lmdb>>
  open_to_read(const std::string& directory);

  ~lmdb();

  lmdb(const lmdb&) = delete;
  lmdb& operator=(const lmdb&) = delete;

  /// Makes all changes durable, or none of them. Grows the map when it is full.
  /// @errors state_write_failed, disk_full; state_corrupt: final, nothing can
  ///         be written any more
  caf::error write(const std::vector<row_change>& changes);

  /// Calls `visit` with every row of a table by key. A row whose checksum is
  /// wrong is logged and passed over.
  /// @returns how many were passed over
  /// @errors state_corrupt
  caf::expected<std::size_t> for_each(
    table where,
    const std::function<void(std::string_view key, std::string_view value)>&
      visit);

  /// Calls `visit` with the rows of a table from `first` on, by key, until it
  /// says no. A damaged row is logged and passed over.
  /// @errors state_corrupt
  caf::error scan(table where, std::string_view first,
                  const std::function<bool(std::string_view key,
                                           std::string_view value)>& visit);

  /// The value of one row; none when there is none or it is damaged.
  /// @errors state_corrupt
  caf::expected<std::optional<std::string>> find(table where,
                                                 std::string_view key);

  /// Calls `visit` with every row, without a log line; a damaged one has no
  /// value.
  /// @errors state_corrupt
  caf::error for_each_row(
    table where,
    const std::function<void(std::string_view key,
                             std::optional<std::string_view> value)>& visit);

private:
  lmdb(MDB_env* env, std::size_t map_bytes)
    : env_(env),
      map_bytes_(map_bytes) {}

  using row_value = std::optional<std::string_view>; // none: damaged

  caf::error
  walk(table where, std::string_view first,
       const std::function<bool(std::string_view, const row_value&)>& visit);
  static void note_damaged(table where, std::string_view key,
                           std::size_t& damaged);
  int try_write(const std::vector<row_change>& changes);
  caf::error open_tables();

  MDB_env* env_;
  std::size_t map_bytes_;
  std::array<unsigned, table_count> tables_{};
  std::array<bool, table_count> missing_{}; // only when opened to read
};

} // namespace troupe::storage
