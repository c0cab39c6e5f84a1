/// A whole node in this process whose admin actor is published on loopback.
#pragma once

#include "admin/door.hpp"
#include "app/node/pass.hpp"
#include "reactor/reactor.hpp"
#include "supervisor/supervisor.hpp"
#include "support/catch.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>

#include <functional>
#include <optional>
#include <string>

namespace troupe::test {

class shell_node {
public:
  /// @param more  settings of the actor system
  explicit shell_node(
    const std::string& directory, tls_files tls = {},
    const std::function<void(caf::actor_system_config&)>& more = nullptr,
    const transaction_timing& timing = {})
    : system_(prepared(config_, tls, more)) {
    cast_options options;
    options.data_directory = directory;
    options.broker_name = "broker-a";
    options.broker_port = 0;
    options.name_server_port = 0;
    options.segment_bytes = limits::segment_bytes_min;
    options.custom.types = {app::pass_type()};
    options.transactions = timing;
    options.settings = {{"flushDiskType", "SYNC_FLUSH"}};
    options.change_settings = [](std::string_view) {
      return changed_settings{
        {},
        {{"flushDiskType", "ASYNC_FLUSH"}, {"listenPort", "0"}},
        {{"flushDiskType", "ASYNC_FLUSH", "SYNC_FLUSH"}}};
    };
    auto started = start_cast(system_, home_, std::move(options), [] {});
    if (!started)
      FAIL(describe(started.error()));
    cast_ = std::move(*started);
    auto port = open_door(system_, cast_->admin, {"127.0.0.1", 0, tls});
    if (!port)
      FAIL(describe(port.error()));
    port_ = *port;
  }

  ~shell_node() {
    close_door(system_, cast_->admin);
    auto error = stop_cast(system_, home_, *cast_);
    CHECK_FALSE(error);
  }

  shell_node(const shell_node&) = delete;
  shell_node& operator=(const shell_node&) = delete;

  std::uint16_t port() const { return port_; }

  cast_handles& cast() { return *cast_; }

  caf::actor_system& system() { return system_; }

  /// Asks within the process.
  caf::expected<table> ask(const std::string& verb,
                           std::vector<std::string> arguments = {}) {
    caf::scoped_actor self{system_};
    caf::expected<table> result = caf::sec::request_timeout;
    self
      ->request(cast_->admin, std::chrono::seconds{20},
                admin_request{verb, std::move(arguments)})
      .receive([&](table& x) { result = std::move(x); },
               [&](caf::error& e) { result = std::move(e); });
    return result;
  }

private:
  static caf::actor_system_config& prepared(caf::actor_system_config& config,
                                            const tls_files& tls,
                                            const auto& more) {
    if (more)
      more(config);
    config.set("scheduler.policy", caf::atom("sharing"));
    config.set("scheduler.max-threads", std::size_t{2});
    prepare_network(config, tls);
    return config;
  }

  caf::actor_system_config config_;
  caf::actor_system system_;
  reactor home_{system_};
  std::optional<cast_handles> cast_;
  std::uint16_t port_ = 0;
};

/// The cell in a column of a row.
inline cell at(const table& answer, const std::string& column,
               std::size_t row = 0) {
  for (std::size_t i = 0; i < answer.columns.size(); ++i)
    if (answer.columns[i] == column && row < answer.rows.size())
      return answer.rows[row][i];
  FAIL("no column " << column << " in row " << row);
  return {};
}

} // namespace troupe::test
