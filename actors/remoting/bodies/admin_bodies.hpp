/// JSON bodies that only administrators read. Source: RocketMQ 5.3
/// protocol.body, protocol.admin; sheet remoting 4.2.
#pragma once

#include "remoting/bodies/group_bodies.hpp"

#include <array>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::remoting {

/// One group of ConsumeStatsList.
struct named_consume_stats {
  std::string group;
  std::vector<consume_stats_row> rows; ///< by topic
  double per_second = 0;
};

/// ConsumeStatsList: per group a ConsumeStats for each of its topics.
std::string
encode_broker_consume_stats(std::span<const named_consume_stats> groups,
                            std::string_view broker_address);

/// QueueTimeSpan; times are ms since 1970, 0: none.
struct time_span_row {
  named_queue queue;
  std::int64_t min_time = 0;
  std::int64_t max_time = 0;
  std::int64_t consume_time = 0;
  std::int64_t delay_ms = 0;
};

/// QueryConsumeTimeSpanBody.
std::string encode_time_span(std::span<const time_span_row> rows);

/// QueryCorrectionOffsetBody: queue id -> offset.
std::string
encode_correction(const std::map<std::int32_t, std::int64_t>& offsets);

/// The text of `messageQueueTable` in a client's GetConsumerStatusBody, as it
/// stands: its keys are objects. Empty when there is none.
std::string queue_table_of(std::string_view body);

/// GetConsumerStatusBody. @param tables  client id -> queue_table_of
std::string
encode_consumer_status(const std::map<std::string, std::string>& tables);

/// How many in a span of time, and a second of it.
struct stats_span {
  std::int64_t sum = 0;
  double per_second = 0;
};

struct broker_stats {
  std::array<stats_span, 3> spans; ///< the last minute, hour and day
};

/// BrokerStatsData.
std::string encode_broker_stats(const broker_stats& stats);

/// ConsumeQueueData.
struct consume_queue_row {
  std::int64_t position = 0;
  std::int32_t size = 0;
  std::int64_t tags_code = 0;
};

/// Whose subscription is shown beside the rows.
struct queue_reader {
  std::string name;        ///< `group@topic`; empty: nobody's
  subscription_ptr wanted; ///< null: it is not online
};

/// QueryConsumeQueueResponseBody.
std::string encode_consume_queue(std::int64_t min, std::int64_t max,
                                 std::span<const consume_queue_row> rows,
                                 const queue_reader& who);

/// HARuntimeInfo of a master without slaves.
std::string encode_ha_status(std::int64_t log_end);

} // namespace troupe::remoting
