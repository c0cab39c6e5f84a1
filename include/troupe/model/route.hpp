/// Routes: which brokers hold which queues of a topic. Spoken by the name
/// server. Source: RocketMQ 5.3 TopicRouteData, BrokerData, QueueData.
#pragma once

#include "troupe/model/topic_config.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace troupe {

/// All addresses of one broker name.
struct broker_data {
  std::string cluster;
  std::string name;
  std::map<std::int64_t, std::string> addresses; ///< broker id -> `ip:port`
  bool acting_master = false;                    ///< enableActingMaster
};

/// One topic's queues on one broker name.
struct queue_data {
  std::string broker_name;
  std::int32_t read_queues = 0;
  std::int32_t write_queues = 0;
  std::int32_t perm = 0;
  std::int32_t topic_sys_flag = 0;
};

/// Answer to GET_ROUTEINFO_BY_TOPIC.
struct topic_route {
  std::vector<queue_data> queues;
  std::vector<broker_data> brokers;
  std::string order_topic_conf; ///< empty means absent
};

/// A broker that announces itself. Source: RegisterBrokerRequestHeader and
/// RegisterBrokerBody.
struct broker_registration {
  std::string cluster;
  std::string name;
  std::int64_t broker_id = 0;
  std::string address;                   ///< `ip:port`
  std::string ha_address;                ///< `ip:port`
  std::optional<std::int64_t> expiry_ms; ///< heartbeatTimeoutMillis
  bool acting_master = false;
  data_version version;
  std::vector<topic_config> topics;
};

} // namespace troupe
