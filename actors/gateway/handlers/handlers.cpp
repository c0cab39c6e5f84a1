#include "gateway/handlers/handlers.hpp"

#include <algorithm>
#include <array>

// One line per request code, in order of the codes. A new handler is a file of
// that name and a line here.
#define TROUPE_BROKER_HANDLERS(X)                                              \
  X(send_message)                                                              \
  X(pull_message)                                                              \
  X(query_message)                                                             \
  X(query_consumer_offset)                                                     \
  X(update_consumer_offset)                                                    \
  X(update_and_create_topic)                                                   \
  X(update_and_create_topic_list)                                              \
  X(get_all_topic_config)                                                      \
  X(update_broker_config)                                                      \
  X(get_broker_config)                                                         \
  X(get_broker_runtime_info)                                                   \
  X(search_offset_by_timestamp)                                                \
  X(get_max_offset)                                                            \
  X(get_min_offset)                                                            \
  X(get_earliest_msg_storetime)                                                \
  X(view_message_by_id)                                                        \
  X(heart_beat)                                                                \
  X(unregister_client)                                                         \
  X(consumer_send_msg_back)                                                    \
  X(end_transaction)                                                           \
  X(get_consumer_list_by_group)                                                \
  X(lock_batch_mq)                                                             \
  X(unlock_batch_mq)                                                           \
  X(get_all_consumer_offset)                                                   \
  X(get_all_delay_offset)                                                      \
  X(check_client_config)                                                       \
  X(update_and_create_subscriptiongroup)                                       \
  X(get_all_subscriptiongroup_config)                                          \
  X(get_topic_stats_info)                                                      \
  X(get_consumer_connection_list)                                              \
  X(get_producer_connection_list)                                              \
  X(delete_subscriptiongroup)                                                  \
  X(get_consume_stats)                                                         \
  X(delete_topic_in_broker)                                                    \
  X(invoke_broker_to_reset_offset)                                             \
  X(invoke_broker_to_get_consumer_status)                                      \
  X(update_and_create_subscriptiongroup_list)                                  \
  X(query_topic_consume_by_who)                                                \
  X(query_consume_time_span)                                                   \
  X(get_system_topic_list_from_broker)                                         \
  X(clean_expired_consumequeue)                                                \
  X(get_consumer_running_info)                                                 \
  X(query_correction_offset)                                                   \
  X(consume_message_directly)                                                  \
  X(send_message_v2)                                                           \
  X(clone_group_offset)                                                        \
  X(view_broker_stats_data)                                                    \
  X(clean_unused_topic)                                                        \
  X(get_broker_consume_stats)                                                  \
  X(send_batch_message)                                                        \
  X(query_consume_queue)                                                       \
  X(send_reply_message)                                                        \
  X(send_reply_message_v2)                                                     \
  X(resume_check_half_message)                                                 \
  X(get_all_producer_info)                                                     \
  X(delete_expired_commitlog)                                                  \
  X(query_topics_by_consumer)                                                  \
  X(query_subscription_by_consumer)                                            \
  X(query_assignment)                                                          \
  X(set_message_request_mode)                                                  \
  X(get_all_message_request_mode)                                              \
  X(pop_message)                                                               \
  X(ack_message)                                                               \
  X(peek_message)                                                              \
  X(change_message_invisibletime)                                              \
  X(notification)                                                              \
  X(polling_info)                                                              \
  X(batch_ack_message)                                                         \
  X(pop_rollback)                                                              \
  X(get_topic_config)                                                          \
  X(get_subscriptiongroup_config)                                              \
  X(lite_pull_message)                                                         \
  X(get_broker_ha_status)                                                      \
  X(reset_master_flush_offset)                                                 \
  X(recall_message)                                                            \
  X(get_cold_data_flow_ctr_info)

#define TROUPE_NAME_SERVER_HANDLERS(X)                                         \
  X(put_kv_config)                                                             \
  X(get_kv_config)                                                             \
  X(delete_kv_config)                                                          \
  X(register_broker)                                                           \
  X(unregister_broker)                                                         \
  X(get_routeinfo_by_topic)                                                    \
  X(get_broker_cluster_info)                                                   \
  X(wipe_write_perm_of_broker)                                                 \
  X(get_all_topic_list_from_nameserver)                                        \
  X(delete_topic_in_namesrv)                                                   \
  X(register_topic_in_namesrv)                                                 \
  X(get_kvlist_by_namespace)                                                   \
  X(get_topics_by_cluster)                                                     \
  X(get_system_topic_list_from_ns)                                             \
  X(get_unit_topic_list)                                                       \
  X(get_has_unit_sub_topic_list)                                               \
  X(get_has_unit_sub_ununit_topic_list)                                        \
  X(update_namesrv_config)                                                     \
  X(get_namesrv_config)                                                        \
  X(query_data_version)                                                        \
  X(add_write_perm_of_broker)                                                  \
  X(get_broker_member_group)                                                   \
  X(broker_heartbeat)

namespace troupe::handlers {

#define TROUPE_DECLARE(name) void name(gateway_context&, request&);
TROUPE_BROKER_HANDLERS(TROUPE_DECLARE)
TROUPE_NAME_SERVER_HANDLERS(TROUPE_DECLARE)
#undef TROUPE_DECLARE

namespace {

struct row {
  remoting::request_code code;
  handler serve;
};

#define TROUPE_ROW(name) row{remoting::request_code::name, &name},

constexpr row broker_rows[] = {TROUPE_BROKER_HANDLERS(TROUPE_ROW)};
constexpr row name_server_rows[] = {TROUPE_NAME_SERVER_HANDLERS(TROUPE_ROW)};

#undef TROUPE_ROW

/// Codes below this are looked up by place: all of the hot ones.
constexpr std::int32_t direct_codes = 512;

struct table {
  std::array<handler, direct_codes> direct{};
  std::span<const row> rows;

  explicit table(std::span<const row> all) : rows(all) {
    for (const auto& x : all)
      if (auto code = static_cast<std::int32_t>(x.code); code < direct_codes)
        direct[static_cast<std::size_t>(code)] = x.serve;
  }

  handler find(std::int32_t code) const {
    if (code >= 0 && code < direct_codes)
      return direct[static_cast<std::size_t>(code)];
    auto found = std::ranges::find(
      rows, static_cast<remoting::request_code>(code), &row::code);
    return found == rows.end() ? nullptr : found->serve;
  }
};

} // namespace

handler find_handler(service offers, std::int32_t code) {
  static const table broker{broker_rows};
  static const table name_server{name_server_rows};
  return offers == service::broker ? broker.find(code) : name_server.find(code);
}

} // namespace troupe::handlers
