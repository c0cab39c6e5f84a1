/// The broker of this process has no address of its own in the name server:
/// each client gets the one it can surely reach, its own way to us.
#pragma once

#include "gateway/gateway_context.hpp"

#include "troupe/model/route.hpp"

#include <string>

namespace troupe::handlers {

/// `ip:port` of this node's broker for the client on `on`.
inline std::string own_address(const gateway_context& context,
                               const connection& on) {
  return to_string(context.broker_host(on));
}

/// Puts that address where the name server holds none.
inline void name_own(broker_data& broker, const std::string& own) {
  for (auto& [id, address] : broker.addresses)
    if (address == same_address)
      address = own;
}

} // namespace troupe::handlers
