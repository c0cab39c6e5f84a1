#include "storage/derive_queue.hpp"

#include "storage/log_scan.hpp"
#include "storage/recovery.hpp"

#include <cstdio>

namespace troupe::storage {

caf::expected<std::int64_t> derive_queue(const derived_queue& what) {
  auto home =
    consume_queue_directory(what.data_directory, what.topic, what.queue);
  // Under another name until all is there: a crash must not leave a part.
  auto beside = home + ".new";
  if (auto error = remove_tree(beside))
    return error;
  auto rows = consume_queue::open({beside, what.file_rows}, {}, {});
  if (!rows)
    return std::move(rows.error());
  std::int64_t count = 0;
  caf::error failure;
  auto visit = [&](const record_view& record) {
    if (failure || record.queue != what.queue || record.topic != what.topic
        || !has_row(record))
      return;
    failure = rows->put(record.offset, row_of(record, what.delays));
    ++count;
  };
  auto log = scan_log(what.data_directory, visit, {});
  if (!log)
    return std::move(log.error());
  if (!failure)
    failure = rows->write_rows();
  if (!failure)
    failure = sync_all(rows->take_unsynced(), what.data_directory);
  if (failure || count == 0)
    return failure ? caf::expected<std::int64_t>{std::move(failure)} : count;
  if (auto error = remove_tree(home))
    return error;
  if (std::rename(beside.c_str(), home.c_str()) != 0)
    return make_error(errc::io_failed, "cannot rename " + beside);
  if (auto error =
        sync_directory(what.data_directory + "/consumequeue/" + what.topic))
    return error;
  return count;
}

} // namespace troupe::storage
