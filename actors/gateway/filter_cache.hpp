/// SQL92 filters by their expression. A filter comes with every heartbeat and,
/// from some clients, with every pull: it is compiled the first time only.
#pragma once

#include "gateway/views.hpp"

#include "filter/sql_filter.hpp"

#include <memory>

namespace troupe {

class filter_cache {
public:
  explicit filter_cache(bool enabled) : enabled_(enabled) {}

  /// The filter of `expression`; refusals are remembered too.
  /// @errors bad_expression; filter_disabled when filters are switched off
  caf::expected<std::shared_ptr<const sql_filter>>
  compile(std::string_view expression);

private:
  using entry = caf::expected<std::shared_ptr<const sql_filter>>;

  bool enabled_;
  known_by_name<std::shared_ptr<const entry>> known_;
};

} // namespace troupe
