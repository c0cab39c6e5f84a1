/// The least that a broker must do, as a measure for one that does it all: one
/// thread, one epoll; finds the frames, appends as many bytes as their records
/// would have with one write per round, answers.
#pragma once

#include <cstdint>
#include <string>

namespace troupe::app {

/// Serves until the process is killed.
/// @param port_fd  the port it listens on is written there, as text
/// @returns only when it could not start
int run_limit_server(const std::string& directory, bool sync, int port_fd);

} // namespace troupe::app
