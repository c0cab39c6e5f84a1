#include "deadlines/placed_row.hpp"

#include "troupe/actor/row_properties.hpp"
#include "troupe/model/properties.hpp"
#include "troupe/model/transactions.hpp"

namespace troupe {

append_row row_again(const storage::record_view& record,
                     std::string_view text) {
  append_row row;
  set_properties(row, text, property_text::complete);
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
