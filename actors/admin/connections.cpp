#include "admin/connections.hpp"

#include "admin/texts.hpp"
#include "remoting/command_view.hpp"

namespace troupe {

caf::expected<connection_row> find_connection(admin_context& context,
                                              const std::string& address) {
  auto list = context.ask<connection_list>(context.node().gateway,
                                           list_connections{address, 1});
  if (!list)
    return std::move(list.error());
  if (list->rows.empty())
    return make_error(errc::path_not_found,
                      "no client is connected from " + address
                        + "; `ls /gateway` lists those that are");
  return std::move(list->rows.front());
}

table fields_of_connection(const connection_row& x) {
  auto now = now_ms();
  return fields_of(
    {{"path", "/gateway/" + x.address},
     {"client_id", x.client_id},
     {"service", x.name_server ? "name_server" : "broker"},
     {"language", std::string{remoting::language_name(x.language)}},
     {"version", x.version},
     {"open_for", duration_text(now - x.opened)},
     {"idle_for", duration_text(now - x.last_read)},
     {"requests", x.requests},
     {"in_flight", x.in_flight},
     {"in_bytes", x.in_bytes},
     {"out_bytes", x.out_bytes},
     {"out_buffer_bytes", x.out_buffer_bytes}});
}

} // namespace troupe
