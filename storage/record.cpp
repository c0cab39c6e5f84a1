#include "storage/record.hpp"

#include "storage/big_endian.hpp"
#include "storage/crc32.hpp"

#include "troupe/limits.hpp"
#include "troupe/model/properties.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

namespace troupe::storage {

namespace {

constexpr std::size_t topic_bytes_v1_max = 127;

// Everything but hosts, body, topic and properties: 84 - 16 + 1 + 2 + 4.
constexpr std::size_t fixed_bytes = 75;

std::size_t host_bytes(const host& x) {
  return std::size_t{x.size} + 4;
}

char* store_host_bytes(char* at, const host& x) {
  std::memcpy(at, x.bytes.data(), x.size);
  return store<std::int32_t>(at + x.size, x.port);
}

host load_host(const char* at, bool v6) {
  host x;
  x.size = v6 ? 16 : 4;
  std::memcpy(x.bytes.data(), at, x.size);
  x.port = static_cast<std::uint16_t>(load<std::int32_t>(at + x.size));
  return x;
}

/// `__CRC32#`, 0x01, ten digits, 0x02.
constexpr std::size_t crc_entry_bytes = properties::record_crc.size() + 12;

/// The property text of a record as the pieces it is made of.
struct property_pieces {
  std::string_view before; ///< the client's, up to a checksum of an older copy
  std::string_view after;  ///< and behind it
  bool separator = false;  ///< between the client's and the broker's
  std::string_view more;
  bool crc_separator = false;
  bool crc = false;

