#include "admin/door.hpp"

#include "reactor/quiet.hpp"

#include <caf/actor_registry.hpp>
#include <caf/atom.hpp>
#include <caf/io/middleman.hpp>
#include <caf/openssl/manager.hpp>
#include <caf/openssl/publish.hpp>
#include <caf/openssl/remote_actor.hpp>
#include <caf/openssl/unpublish.hpp>

#include <fstream>

#include <arpa/inet.h>

namespace troupe {

namespace {

caf::error check_file(const std::string& path, const char* option,
                      const char* begins) {
  if (path.empty())
    return make_error(errc::bad_config,
                      std::string{option}
                        + " is missing: TLS of the shell needs a certificate, "
                          "its key and the authority that signed the other "
                          "side's");
  std::ifstream file{path};
  if (!file)
    return make_error(errc::bad_config,
                      std::string{option} + ": cannot read " + path);
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("-----BEGIN ") && line.find(begins) != line.npos)
      return caf::none;
  return make_error(errc::bad_config, std::string{option} + ": " + path
                                        + " holds no " + begins
                                        + " in PEM form");
}

} // namespace

bool is_loopback(const std::string& address) {
  in_addr v4{};
  if (::inet_pton(AF_INET, address.c_str(), &v4) == 1)
    return (ntohl(v4.s_addr) >> 24) == 127;
  return address == "::1" || address == "localhost";
}

caf::error check_tls(const tls_files& files) {
  if (!files.any())
    return caf::none;
  if (auto error =
        check_file(files.certificate, "--shell-certificate", "CERTIFICATE"))
    return error;
  if (auto error = check_file(files.key, "--shell-key", "PRIVATE KEY"))
    return error;
  return check_file(files.authority, "--shell-ca", "CERTIFICATE");
}

caf::error check_door(const door_options& options) {
  if (auto error = check_tls(options.tls))
    return error;
  if (options.tls.any() || is_loopback(options.listen))
    return caf::none;
  return make_error(errc::bad_config,
                    "--shell-listen " + options.listen
                      + " would let anybody in: off loopback the shell needs "
                        "--shell-certificate, --shell-key and --shell-ca");
}

void prepare_network(caf::actor_system_config& config, const tls_files& tls) {
  config.load<caf::io::middleman>();
  config.set("middleman.workers", std::size_t{0});
  config.add_message_type<admin_request>("troupe.admin_request");
  config.add_message_type<table>("troupe.table");
  if (!tls.any())
    return;
  config.load<caf::openssl::manager>();
  config.openssl_certificate = tls.certificate;
  config.openssl_key = tls.key;
  config.openssl_cafile = tls.authority;
}

caf::expected<std::uint16_t> open_door(caf::actor_system& system,
                                       const admin_door& door,
                                       const door_options& options) {
  for (auto name : {caf::atom("SpawnServ"), caf::atom("ConfigServ"),
                    caf::atom("StreamServ")})
    system.registry().erase(name);
  auto narrow = caf::actor_cast<admin_actor>(door);
  auto address = options.listen == "localhost" ? "127.0.0.1" : options.listen;
  auto port =
    options.tls.any()
      ? caf::openssl::publish(narrow, options.port, address.c_str(), true)
      : system.middleman().publish(narrow, options.port, address.c_str(), true);
  if (port)
    return port;
  return make_error(errc::address_in_use,
                    "cannot listen on " + address + ":"
                      + std::to_string(options.port)
                      + " for the shell; choose another --shell-port, or "
                        "`off`");
}

void close_door(caf::actor_system& system, const admin_door& door) {
  if (system.has_middleman())
    static_cast<void>(system.middleman().unpublish(door));
}

caf::expected<admin_actor> connect_admin(caf::actor_system& system,
                                         const std::string& host,
                                         std::uint16_t port,
                                         const tls_files& tls) {
  auto found = tls.any()
                 ? caf::openssl::remote_actor<admin_actor>(system, host, port)
                 : system.middleman().remote_actor<admin_actor>(host, port);
  if (found)
    return found;
  auto where = host + ":" + std::to_string(port);
  return make_error(errc::not_ready,
                    tls.any()
                      ? "no node lets us in at " + where
                          + "; is it running with --shell-certificate, and do "
                            "both sides trust the same authority?"
                      : "no node answers at " + where
                          + "; start one with `troupe node`, name another as "
                            "HOST:PORT, or give certificates if it wants TLS");
}

} // namespace troupe
