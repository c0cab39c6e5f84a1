#include "storage/checkpoint.hpp"

#include "storage/big_endian.hpp"
#include "storage/crc32.hpp"
#include "storage/file.hpp"

#include "troupe/log.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

namespace troupe::storage {

namespace {

// A slot: 8 magic, 8 generation, 8 derived end, 4 clean, 8 rows of a consume
// queue file, 4 CRC of those before.
constexpr std::size_t slot_bytes = 40;
constexpr std::size_t crc_at = slot_bytes - 4;
constexpr std::int64_t slot_distance = 512;              // a sector apart
constexpr std::uint64_t slot_magic = 0x74726F7570650003; // "troupe", version 3

std::string path_in(const std::string& data_directory) {
  return data_directory + "/troupe.checkpoint";
}

std::optional<checkpoint> read_slot(const file& source, std::int64_t at) {
  std::array<char, slot_bytes> bytes{};
  auto got = source.read(at, bytes.data(), bytes.size());
  if (!got || *got != bytes.size()
      || load<std::uint64_t>(bytes.data()) != slot_magic
      || load<std::uint32_t>(bytes.data() + crc_at)
           != crc32({bytes.data(), crc_at}))
    return {};
  checkpoint value;
  value.generation = load<std::uint64_t>(bytes.data() + 8);
  value.derived_end = {load<std::int64_t>(bytes.data() + 16)};
  value.clean = load<std::uint32_t>(bytes.data() + 24) != 0;
  value.queue_file_rows = load<std::int64_t>(bytes.data() + 28);
  return value;
}

} // namespace

checkpoint read_checkpoint(const std::string& data_directory) {
  auto path = path_in(data_directory);
  if (!path_exists(path))
    return {};
  auto source = file::open(path, open_mode::read_only);
  if (source) {
    auto first = read_slot(**source, 0);
    auto second = read_slot(**source, slot_distance);
    if (first && second)
      return first->generation > second->generation ? *first : *second;
    if (first || second)
      return first ? *first : *second;
  }
  log::error("storage", "the checkpoint is damaged, everything is derived anew")
    .with("file", path);
  return {};
}

std::vector<std::string> damaged_slots(const std::string& data_directory) {
  std::vector<std::string> damaged;
  auto path = path_in(data_directory);
  if (!path_exists(path))
    return damaged;
  auto source = file::open(path, open_mode::read_only);
  if (!source)
    return {context_of(source.error())};
  for (std::int64_t at : {std::int64_t{0}, slot_distance}) {
    std::array<char, slot_bytes> bytes{};
    auto got = (*source)->read(at, bytes.data(), bytes.size());
    auto blank = std::ranges::all_of(bytes, [](char c) { return c == 0; });
    if (!got || (!blank && !read_slot(**source, at)))
      damaged.push_back("the slot at byte " + std::to_string(at)
                        + " is damaged");
  }
  return damaged;
}

caf::error write_checkpoint(const std::string& data_directory,
                            const checkpoint& value) {
  auto path = path_in(data_directory);
  auto fresh = !path_exists(path);
  auto target = file::open(path, open_mode::create);
  if (!target)
    return std::move(target.error());
  std::array<char, slot_bytes> bytes{};
  auto* at = store(bytes.data(), slot_magic);
  at = store(at, value.generation);
  at = store(at, value.derived_end.value);
  at = store(at, std::uint32_t{value.clean});
  at = store(at, value.queue_file_rows);
  store(at, crc32({bytes.data(), crc_at}));
  auto slot = static_cast<std::int64_t>(value.generation % 2) * slot_distance;
  if (auto error = (*target)->write(slot, {bytes.data(), bytes.size()}))
    return error;
  if (auto error = (*target)->sync())
    return error;
  return fresh ? sync_directory(data_directory) : caf::error{};
}

} // namespace troupe::storage
