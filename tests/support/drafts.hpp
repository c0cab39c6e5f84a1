/// Records for tests of the store.
#pragma once

#include "storage/record.hpp"

#include <string>

namespace troupe::test {

inline host address(std::uint8_t last, std::uint16_t port) {
  host result;
  result.bytes = {10, 0, 0, last};
  result.port = port;
  return result;
}

/// A plain record; `topic`, `body` and `properties` must outlive it.
inline storage::record_draft draft_of(std::string_view topic,
                                      std::string_view body, queue_id queue,
                                      queue_offset offset,
                                      std::string_view properties = {}) {
  storage::record_draft draft;
  draft.topic = topic;
  draft.body = body;
  draft.properties = properties;
  draft.queue = queue;
  draft.offset = offset;
  draft.born_time = {1700000000000};
  draft.store_time = {1700000000000 + offset.value};
  draft.born_host = address(1, 10911);
  draft.store_host = address(1, 10911);
  return draft;
}

} // namespace troupe::test
