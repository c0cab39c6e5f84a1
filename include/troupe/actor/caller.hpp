/// Who asked: a connection of a gateway and the request on it. Travels with
/// every request through the actors, so that the last one answers the first.
#pragma once

#include "troupe/remoting/command.hpp"

#include <caf/typed_actor.hpp>

#include "troupe/type_ids.hpp"

#include <cstdint>

namespace troupe {

/// A connection: its slot in the gateway, and how often that slot was used
/// before. Never a file descriptor: a late answer must not reach the next
/// connection that got the same number.
struct connection_id {
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;

  auto operator<=>(const connection_id&) const = default;
};

/// What the answer to an append tells besides success.
enum class append_answer : std::uint8_t {
  send_result, ///< message id, queue and offset, as for SEND_MESSAGE
  timed,       ///< the same and the handle by which it is recalled
  plain,       ///< nothing, as for CONSUMER_SEND_MSG_BACK
};

/// One request on a connection.
struct caller {
  connection_id connection;
  std::int32_t opaque = 0;
  remoting::header_encoding encoding = remoting::header_encoding::json;
  bool oneway = false; ///< never answered, not even on error
  append_answer answer = append_answer::send_result;
  std::uint8_t filters = 0; ///< of a pull: see gateway/delivering.hpp
};

/// Sends a one-way command to a client, such as NOTIFY_CONSUMER_IDS_CHANGED.
/// Lost when the client has too much to read: it looks by itself now and then.
struct push_command {
  connection_id connection;
  remoting::command command;
};

/// Sends a one-way command that must not be lost unseen: a transaction check,
/// whose client answers with an END_TRANSACTION of its own, or a reset.
struct push_and_confirm {
  connection_id connection;
  remoting::command command;
};

/// The command waits to be written to the client's socket, or is.
struct command_pushed {};

/// Asks a client, such as GET_CONSUMER_RUNNING_INFO.
struct call_client {
  connection_id connection;
  remoting::command command; ///< its opaque is given by the gateway
};

/// What the client answered.
struct client_answer {
  remoting::command command;
};

/// Ends a connection whose client did not send heartbeats.
struct close_connection {
  connection_id connection;
};

/// The side of a gateway that reaches clients.
using client_gateway =
  caf::typed_actor<caf::reacts_to<push_command>,
                   // Errors: client_gone; busy (out_unasked_bytes_max).
                   caf::replies_to<push_and_confirm>::with<command_pushed>,
                   // Errors: client_gone, client_timeout, busy.
                   caf::replies_to<call_client>::with<client_answer>,
                   caf::reacts_to<close_connection>>;

/// Where a client can be reached.
struct client_link {
  client_gateway gateway;
  connection_id connection;

  bool operator==(const client_link&) const = default;
};

} // namespace troupe
