#include "deadlines/placed_row.hpp"

#include "troupe/model/hash.hpp"
#include "troupe/model/properties.hpp"
#include "troupe/model/transactions.hpp"

namespace troupe {

namespace {

text_span span_of(std::string_view text, std::string_view name) {
  auto value = properties::find(text, name);
  if (value.empty())
    return {};
  return {static_cast<std::uint16_t>(value.data() - text.data()),
          static_cast<std::uint16_t>(value.size())};
}

} // namespace

void place_properties(append_row& row, std::string_view text) {
  row.properties = payload::copy_of(text);
  row.text = property_text::complete;
  auto kept = row.properties.view();
  row.unique_key = span_of(kept, properties::unique_key);
  row.keys = span_of(kept, properties::keys);
  row.tags_code = tags_code(properties::find(kept, properties::tags));
}

append_row row_again(const storage::record_view& record,
                     std::string_view text) {
  append_row row;
  place_properties(row, text);
  row.body = payload::copy_of(record.body);
  row.flag = record.flag;
  row.sys_flag = record.sys_flag & ~storage::sys_flag_transaction;
  row.reconsume_times = record.reconsume_times;
  row.born_time = record.born_time;
  row.born_host = record.born_host;
  row.store_host = record.store_host;
  return row;
}

placed_row placed_as_real(const storage::record_view& record,
                          std::string_view text) {
  return {std::string{properties::find(text, properties::real_topic)},
          number_in(properties::find(text, properties::real_queue_id)),
          row_again(record, text)};
}

} // namespace troupe
