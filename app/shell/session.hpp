/// The way from the shell to a node's admin actor. Connects on the first
/// question, so that what needs no node works without one.
#pragma once

#include "admin/door.hpp"

#include "troupe/actor/admin.hpp"

#include <caf/expected.hpp>

#include <atomic>
#include <memory>
#include <string>

namespace troupe::app {

/// Where the node is.
struct node_address {
  std::string host = "127.0.0.1";
  std::uint16_t port = limits::shell_port;
  tls_files tls;
};

class session {
public:
  /// @param interrupted  set by who waits no longer for an answer; null: nobody
  explicit session(node_address where,
                   const std::atomic<bool>* interrupted = nullptr);
  ~session();

  session(const session&) = delete;
  session& operator=(const session&) = delete;

  /// Asks and waits. After client_gone the next question connects anew.
  /// @errors not_ready when no node is reached, client_gone when it went away
  ///         meanwhile, client_timeout when nobody waits any longer, and those
  ///         of the verb
  caf::expected<table> ask(const admin_request& request);

  const node_address& where() const { return where_; }

private:
  struct network;

  caf::error connect();

  node_address where_;
  const std::atomic<bool>* interrupted_;
  std::unique_ptr<network> network_;
};

} // namespace troupe::app
