#include "storage/lmdb.hpp"

#include "storage/big_endian.hpp"
#include "storage/crc32.hpp"
#include "storage/file.hpp"

#include "troupe/limits.hpp"
#include "troupe/log.hpp"

#include <cerrno>
#include <cstdlib>

#include <lmdb.h>

namespace troupe::storage {

namespace {

constexpr std::array<const char*, table_count> table_names{
  "meta",   "topics",       "groups",       "offsets", "settings",
  "delays", "deadlines",    "deadline_ids", "leases",  "request_modes",
  "custom", "custom_state", "options"};

/// LMDB ends the process when its own invariants do not hold: the person who
/// finds it gone is told what to do.
void end_in_words(MDB_env* env, const char* what) {
  const char* path = "";
  mdb_env_get_path(env, &path);
  log::error("state_store", "the state is damaged, the node ends; run `troupe "
                            "store repair` on its data directory")
    .with("state", path)
    .with("why", what);
  std::_Exit(1);
}

constexpr std::string_view format_key = "format";
constexpr std::string_view format_version = "2";

caf::error failed(errc code, const char* doing, int why) {
  return make_error(why == ENOSPC ? errc::disk_full : code,
                    std::string{doing} + ": " + mdb_strerror(why));
}

/// What to do about a failure that no other try mends; null for the others.
const char* final_step(int why) {
  switch (why) {
    case MDB_PANIC: // the head could not be written
      return "look at the disk and restart the node";
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_PAGE_FULL:
    case MDB_CURSOR_FULL:
    case MDB_BAD_TXN: // what went wrong before is not said
    case MDB_INVALID:
      return "stop the node and run `troupe store repair` on its data "
             "directory";
    default:
      return nullptr;
  }
}

MDB_val val_of(std::string_view text) {
  return {text.size(), const_cast<char*>(text.data())};
}

std::string_view view_of(const MDB_val& x) {
  return {static_cast<const char*>(x.mv_data), x.mv_size};
}

std::uint32_t checksum(std::string_view key, std::string_view value) {
  return crc32(std::string{key}.append(1, '\0').append(value));
}

/// LMDB's pages carry no checksum, so every row does, of key and value: 4 bytes
/// before its value.
std::string sealed(std::string_view key, std::string_view value) {
  std::string row(4, '\0');
  store(row.data(), checksum(key, value));
  return row.append(value);
}

} // namespace

std::optional<std::string_view> unsealed(std::string_view key,
                                         std::string_view row) {
  if (row.size() < 4
      || load<std::uint32_t>(row.data()) != checksum(key, row.substr(4)))
    return {};
  return row.substr(4);
}

const char* table_name(table where) {
  auto index = static_cast<std::size_t>(where);
  return index < table_names.size() ? table_names[index] : "unknown";
}

caf::expected<std::unique_ptr<lmdb>> lmdb::open(const std::string& directory,
                                                std::size_t map_bytes) {
  if (auto error = make_directories(directory))
    return error;
  MDB_env* env = nullptr;
  if (auto rc = mdb_env_create(&env); rc != 0)
    return failed(errc::io_failed, "cannot make an LMDB environment", rc);
  std::unique_ptr<lmdb> result{new lmdb{env, map_bytes}};
  mdb_env_set_assert(env, end_in_words);
  mdb_env_set_maxdbs(env, 16);
  mdb_env_set_mapsize(env, result->map_bytes_);
  // Actors change threads, so transactions are not tied to them.
  auto rc = mdb_env_open(env, directory.c_str(), MDB_NOTLS, 0644);
  if (rc != 0)
    return failed(rc == MDB_CORRUPTED || rc == MDB_INVALID
                      || rc == MDB_VERSION_MISMATCH
                    ? errc::state_corrupt
                    : errc::io_failed,
                  ("cannot open the state in " + directory
                   + " (move it away to begin with empty settings; messages "
                     "are not in it)")
                    .c_str(),
                  rc);
  int dead = 0;
  mdb_reader_check(env, &dead);
  if (auto error = result->open_tables())
    return error;
  return result;
}

lmdb::~lmdb() {
  mdb_env_close(env_);
}

caf::error lmdb::open_tables() {
  MDB_txn* txn = nullptr;
  auto rc = mdb_txn_begin(env_, nullptr, 0, &txn);
  for (std::size_t i = 0; rc == 0 && i < table_count; ++i)
    rc = mdb_dbi_open(txn, table_names[i], MDB_CREATE, &tables_[i]);
  std::string version;
  if (rc == 0) {
    auto key = val_of(format_key);
    MDB_val value{};
    auto& meta = tables_[static_cast<std::size_t>(table::meta)];
    if (mdb_get(txn, meta, &key, &value) == 0) {
      version = unsealed(format_key, view_of(value)).value_or("damaged");
    } else {
      auto row = sealed(format_key, format_version);
      value = val_of(row);
      rc = mdb_put(txn, meta, &key, &value, 0);
    }
  }
  if (rc == 0)
    rc = mdb_txn_commit(txn);
  else
    mdb_txn_abort(txn);
  if (rc != 0)
    return failed(errc::state_write_failed, "cannot make the state's tables",
                  rc);
  if (!version.empty() && version != format_version)
    return make_error(errc::state_corrupt,
                      "the state has format " + version + ", this troupe reads "
                        + std::string{format_version}
                        + "; start it with the version that wrote it");
  return caf::none;
}

int lmdb::try_write(const std::vector<row_change>& changes) {
  MDB_txn* txn = nullptr;
  if (auto rc = mdb_txn_begin(env_, nullptr, 0, &txn); rc != 0)
    return rc;
  for (const auto& change : changes) {
    auto dbi = tables_[static_cast<std::size_t>(change.where)];
    auto key = val_of(change.key);
    int rc = 0;
    if (change.value) {
      auto row = sealed(change.key, *change.value);
      auto value = val_of(row);
      rc = mdb_put(txn, dbi, &key, &value, 0);
    } else {
      rc = mdb_del(txn, dbi, &key, nullptr);
      if (rc == MDB_NOTFOUND)
        rc = 0;
    }
    if (rc != 0) {
      mdb_txn_abort(txn);
      return rc;
    }
  }
  return mdb_txn_commit(txn);
}

caf::error lmdb::write(const std::vector<row_change>& changes) {
  for (;;) {
    auto rc = try_write(changes);
    if (rc == 0)
      return caf::none;
    if (auto next_step = final_step(rc); next_step != nullptr)
      return make_error(errc::state_corrupt,
                        std::string{"settings and progress cannot be stored "
                                    "any more: "}
                          + mdb_strerror(rc) + "; " + next_step);
    if (rc != MDB_MAP_FULL)
      return failed(errc::state_write_failed, "cannot commit state", rc);
    // No transaction is open here, so the map may change its size.
    if (auto grown = mdb_env_set_mapsize(env_, map_bytes_ * 2); grown != 0)
      return failed(errc::state_write_failed, "cannot grow the state's map",
                    grown);
    map_bytes_ *= 2;
    log::info("state_store", "map grown").with("bytes", map_bytes_);
  }
}

caf::expected<std::unique_ptr<lmdb>>
lmdb::open_to_read(const std::string& directory) {
  MDB_env* env = nullptr;
  if (auto rc = mdb_env_create(&env); rc != 0)
    return failed(errc::io_failed, "cannot make an LMDB environment", rc);
  std::unique_ptr<lmdb> result{new lmdb{env, limits::state_map_bytes}};
  mdb_env_set_maxdbs(env, 16);
  auto rc = mdb_env_open(env, directory.c_str(), MDB_NOTLS | MDB_RDONLY, 0644);
  MDB_txn* txn = nullptr;
  if (rc == 0)
    rc = mdb_txn_begin(env, nullptr, MDB_RDONLY, &txn);
  for (std::size_t i = 0; rc == 0 && i < table_count; ++i) {
    rc = mdb_dbi_open(txn, table_names[i], 0, &result->tables_[i]);
    // A table that a later version of the node adds may not be there yet.
    result->missing_[i] = rc == MDB_NOTFOUND;
    if (rc == MDB_NOTFOUND)
      rc = 0;
  }
  if (txn != nullptr) {
    if (rc == 0)
      rc = mdb_txn_commit(txn); // keeps the handles
    else
      mdb_txn_abort(txn);
  }
  if (rc != 0)
    return failed(errc::state_corrupt,
                  ("cannot read the state in " + directory).c_str(), rc);
  return result;
}

caf::expected<std::size_t> lmdb::for_each(
  table where,
  const std::function<void(std::string_view, std::string_view)>& visit) {
  std::size_t damaged = 0;
  auto error =
    walk(where, {}, [&](std::string_view key, const row_value& value) {
      if (value)
        visit(key, *value);
      else
        note_damaged(where, key, damaged);
      return true;
    });
  if (error)
    return error;
  return damaged;
}

caf::error lmdb::for_each_row(
  table where,
  const std::function<void(std::string_view, std::optional<std::string_view>)>&
    visit) {
  return walk(where, {}, [&](std::string_view key, const row_value& value) {
    visit(key, value);
    return true;
  });
}

caf::error lmdb::scan(
  table where, std::string_view first,
  const std::function<bool(std::string_view, std::string_view)>& visit) {
  std::size_t damaged = 0;
  return walk(where, first, [&](std::string_view key, const row_value& value) {
    if (value)
      return visit(key, *value);
    note_damaged(where, key, damaged);
    return true;
  });
}

caf::error lmdb::walk(
  table where, std::string_view first,
  const std::function<bool(std::string_view, const row_value&)>& visit) {
  auto index = static_cast<std::size_t>(where);
  if (missing_[index])
    return caf::none;
  MDB_txn* txn = nullptr;
  if (auto rc = mdb_txn_begin(env_, nullptr, MDB_RDONLY, &txn); rc != 0)
    return failed(errc::state_corrupt, "cannot read state", rc);
  MDB_cursor* cursor = nullptr;
  auto rc = mdb_cursor_open(txn, tables_[index], &cursor);
  auto key = val_of(first);
  MDB_val value{};
  if (rc == 0)
    rc = mdb_cursor_get(cursor, &key, &value,
                        first.empty() ? MDB_FIRST : MDB_SET_RANGE);
  while (rc == 0 && visit(view_of(key), unsealed(view_of(key), view_of(value))))
    rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
  if (cursor != nullptr)
    mdb_cursor_close(cursor);
  mdb_txn_abort(txn);
  return rc == 0 || rc == MDB_NOTFOUND
           ? caf::error{}
           : failed(errc::state_corrupt, "cannot read state", rc);
}

void lmdb::note_damaged(table where, std::string_view key,
                        std::size_t& damaged) {
  ++damaged;
  log::error("state_store", "damaged row passed over")
    .with("table", table_name(where))
    .with("key", key);
}

caf::expected<std::optional<std::string>> lmdb::find(table where,
                                                     std::string_view name) {
  MDB_txn* txn = nullptr;
  if (auto rc = mdb_txn_begin(env_, nullptr, MDB_RDONLY, &txn); rc != 0)
    return failed(errc::state_corrupt, "cannot read state", rc);
  auto key = val_of(name);
  MDB_val value{};
  auto rc =
    mdb_get(txn, tables_[static_cast<std::size_t>(where)], &key, &value);
  std::optional<std::string> found;
  if (rc == 0)
    if (auto content = unsealed(name, view_of(value)))
      found = std::string{*content};
  mdb_txn_abort(txn);
  if (rc != 0 && rc != MDB_NOTFOUND)
    return failed(errc::state_corrupt, "cannot read state", rc);
  return found;
}

} // namespace troupe::storage
