/// An IPv4 or IPv6 address with a port, as it stands in records and ids.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include <arpa/inet.h>

namespace troupe {

/// Address and port. IPv4-mapped IPv6 peers are kept as IPv4: several clients
/// cannot read records with 16-byte hosts.
struct host {
  std::array<std::uint8_t, 16> bytes{}; ///< network order; IPv4 in the first 4
  std::uint8_t size = 4;                ///< 4 or 16
  std::uint16_t port = 0;

  bool operator==(const host&) const = default;

  bool is_v6() const { return size == 16; }
};

/// `10.0.0.1:10911` or `[::1]:10911`.
inline std::string to_string(const host& x) {
  char text[INET6_ADDRSTRLEN] = "";
  ::inet_ntop(x.is_v6() ? AF_INET6 : AF_INET, x.bytes.data(), text,
              sizeof text);
  std::string address = text;
  if (x.is_v6())
    address = "[" + address + "]";
  return address + ":" + std::to_string(x.port);
}

} // namespace troupe
