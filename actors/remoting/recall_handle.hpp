/// The name by which a timed message is recalled: URL-safe Base64 of
/// `v1 topic broker due unique-key`.
/// Source: RocketMQ 5.3.2 RecallMessageHandle; sheet remoting 3.6.
#pragma once

#include "troupe/units.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace troupe::remoting {

struct recall_handle {
  std::string topic;
  std::string broker;
  epoch_ms due;
  std::string unique_key;
};

std::string encode_recall_handle(const recall_handle& handle);

/// None when `text` is no such handle.
std::optional<recall_handle> decode_recall_handle(std::string_view text);

} // namespace troupe::remoting
