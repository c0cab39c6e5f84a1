/// What a pop took of a queue, for as long as it is not acknowledged; and the
/// receipt by which a client names it. Kept in LMDB beside the progress.
/// Source: RocketMQ 5.3 PopCheckPoint, ExtraInfoUtil; sheets remoting 3.12,
/// semantics 15.
#pragma once

#include "troupe/model/queue_key.hpp"
#include "troupe/units.hpp"

#include <charconv>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// The revive queue that receipts of pops in order name.
inline constexpr std::int32_t order_revive_queue = 999;

/// One group and one queue; the topic may be the group's retry topic.
struct pop_key {
  std::string group;
  queue_key queue;

  auto operator<=>(const pop_key&) const = default;
};

/// Names a lease. No other lease of the queue has the same start and time.
struct lease_key {
  pop_key queue;
  queue_offset start; ///< where the pop began to look, at or before its first
  epoch_ms pop_time;

  auto operator<=>(const lease_key&) const = default;
};

struct leased_message {
  queue_offset offset;
  bool acked = false;
  // Of a lease in order only:
  epoch_ms visible;          ///< 0: with its whole lease
  std::int32_t consumed = 0; ///< how often it was popped before

  bool operator==(const leased_message&) const = default;
};

/// A lease as it is stored.
struct lease_row {
  lease_key key;
  std::int64_t invisible_ms = 0; ///< from its pop time on
  std::int32_t revive_queue = 0; ///< in its receipts; 999: popped in order
  std::string attempt;           ///< of a pop in order, else empty
  std::vector<leased_message> messages; ///< by offset

  bool operator==(const lease_row&) const = default;
};

/// Whether a group's consumers pull a topic or pop it.
/// Source: RocketMQ 5.3 SetMessageRequestModeRequestBody.
struct request_mode {
  std::string topic;
  std::string group;
  bool pop = false;
  std::int32_t share_queues = -1; ///< popShareQueueNum

  bool operator==(const request_mode&) const = default;
};

/// The kind of topic in a receipt.
enum class pop_source : std::uint8_t {
  normal = 0,
  retry_v1 = 1, ///< %RETRY%group_topic
  retry_v2 = 2, ///< %RETRY%group+topic
};

/// POP_CK: `start popTime invisible reviveQueue source broker queue offset`.
struct pop_receipt {
  queue_offset start;
  epoch_ms pop_time;
  std::int64_t invisible_ms = 0;
  std::int32_t revive_queue = 0;
  std::int32_t source = 0; ///< of pop_source
  std::string broker;
  queue_id queue;
  queue_offset offset;
};

inline std::string to_string(const pop_receipt& x) {
  std::string text;
  auto add = [&text](std::int64_t value) {
    text += std::to_string(value);
    text += ' ';
  };
  add(x.start.value);
  add(x.pop_time.value);
  add(x.invisible_ms);
  add(x.revive_queue);
  add(x.source);
  text += x.broker;
  text += ' ';
  add(x.queue.value);
  return text + std::to_string(x.offset.value);
}

/// Reads a receipt of seven fields (of a whole pop) to nine (with a log
/// offset); none when it is something else.
inline std::optional<pop_receipt> parse_receipt(std::string_view text) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    auto end = text.find(' ');
    parts.push_back(text.substr(0, end));
    text = end == text.npos ? std::string_view{} : text.substr(end + 1);
  }
  pop_receipt x;
  auto read = [&parts](std::size_t i, auto& value) {
    auto [end, code] = std::from_chars(
      parts[i].data(), parts[i].data() + parts[i].size(), value);
    return code == std::errc{} && end == parts[i].data() + parts[i].size();
  };
  if (parts.size() < 7 || parts.size() > 9 || !read(0, x.start.value)
      || !read(1, x.pop_time.value) || !read(2, x.invisible_ms)
      || !read(3, x.revive_queue) || !read(4, x.source)
      || !read(6, x.queue.value))
    return {};
  x.broker = parts[5];
  if (parts.size() > 7 && !read(7, x.offset.value))
    return {};
  return x;
}

} // namespace troupe