  std::size_t size() const {
    return before.size() + after.size() + (separator ? 1 : 0) + more.size()
           + (crc_separator ? 1 : 0) + (crc ? crc_entry_bytes : 0);
  }
};

bool is_open(std::string_view text) {
  return !text.empty() && text.back() != properties::value_end;
}

/// What the broker adds is left out where a text at its limit has no room.
property_pieces pieces_of(const record_draft& draft) {
  property_pieces pieces;
  pieces.before = draft.properties;
  if (auto at = draft.properties.find(properties::record_crc);
      at != draft.properties.npos
      && (at == 0 || draft.properties[at - 1] == properties::value_end)) {
    pieces.before = draft.properties.substr(0, at);
    auto end = draft.properties.find(properties::value_end, at);
    if (end != draft.properties.npos)
      pieces.after = draft.properties.substr(end + 1);
  }
  auto last = [&] {
    return pieces.after.empty() ? pieces.before : pieces.after;
  };
  if (pieces.size() + 1 + draft.more_properties.size()
      <= limits::properties_bytes_max) {
    pieces.more = draft.more_properties;
    pieces.separator = !pieces.more.empty() && is_open(last());
  }
  if (pieces.size() + 1 + crc_entry_bytes <= limits::properties_bytes_max) {
    pieces.crc_separator = is_open(pieces.more.empty() ? last() : pieces.more);
    pieces.crc = true;
  }
  return pieces;
}

/// The checksum entry of a record whose checksum is 0.
constexpr auto plain_crc_entry = [] {
  std::array<char, crc_entry_bytes> entry{};
  auto* at = std::ranges::copy(properties::record_crc, entry.data()).out;
  *at++ = properties::name_end;
  std::fill_n(at, 10, '0');
  entry.back() = properties::value_end;
  return entry;
}();

/// Bytes before the digits.
constexpr std::size_t crc_digits_at = properties::record_crc.size() + 1;

/// Writes the checksum entry, digits from the last to the first as RocketMQ
/// does.
char* store_crc_entry(char* at, std::uint32_t crc) {
  std::memcpy(at, plain_crc_entry.data(), crc_entry_bytes);
  for (auto* digit = at + crc_digits_at; crc != 0; crc /= 10)
    *digit++ = static_cast<char>('0' + crc % 10);
  return at + crc_entry_bytes;
}

/// Whether the property text ends with a checksum entry of the whole record.
/// One that is damaged itself still counts: most of its fixed bytes are enough.
bool ends_with_crc(std::string_view text) {
  if (text.size() < crc_entry_bytes)
    return false;
  auto entry = text.substr(text.size() - crc_entry_bytes);
  if (std::memcmp(entry.data(), plain_crc_entry.data(), crc_digits_at) == 0
      && entry.back() == properties::value_end)
    return true;
  std::size_t same = 0;
  for (std::size_t i = 0; i < crc_entry_bytes; ++i)
    same += plain_crc_entry[i] != '0' && plain_crc_entry[i] == entry[i] ? 1 : 0;
  constexpr std::size_t fixed_bytes_needed = 8; // of ten
  return same >= fixed_bytes_needed;
}

char* store_text(char* at, std::string_view text) {
  if (!text.empty())
    std::memcpy(at, text.data(), text.size());
  return at + text.size();
}

caf::error corrupt(std::string what) {
  return make_error(errc::corrupt_record, std::move(what));
}

} // namespace

std::size_t record_size(const record_draft& draft) {
  return fixed_bytes + host_bytes(draft.born_host)
         + host_bytes(draft.store_host) + draft.body.size()
         + (draft.topic.size() > topic_bytes_v1_max ? 1 : 0)
         + draft.topic.size() + pieces_of(draft).size();
}

void encode_record(const record_draft& draft, log_offset position,
                   std::size_t size, char* out) {
  auto v2 = draft.topic.size() > topic_bytes_v1_max;
  auto flags = draft.sys_flag & ~(sys_flag_born_v6 | sys_flag_store_v6);
  if (draft.born_host.is_v6())
    flags |= sys_flag_born_v6;
  if (draft.store_host.is_v6())
    flags |= sys_flag_store_v6;
  auto* at = out;
  at = store(at, static_cast<std::uint32_t>(size));
  at = store(at, v2 ? magic_v2 : magic_v1);
  at = store(at, crc32(draft.body));
  at = store(at, draft.queue.value);
  at = store(at, draft.flag);
  at = store(at, draft.offset.value);
  at = store(at, position.value);
  at = store(at, flags);
  at = store(at, draft.born_time.value);
  at = store_host_bytes(at, draft.born_host);
  at = store(at, draft.store_time.value);
  at = store_host_bytes(at, draft.store_host);
  at = store(at, draft.reconsume_times);
  at = store(at, draft.prepared_offset.value);
  at = store(at, static_cast<std::uint32_t>(draft.body.size()));
  at = store_text(at, draft.body);
  at = v2 ? store(at, static_cast<std::uint16_t>(draft.topic.size()))
          : store(at, static_cast<std::uint8_t>(draft.topic.size()));
  at = store_text(at, draft.topic);
  auto pieces = pieces_of(draft);
  at = store(at, static_cast<std::uint16_t>(pieces.size()));
  at = store_text(at, pieces.before);
  at = store_text(at, pieces.after);
  if (pieces.separator)
    *at++ = properties::value_end;
  at = store_text(at, pieces.more);
  if (pieces.crc_separator)
    *at++ = properties::value_end;
  if (pieces.crc)
    store_crc_entry(at, crc32({out, static_cast<std::size_t>(at - out)}));
}

bool is_usual_record(std::string_view bytes, const record_place& place) {
  constexpr std::size_t topic_at = 89; // of an empty body, behind its length
  constexpr std::size_t body_size_at = 84;
  const auto* at = bytes.data();
  auto least = fixed_bytes + 16 + place.topic.size() + crc_entry_bytes;
  if (bytes.size() < least
      || load<std::uint32_t>(at + record_at::total_size) != bytes.size()
      || load<std::uint32_t>(at + record_at::magic) != magic_v1
      || load<std::int32_t>(at + record_at::queue) != place.queue.value
      || load<std::int64_t>(at + record_at::queue_offset) != place.offset.value
      || load<std::int64_t>(at + record_at::position) != place.position.value
      || (load<std::int32_t>(at + record_at::sys_flag)
          & (sys_flag_born_v6 | sys_flag_store_v6))
           != 0)
    return false;
  std::size_t body_size = load<std::uint32_t>(at + body_size_at);
  if (body_size > bytes.size() - least)
    return false;
  auto topic = bytes.substr(topic_at + body_size, place.topic.size());
  if (static_cast<std::uint8_t>(at[topic_at - 1 + body_size]) != topic.size()
      || topic != place.topic)
    return false;
  auto text_at = topic_at + body_size + topic.size();
  auto text_size = bytes.size() - text_at - 2;
  if (load<std::uint16_t>(at + text_at) != text_size)
    return false;
  auto covered = bytes.size() - crc_entry_bytes;
  std::array<char, crc_entry_bytes> wanted;
  const auto* entry = at + covered;
  if (std::memcmp(entry, plain_crc_entry.data(), crc_digits_at) != 0)
    return false;
  store_crc_entry(wanted.data(), crc32(bytes.substr(0, covered)));
  return std::memcmp(entry, wanted.data(), crc_entry_bytes) == 0;
}

caf::expected<record_view> decode_record(std::string_view bytes,
                                         record_check check) {
  if (bytes.size() < record_at::born_host)
    return corrupt("a record needs at least 91 bytes, there are "
                   + std::to_string(bytes.size()));
  record_view view;
  view.size = load<std::uint32_t>(bytes.data());
  auto magic = load<std::uint32_t>(bytes.data() + record_at::magic);
  if (magic != magic_v1 && magic != magic_v2)
    return corrupt("no record begins here: the magic number is wrong");
  if (view.size < fixed_bytes + 16 || view.size > bytes.size())
    return corrupt("the record's size " + std::to_string(view.size)
                   + " does not fit");
  const auto* at = bytes.data();
  const auto* end = at + view.size;
  view.queue = {load<std::int32_t>(at + record_at::queue)};
  view.flag = load<std::int32_t>(at + record_at::flag);
  view.offset = {load<std::int64_t>(at + record_at::queue_offset)};
  view.position = {load<std::int64_t>(at + record_at::position)};
  view.sys_flag = load<std::int32_t>(at + record_at::sys_flag);
  view.born_time = {load<std::int64_t>(at + record_at::born_time)};
  auto crc = load<std::uint32_t>(at + record_at::body_crc);
  auto born_v6 = (view.sys_flag & sys_flag_born_v6) != 0;
  auto store_v6 = (view.sys_flag & sys_flag_store_v6) != 0;
  if (view.size < fixed_bytes + 16u + (born_v6 ? 12 : 0) + (store_v6 ? 12 : 0))
    return corrupt("the record is too short for its hosts");
  at += record_at::born_host;
  view.born_host = load_host(at, born_v6);
  at += host_bytes(view.born_host);
  view.store_time = {load<std::int64_t>(at)};
  at += 8;
  view.store_host = load_host(at, store_v6);
  at += host_bytes(view.store_host);
  view.reconsume_times = load<std::int32_t>(at);
  view.prepared_offset = {load<std::int64_t>(at + 4)};
  std::size_t body_size = load<std::uint32_t>(at + 12);
  at += 16;
  auto left = [&] { return static_cast<std::size_t>(end - at); };
  std::size_t topic_length_bytes = magic == magic_v2 ? 2 : 1;
  if (left() < body_size || left() - body_size < topic_length_bytes)
    return corrupt("the body's length does not fit");
  view.body = {at, body_size};
  at += body_size;
  std::size_t topic_size = magic == magic_v2 ? load<std::uint16_t>(at)
                                             : static_cast<std::uint8_t>(*at);
  at += topic_length_bytes;
  if (left() < topic_size + 2)
    return corrupt("the topic's length does not fit");
  view.topic = {at, topic_size};
  at += topic_size;
  std::size_t text_size = load<std::uint16_t>(at);
  at += 2;
  if (left() != text_size)
    return corrupt("the lengths within the record do not add up to its size");
  view.properties = {at, text_size};
  if (check == record_check::none)
    return view;
  if (ends_with_crc(view.properties)) {
    std::array<char, crc_entry_bytes> wanted;
    auto covered = bytes.substr(0, view.size - crc_entry_bytes);
    store_crc_entry(wanted.data(), crc32(covered));
    if (std::memcmp(wanted.data(), bytes.data() + covered.size(), wanted.size())
        != 0)
      return corrupt("the record does not match its checksum");
  } else if (crc32(view.body) != crc) {
    return corrupt("the body does not match its checksum");
  } else if (!view.properties.empty() && view.properties.back() == '\0') {
    return corrupt("the record was not written to its end");
  }
  return view;
}

std::uint32_t record_size_of(const char* record) {
  return load<std::uint32_t>(record + record_at::total_size);
}

bool carries_crc(const record_view& record) {
  return ends_with_crc(record.properties);
}

epoch_ms store_time_of(const char* record) {
  auto flags = load<std::int32_t>(record + record_at::sys_flag);
  auto born_bytes = (flags & sys_flag_born_v6) != 0 ? 20u : 8u;
  return {load<std::int64_t>(record + record_at::born_host + born_bytes)};
}

void encode_blank(std::uint32_t rest, char* out) {
  store(store(out, rest), magic_blank);
}

} // namespace troupe::storage
