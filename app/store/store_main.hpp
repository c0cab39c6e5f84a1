/// `troupe store`: looks into a data directory that no node runs on, checks
/// it, repairs it, and moves stores from and to Apache RocketMQ.
#pragma once

#include <string>
#include <vector>

namespace troupe::app {

/// @returns the process' exit status: 0 all is well, 1 damage was found or the
///          work failed, 2 it was not called rightly or the store is in use
int store_main(const std::vector<std::string>& arguments);

} // namespace troupe::app
