/// How topics, groups, progress and settings stand in LMDB: keys and values as
/// bytes. Layout: README.md, "State". A reader passes over fields that a newer
/// writer has added at the end.
#pragma once

#include "storage/lmdb.hpp"

#include "troupe/model/deadline.hpp"
#include "troupe/model/delay_progress.hpp"
#include "troupe/model/group_config.hpp"
#include "troupe/model/lease.hpp"
#include "troupe/model/live_settings.hpp"
#include "troupe/model/queue_key.hpp"
#include "troupe/model/topic_config.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::storage {

std::string encode_topic(const topic_config& topic);
std::optional<topic_config> decode_topic(std::string_view name,
                                         std::string_view value);

std::string encode_group(const group_config& group);
std::optional<group_config> decode_group(std::string_view name,
                                         std::string_view value);

/// Key of a queue's progress: group, 0, topic, 0, queue id. Group and topic
/// names hold no zero byte.
std::string encode_offset_key(std::string_view group, const queue_key& queue);
std::optional<std::pair<std::string, queue_key>>
decode_offset_key(std::string_view key);

/// Key of a deadline: kind, due, id.
std::string encode_deadline_key(deadline_kind kind, const deadline_key& key);
std::string encode_deadline(const deadline& row);

/// Key of the row that says when a deadline is due: kind, id.
std::string encode_deadline_id(deadline_kind kind, std::int64_t id);

/// None also when the row is of another kind.
std::optional<std::int64_t> decode_deadline_id(deadline_kind kind,
                                               std::string_view key);

/// None also when the row is of another kind.
std::optional<deadline> decode_deadline(deadline_kind kind,
                                        std::string_view key,
                                        std::string_view value);

std::string encode_number(std::int64_t value);
std::optional<std::int64_t> decode_number(std::string_view value);

/// Progress of a delay level; its number in decimal is the key. A row that is
/// only a number says that nothing behind it is delivered.
std::string encode_delivered(const delivered_offsets& delivered);
std::optional<delivered_offsets> decode_delivered(std::string_view value);

std::string encode_version(const data_version& version);
std::optional<data_version> decode_version(std::string_view value);

/// Key of a setting: namespace, 0, name.
std::string encode_setting_key(std::string_view ns, std::string_view name);
std::optional<std::pair<std::string, std::string>>
decode_setting_key(std::string_view key);

/// A setting of the node that was changed while it ran; its name is the key.
std::string encode_kept_setting(const kept_setting& setting);
std::optional<kept_setting> decode_kept_setting(std::string_view key,
                                                std::string_view value);

/// Key of a lease: group, 0, topic, 0, queue id, start, pop time.
std::string encode_lease_key(const lease_key& key);

std::string encode_lease(const lease_row& lease);
std::optional<lease_row> decode_lease(std::string_view key,
                                      std::string_view value);

/// Key of a request mode: topic, 0, group.
std::string encode_request_mode_key(const request_mode& mode);
std::string encode_request_mode(const request_mode& mode);
std::optional<request_mode> decode_request_mode(std::string_view key,
                                                std::string_view value);

/// A custom actor's type and arguments; its name is the key.
std::string
encode_spawned(std::string_view type,
               const std::vector<std::pair<std::string, std::string>>& values);
std::optional<
  std::pair<std::string, std::vector<std::pair<std::string, std::string>>>>
decode_spawned(std::string_view value);

/// Keys of a custom actor's rows: name, 0, `s`, key for its state; name, 0,
/// `p`, topic, 0, queue id for its progress.
std::string encode_custom_state_key(std::string_view name,
                                    std::string_view key);
std::string encode_custom_progress_key(std::string_view name,
                                       const queue_key& queue);
/// What of a key comes behind the name and the zero.
std::string custom_key_prefix(std::string_view name);
std::optional<queue_key> decode_custom_progress_key(std::string_view rest);

} // namespace troupe::storage
