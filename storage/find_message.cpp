#include "storage/find_message.hpp"

#include "storage/log_scan.hpp"

#include "troupe/limits.hpp"

#include <algorithm>

namespace troupe::storage {

std::optional<log_offset> find_message(const log_reader& log, log_offset from,
                                       log_offset to, std::string_view topic,
                                       queue_id queue, queue_offset offset) {
  // As far as recovery looks for a record behind damage.
  to = std::min(
    to, from + static_cast<std::int64_t>(limits::write_buffer_bytes_max));
  segment_ptr walked;
  std::optional<careful_reader> reader; // of that one
  while (from < to) {
    auto where = log.find(from);
    if (!where)
      return {};
    if (where != walked) {
      reader.emplace(*where);
      walked = where;
    }
    reader->walk_to(from);
    auto found = reader->look(from);
    if (found && found->what == log_content::blank) {
      from = where->end();
      continue;
    }
    if (found && found->what == log_content::record) {
      if (why_not(*found, topic, queue, offset).empty())
        return from;
      from += found->record.size;
      continue;
    }
    auto following = log.find(where->end());
    auto resume = find_record_after(*where, following.get(), from);
    if (resume == from)
      return {};
    from = resume;
  }
  return {};
}

} // namespace troupe::storage
