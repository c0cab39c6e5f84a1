/// One message as it stands in the commit log, byte for byte RocketMQ's record
/// and byte for byte what a pull returns. Layout: README.md, "Record".
/// Source: RocketMQ 5.3 MessageExtEncoder, MessageDecoder; sheet storage 3.
#pragma once

#include "troupe/errc.hpp"
#include "troupe/model/host.hpp"
#include "troupe/units.hpp"

#include <caf/expected.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace troupe::storage {

inline constexpr std::uint32_t magic_v1 = 0xDAA320A7;
inline constexpr std::uint32_t magic_v2 = 0xDAA320AB; ///< topics > 127 bytes
inline constexpr std::uint32_t magic_blank = 0xCBD43194;

/// Bits of sysFlag that the store itself sets or reads.
inline constexpr std::int32_t sys_flag_born_v6 = 0x10;
inline constexpr std::int32_t sys_flag_store_v6 = 0x20;
inline constexpr std::int32_t sys_flag_transaction = 0x0C;
inline constexpr std::int32_t sys_flag_prepared = 0x04;
inline constexpr std::int32_t sys_flag_commit = 0x08;
inline constexpr std::int32_t sys_flag_rollback = 0x0C;

/// The filler at a segment's end takes 8 bytes, so a record must leave them.
inline constexpr std::size_t blank_bytes = 8;

/// Places of the fields that come before the first one of variable size.
namespace record_at {
inline constexpr std::size_t total_size = 0;
inline constexpr std::size_t magic = 4;
inline constexpr std::size_t body_crc = 8;
inline constexpr std::size_t queue = 12;
inline constexpr std::size_t flag = 16;
inline constexpr std::size_t queue_offset = 20;
inline constexpr std::size_t position = 28;
inline constexpr std::size_t sys_flag = 36;
inline constexpr std::size_t born_time = 40;
inline constexpr std::size_t born_host = 48;
// The store time ends here, or 12 bytes before when the born host is IPv4.
inline constexpr std::size_t behind_store_time = 76;
} // namespace record_at

/// A record to be encoded.
struct record_draft {
  std::string_view topic;
  std::string_view body;
  std::string_view properties;      ///< name 0x01 value 0x02 ...
  std::string_view more_properties; ///< appended where the limit leaves room
  queue_id queue;
  troupe::queue_offset offset;
  std::int32_t flag = 0;
  std::int32_t sys_flag = 0;
  std::int32_t reconsume_times = 0;
  epoch_ms born_time;
  host born_host;
  epoch_ms store_time;
  host store_host;
  log_offset prepared_offset;
};

/// A record's fields; texts are views into its bytes.
struct record_view {
  std::uint32_t size = 0;
  queue_id queue;
  troupe::queue_offset offset;
  log_offset position;
  std::int32_t flag = 0;
  std::int32_t sys_flag = 0;
  std::int32_t reconsume_times = 0;
  epoch_ms born_time;
  host born_host;
  epoch_ms store_time;
  host store_host;
  log_offset prepared_offset;
  std::string_view body;
  std::string_view topic;
  std::string_view properties;
};

/// Bytes that encode_record will write.
std::size_t record_size(const record_draft& draft);

/// Writes the record that begins at `position` to `out`. Its last property is
/// the checksum `__CRC32#` over everything before; one from an older copy of
/// the message is left out.
/// @param size  record_size(draft)
void encode_record(const record_draft& draft, log_offset position,
                   std::size_t size, char* out);

/// Whether to compare a record with its checksum: the one over all of it, which
/// our own records carry as their last property, else the one over the body.
enum class record_check : std::uint8_t {
  crc,
  none
};

/// Where a record is expected, as the consume queue row that leads to it says.
struct record_place {
  log_offset position;
  queue_id queue;
  troupe::queue_offset offset;
  std::string_view topic;
};

/// Whether `bytes` are the record of that place, from the first to the last, in
/// the usual form (IPv4 hosts, a short topic, a checksum over all of it) and
/// undamaged. A fraction of decode_record's cost, for every message pulled.
/// @returns false for a good record of an unusual form, too: decode_record says
bool is_usual_record(std::string_view bytes, const record_place& place);

/// Reads the record at the start of `bytes`.
/// @errors corrupt_record, with what does not hold
caf::expected<record_view> decode_record(std::string_view bytes,
                                         record_check check);

/// The size of a record whose first 4 bytes are at `record`.
std::uint32_t record_size_of(const char* record);

/// Whether the record carries a checksum of all of it, as ours do.
bool carries_crc(const record_view& record);

/// The store time of a record whose bytes before behind_store_time are at
/// `record`.
epoch_ms store_time_of(const char* record);

/// Writes the filler that says "the rest of this segment is unused".
void encode_blank(std::uint32_t rest, char* out);

} // namespace troupe::storage
