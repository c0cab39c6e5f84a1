#include "commit_log/records.hpp"

#include "troupe/model/properties.hpp"

namespace troupe {

namespace {

bool has_key(std::string_view text, std::string_view key) {
  auto found = properties::find(text, properties::unique_key) == key;
  properties::for_each_key(
    properties::find(text, properties::keys),
    [&](std::string_view word) { found = found || word == key; });
  return found;
}

} // namespace

caf::expected<std::vector<payload>>
records_at(const storage::log_reader& reader,
           const std::vector<log_offset>& positions) {
  std::vector<payload> records;
  for (auto position : positions) {
    auto bytes = reader.read_record(position);
    if (!bytes)
      return std::move(bytes.error());
    records.push_back(payload::copy_of(bytes->view()));
  }
  return records;
}

caf::expected<std::vector<payload>>
records_with_key(const storage::log_reader& reader,
                 const std::vector<log_offset>& positions,
                 const find_by_key& wish) {
  std::vector<payload> records;
  for (auto position : positions) {
    auto bytes = reader.read_record(position);
    if (!bytes)
      continue; // gone with its segment, or damaged
    auto record =
      storage::decode_record(bytes->view(), storage::record_check::none);
    if (!record || record->topic != wish.topic)
      continue;
    if (has_key(record->properties, wish.key))
      records.push_back(payload::copy_of(bytes->view()));
  }
  return records;
}

} // namespace troupe
