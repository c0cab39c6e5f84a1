/// One client connection: its socket, the frame that is not complete yet, what
/// still has to be written. Knows nothing of what frames mean.
#pragma once

#include "gateway/out_buffer.hpp"
#include "reactor/reactor.hpp"

#include "troupe/actor/caller.hpp"
#include "troupe/model/host.hpp"
#include "troupe/units.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace troupe {

/// Which service a port offers.
enum class service : std::uint8_t {
  broker,
  name_server
};

class connection;

/// Who serves the events of connections: the gateway.
class connection_events {
public:
  virtual ~connection_events() = default;

  virtual void on_readable(connection& from) = 0;
  virtual void on_writable(connection& to) = 0;

  /// The socket is broken or its peer has closed it.
  virtual void on_broken(connection& which) = 0;
};

class connection : public fd_handler {
public:
  connection(connection_events& events, int fd, connection_id id,
             service offers);
  ~connection() override;

  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  void on_ready(std::uint32_t events) override;

  int fd() const { return fd_; }

  connection_id id() const { return id_; }

  service offers() const { return offers_; }

  /// The client's address, and ours as the client used it.
  const host& peer() const { return peer_; }

  const host& local() const { return local_; }

  // State that the gateway keeps per connection.
  out_buffer out;
  std::string unread; ///< bytes received but not served yet
  buffer_ptr large;   ///< a long frame, filled up to large_filled
  std::size_t large_filled = 0;
  std::size_t skip = 0;    ///< bytes of a refused frame that still come
  std::size_t counted = 0; ///< bytes of memory that the gateway counts for it
  std::uint32_t interest = 0; ///< events the reactor reports
  std::size_t in_flight = 0;  ///< requests without an answer yet
  bool dirty = false;         ///< in the list of those to write this round
  bool held_back = false;     ///< must read its answers before it may ask more
  /// Whom to tell when it closes, by kind and name: groups, producers, routes.
  std::map<std::string, std::function<void(const client_link&)>> leavers;
  std::string client_id;     ///< of its last heartbeat
  std::uint8_t language = 0; ///< of its first request
  std::int32_t version = 0;  ///< likewise
  std::int64_t requests = 0;
  std::int64_t in_bytes = 0;
  std::int64_t out_bytes = 0;
  epoch_ms opened;
  epoch_ms last_read;
  epoch_ms last_write_progress;

private:
  connection_events& events_;
  int fd_;
  connection_id id_;
  service offers_;
  host peer_;
  host local_;
};

} // namespace troupe
