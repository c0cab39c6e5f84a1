/// GET_BROKER_RUNTIME_INFO: figures of the broker, all as text. What has no
/// meaning here (thread pools, page cache locks) is 0. Sheet semantics 20.3.
#include "gateway/handlers/handlers.hpp"

#include "remoting/bodies/topic_bodies.hpp"
#include "storage/damage_count.hpp"

namespace troupe::handlers {

namespace {

using kv_rows = std::vector<std::pair<std::string, std::string>>;

std::string running_for(std::int64_t ms) {
  auto seconds = ms / 1000;
  return "[ " + std::to_string(seconds / 86400) + " days, "
         + std::to_string(seconds / 3600 % 24) + " hours, "
         + std::to_string(seconds / 60 % 60) + " minutes, "
         + std::to_string(seconds % 60) + " seconds ]";
}

/// Messages per second since the start, three times: 10 s, 60 s and 600 s are
/// not told apart.
std::string rate_of(std::int64_t count, std::int64_t ms) {
  auto rate =
    std::to_string(static_cast<double>(count) * 1000.0
                   / static_cast<double>(std::max<std::int64_t>(ms, 1)));
  return rate + " " + rate + " " + rate;
}

/// Used part of the disk, 0 to 1.
std::string used_ratio(const log_report& log) {
  if (log.disk_total_bytes == 0)
    return "0.0";
  return std::to_string(
    static_cast<double>(log.disk_total_bytes - log.disk_free_bytes)
    / static_cast<double>(log.disk_total_bytes));
}

kv_rows rows_of(gateway_context& context, const log_report& log) {
  const auto& options = context.options();
  const auto& counters = context.counters();
  auto now = now_ms();
  auto runs = now - options.started;
  auto text = [](std::int64_t x) { return std::to_string(x); };
  kv_rows rows{
    {"brokerVersionDesc", "V5_3_3"},
    {"brokerActive", "true"},
    {"bootTimestamp", text(options.started.value)},
    {"runtime", running_for(runs)},
    {"startAcceptSendRequestTimeStamp", "0"},
    {"putTps", rate_of(log.appended_messages, runs)},
    {"getTransferredTps", rate_of(counters.pulled_messages, runs)},
    {"getTransferedTps", rate_of(counters.pulled_messages, runs)}, // of 4.x
    {"getFoundTps", rate_of(counters.pulled_messages, runs)},
    {"getMissTps", "0.0 0.0 0.0"},
    {"getTotalTps", rate_of(counters.pulled_messages, runs)},
    {"msgPutTotalYesterdayMorning", "0"},
    {"msgPutTotalTodayMorning", "0"},
    {"msgPutTotalTodayNow", text(log.appended_messages)},
    {"msgGetTotalYesterdayMorning", "0"},
    {"msgGetTotalTodayMorning", "0"},
    {"msgGetTotalTodayNow", text(counters.pulled_messages)},
    {"putMessageTimesTotal", text(log.appended_messages)},
    {"putMessageSizeTotal", text(log.appended_bytes)},
    {"commitLogMinOffset", text(log.min.value)},
    {"commitLogMaxOffset", text(log.written.value)},
    {"earliestMessageTimeStamp", text(log.earliest_store_time.value)},
    {"remainHowManyDataToFlush", text(log.written - log.synced) + " B"},
    {"remainHowManyDataToCommit", "0 B"},
    {"dispatchBehindBytes", "0"},
    {"pageCacheLockTimeMills", "0"},
    {"commitLogDiskRatio", used_ratio(log)},
    {"consumeQueueDiskRatio", used_ratio(log)},
    {"commitLogDirCapacity", "Total : " + text(log.disk_total_bytes)
                               + " B, Free : " + text(log.disk_free_bytes)
                               + " B."},
    {"troupe.refused.diskFull", text(log.refused_disk_full)},
    {"troupe.refused.why", log.failure},
    {"troupe.refused.all", text(counters.refused)},
    {"troupe.refused.memory", text(counters.refused_memory)},
    {"troupe.refused.answersNotRead", text(counters.refused_answers)},
    {"troupe.refused.waitingPulls", text(counters.refused_waiting)},
    {"troupe.refused.connections", text(counters.refused_connections)},
    {"troupe.closed.stalled", text(counters.closed_stalled)},
    {"troupe.memory.used", text(context.memory_used())},
    {"troupe.memory.max", text(options.memory_max)},
    {"troupe.waitingPulls", text(context.waiting_pulls)},
    {"EndTransactionQueueSize", "0"},
    {"EndTransactionThreadPoolQueueCapacity", "0"},
    {"timerReadBehind", "0"},
    {"timerOffsetBehind", "0"},
    {"timerCongestNum", "0"},
    {"timerEnqueueTps", "0.0"},
    {"timerDequeueTps", "0.0"},
  };
  for (const auto* pool : {"send", "pull", "litePull", "query", "ack"}) {
    std::string prefix = std::string{pool} + "ThreadPoolQueue";
    rows.emplace_back(prefix + "Size", "0");
    rows.emplace_back(prefix + "Capacity", "0");
    rows.emplace_back(prefix + "HeadWaitTimeMills", "0");
  }
  rows.emplace_back("damagedRecords",
                    std::to_string(storage::damaged_records.load()));
  rows.emplace_back("mendedRows", std::to_string(storage::mended_rows.load()));
  rows.emplace_back("scrubbedBytes",
                    std::to_string(storage::scrubbed_bytes.load()));
  return rows;
}

} // namespace

void get_broker_runtime_info(gateway_context& context, request& asked) {
  auto from = asked.from;
  context.ask(from, context.options().log, describe_log{},
              [&context, from](const log_report& log) {
                context.ask(
                  from, context.options().scheduler, describe_delays{},
                  [&context, from, log](const delay_report& delays) {
                    auto rows = rows_of(context, log);
                    for (const auto& x : delays.levels)
                      rows.emplace_back("scheduleMessageOffset_"
                                          + std::to_string(x.level),
                                        std::to_string(x.delivered.value) + ","
                                          + std::to_string(x.max.value));
                    context.answer(from, remoting::response_code::success, {},
                                   {}, remoting::encode_kv_table(rows));
                  });
              });
}

} // namespace troupe::handlers
