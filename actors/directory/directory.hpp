/// Spawns the directory; see troupe/actor/directory.hpp.
#pragma once

#include "reactor/pinned.hpp"

#include "troupe/actor/directory.hpp"
#include "troupe/actor/name_server.hpp"
#include "troupe/actor/registrar.hpp"
#include "troupe/actor/state_store.hpp"

#include <functional>
#include <string>

namespace troupe {

struct directory_options {
  std::string cluster = "DefaultCluster";
  std::string broker_name = "broker";
  std::int64_t broker_id = 0;
  std::int32_t broker_permission = permission::read_write;
  std::int32_t default_topic_queues = limits::default_topic_queues;
  std::int32_t delay_level_count = 18;
  bool auto_create_topics = true;
  bool auto_create_groups = true;

  stored_state stored; ///< what was there at the last end
  state_store_actor store;

  /// Makes what a topic needs on disk, before its settings are stored.
  std::function<caf::error(std::string)> prepare_topic;

  // How to make the actors of a name.
  std::function<topic_actor(topic_config)> make_topic;
  std::function<consumer_group_actor(group_config, std::vector<offset_row>)>
    make_group;
  std::function<producer_actor(std::string)> make_producer;

  // Null when there is none.
  name_server_actor names;   ///< of this process
  registrar_actor registrar; ///< towards name servers elsewhere
  std::string address;       ///< `ip:port`; same_address unless configured
  std::string ha_address;
  epoch_ms (*clock)() = now_ms;
};

directory_actor spawn_directory(caf::actor_system& system, placement where,
                                directory_options options);

} // namespace troupe
