/// Messages on their way out of a pop and back: as consumers get them from a
/// retry topic, and as they are stored when nobody acknowledged them.
/// Source: RocketMQ 5.3 PopMessageProcessor, PopReviveService.
#pragma once

#include "storage/record.hpp"

#include "troupe/actor/commit_log.hpp"
#include "troupe/model/lease.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace troupe {

/// Appends the record of a retry topic under the name of the topic it came
/// from, with the receipt as its property POP_CK.
void append_as_normal(std::string& records, const storage::record_view& record,
                      std::string_view topic, const pop_receipt& receipt);

/// Names the lease that a copy was made for, so that a node that was killed
/// meanwhile does not make another one: `topic queue start popTime offset`.
inline constexpr std::string_view lease_property = "POP_LEASE";

/// The row for the retry topic: one try more.
append_row revived(const storage::record_view& record, const lease_key& lease);

/// The row for the group's dead letter topic.
/// @param topic  that the message was sent to
append_row dead_letter(const storage::record_view& record,
                       const lease_key& lease, std::string_view topic);

/// The leased message that a record is the copy of.
struct copied_message {
  lease_key lease;
  queue_offset offset;
};

/// None when the record is no copy that pop has made for `group`.
std::optional<copied_message> copied_from(const storage::record_view& record,
                                          const std::string& group);

} // namespace troupe
