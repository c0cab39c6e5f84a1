/// Which queues the broker assigns to a consumer that asks for them. Pure.
/// Source: RocketMQ 5.3 QueryAssignmentProcessor,
/// AllocateMessageQueueAveragely, AllocateMessageQueueAveragelyByCircle; sheet
/// remoting 5.9.
#pragma once

#include "remoting/bodies/group_bodies.hpp"

#include "troupe/model/lease.hpp"

#include <optional>
#include <string>
#include <vector>

namespace troupe {

/// What an assignment depends on.
struct assignment_question {
  std::string client;   ///< who asks
  std::string strategy; ///< AVG or AVG_BY_CIRCLE
  bool broadcasting = false;
  request_mode mode;
  std::vector<std::string> clients;          ///< members of the group
  std::vector<remoting::named_queue> queues; ///< readable ones of the topic
};

/// The queues of the client; queue id -1 is any of the broker. None: there is
/// no answer, the client keeps what it has.
std::optional<std::vector<remoting::named_queue>>
assigned_queues(assignment_question question);

} // namespace troupe
