/// Connections of a load to one server, driven from one thread: sends what was
/// appended, finds the frames that come back.
#pragma once

#include "troupe/errc.hpp"
#include "troupe/remoting/command.hpp"

#include <caf/expected.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::app {

/// Nanoseconds of the steady clock.
std::int64_t now_ns();

/// A blocking connection.
/// @param at  host:port
/// @errors io_failed: nobody listens; bad_config: no address
caf::expected<int> connect_to(const std::string& at);

/// One request and its answer on a connection of its own, blocking.
/// @errors io_failed
caf::expected<remoting::command> call(const std::string& at,
                                      const remoting::command& request);

/// The number behind `name` in a header; `otherwise` when it is not there.
std::int64_t number_behind(std::string_view header, std::string_view name,
                           std::int64_t otherwise);

class peers {
public:
  /// A frame that came on the connection `index`.
  using frame_handler = std::function<void(
    std::size_t index, std::string_view header, std::string_view body)>;

  peers() = default;
  ~peers();

  peers(const peers&) = delete;
  peers& operator=(const peers&) = delete;

  /// Adds `count` connections.
  caf::error open(const std::string& at, int count);

  std::size_t size() const { return all_.size(); }

  /// What is appended here is sent by `flush`.
  std::string& out(std::size_t index) { return all_[index]->out; }

  /// Sends as much as the sockets take.
  caf::error flush();

  /// Waits up to `nanoseconds` for something to come and hands on its frames.
  caf::error wait(std::int64_t nanoseconds, const frame_handler& handle);

private:
  struct peer {
    std::size_t index = 0;
    int fd = -1;
    std::string in;
    std::string out;
    std::size_t out_done = 0;
    bool wants_write = false;
  };

  caf::error flush(peer& to);
  caf::error receive(peer& from, const frame_handler& handle);

  int poll_ = -1;
  std::unique_ptr<char[]> room_; ///< to receive into
  std::vector<std::unique_ptr<peer>> all_;
};

} // namespace troupe::app
