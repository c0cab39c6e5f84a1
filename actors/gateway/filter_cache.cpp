#include "gateway/filter_cache.hpp"

namespace troupe {

caf::expected<std::shared_ptr<const sql_filter>>
filter_cache::compile(std::string_view expression) {
  if (!enabled_)
    return make_error(errc::filter_disabled,
                      "The broker does not support consumer to filter message "
                      "by SQL92: property-filter (enablePropertyFilter) is "
                      "false");
  if (auto found = known_.find(expression); found != known_.end())
    return *found->second;
  auto made = sql_filter::compile(expression);
  if (expression.size() > limits::sql_expression_bytes_max)
    return made; // as large as a frame: not worth the memory
  if (known_.size() >= limits::sql_filters_max)
    known_.clear(); // whoever is still there comes again
  known_.emplace(expression, std::make_shared<const entry>(made));
  return made;
}

} // namespace troupe
