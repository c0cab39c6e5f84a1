/// The port at which other processes reach the admin actor, and the way there.
/// CAF's own network layer: plain on loopback, mutual TLS elsewhere.
#pragma once

#include "troupe/actor/admin.hpp"
#include "troupe/errc.hpp"
#include "troupe/limits.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/expected.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace troupe {

/// Files in PEM form. With them both sides must show a certificate that the
/// authority has signed.
struct tls_files {
  std::string certificate;
  std::string key;
  std::string authority;

  bool any() const {
    return !certificate.empty() || !key.empty() || !authority.empty();
  }
};

/// Where the shell is let in.
struct door_options {
  std::string listen = "127.0.0.1";
  std::uint16_t port = limits::shell_port; ///< 0: the system chooses
  tls_files tls;
};

/// Whether `address` can be reached from this machine only.
bool is_loopback(const std::string& address);

/// Why these options would open the node to strangers, or cannot work; none
/// when they are good. Reads the files.
/// @errors bad_config
caf::error check_door(const door_options& options);

/// The same for the side that connects.
/// @errors bad_config
caf::error check_tls(const tls_files& files);

/// Loads CAF's network layer and announces the messages that travel. Before
/// the actor system is made.
void prepare_network(caf::actor_system_config& config, const tls_files& tls);

/// Publishes `door`, and nothing else: what CAF itself would let others reach
/// (its spawn and configuration servers) is taken away.
/// @returns the port
/// @errors address_in_use
caf::expected<std::uint16_t> open_door(caf::actor_system& system,
                                       const admin_door& door,
                                       const door_options& options);

/// Closes the port, so that the node can end.
void close_door(caf::actor_system& system, const admin_door& door);

/// Connects to the admin actor of a node.
/// @errors not_ready, with what to try
caf::expected<admin_actor> connect_admin(caf::actor_system& system,
                                         const std::string& host,
                                         std::uint16_t port,
                                         const tls_files& tls);

} // namespace troupe
