/// THE list of message types, one line each, grouped by the actor that answers
/// them. They travel within the process only; what the shell sends to other
/// processes has an `inspect` of its own.
#pragma once

#include <caf/allowed_unsafe_message_type.hpp>

/// Declares a message and tells CAF that it never leaves the process.
#define TROUPE_MESSAGE(name)                                                   \
  namespace troupe {                                                           \
  struct name;                                                                 \
  }                                                                            \
  CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::name)

// admin (admin_request and table travel: they have an `inspect`)
TROUPE_MESSAGE(actor_question)
TROUPE_MESSAGE(register_path)
TROUPE_MESSAGE(path_registered)
TROUPE_MESSAGE(unregister_path)
TROUPE_MESSAGE(end_admin)

// caller
TROUPE_MESSAGE(push_command)
TROUPE_MESSAGE(call_client)
TROUPE_MESSAGE(client_answer)
TROUPE_MESSAGE(close_connection)

// commit_log
TROUPE_MESSAGE(append_done)
TROUPE_MESSAGE(appended)
TROUPE_MESSAGE(append_failed)
TROUPE_MESSAGE(append_batch)
TROUPE_MESSAGE(failure_seen)
TROUPE_MESSAGE(flush_tick)
TROUPE_MESSAGE(record_bytes)
TROUPE_MESSAGE(read_records)
TROUPE_MESSAGE(background_sync_tick)
TROUPE_MESSAGE(find_by_key)
TROUPE_MESSAGE(write_all_rows)
TROUPE_MESSAGE(rows_written)
TROUPE_MESSAGE(set_rows_source)
TROUPE_MESSAGE(describe_log)
TROUPE_MESSAGE(log_report)
TROUPE_MESSAGE(drain_log)
TROUPE_MESSAGE(log_drained)
TROUPE_MESSAGE(checkpoint_tick)
TROUPE_MESSAGE(final_checkpoint)
TROUPE_MESSAGE(checkpoint_done)

TROUPE_MESSAGE(list_segments)
TROUPE_MESSAGE(segment_list)
TROUPE_MESSAGE(drop_segments)
TROUPE_MESSAGE(segments_dropped)
TROUPE_MESSAGE(disk_state)

// queue
TROUPE_MESSAGE(pull_done)
TROUPE_MESSAGE(pull_batch)
TROUPE_MESSAGE(query_range)
TROUPE_MESSAGE(queue_range)
TROUPE_MESSAGE(find_offset)
TROUPE_MESSAGE(offset_found)
TROUPE_MESSAGE(query_store_time)
TROUPE_MESSAGE(store_time_found)
TROUPE_MESSAGE(describe_queue)
TROUPE_MESSAGE(queue_report)
TROUPE_MESSAGE(sweep_tick)
TROUPE_MESSAGE(write_rows)
TROUPE_MESSAGE(trim_queue)
TROUPE_MESSAGE(remove_queue)

// key_index
TROUPE_MESSAGE(add_index_entries)
TROUPE_MESSAGE(find_positions)
TROUPE_MESSAGE(positions_found)
TROUPE_MESSAGE(flush_index)
TROUPE_MESSAGE(index_flushed)
TROUPE_MESSAGE(trim_index)

// cold_reader
TROUPE_MESSAGE(warm_ranges)
TROUPE_MESSAGE(ranges_warmed)
TROUPE_MESSAGE(cold_records)
TROUPE_MESSAGE(cold_number)
TROUPE_MESSAGE(cold_number_found)

// flusher
TROUPE_MESSAGE(sync_files)
TROUPE_MESSAGE(files_synced)
TROUPE_MESSAGE(prepare_segment)
TROUPE_MESSAGE(segment_prepared)
TROUPE_MESSAGE(write_checkpoint)
TROUPE_MESSAGE(checkpoint_written)

// topic
TROUPE_MESSAGE(topic_view)
TROUPE_MESSAGE(describe_topic)
TROUPE_MESSAGE(set_topic_config)
TROUPE_MESSAGE(describe_queues)
TROUPE_MESSAGE(queue_reports)
TROUPE_MESSAGE(remove_topic)

// consumer_group
TROUPE_MESSAGE(group_changed)
TROUPE_MESSAGE(watch_group)
TROUPE_MESSAGE(group_watched)
TROUPE_MESSAGE(join_group)
TROUPE_MESSAGE(group_joined)
TROUPE_MESSAGE(leave_group)
TROUPE_MESSAGE(list_members)
TROUPE_MESSAGE(group_members)
TROUPE_MESSAGE(query_offset)
TROUPE_MESSAGE(group_offset)
TROUPE_MESSAGE(commit_offsets)
TROUPE_MESSAGE(list_offsets)
TROUPE_MESSAGE(group_offsets)
TROUPE_MESSAGE(reset_offsets)
TROUPE_MESSAGE(take_reset)
TROUPE_MESSAGE(lock_queues)
TROUPE_MESSAGE(queues_locked)
TROUPE_MESSAGE(unlock_queues)
TROUPE_MESSAGE(query_locks)
TROUPE_MESSAGE(lock_state)
TROUPE_MESSAGE(set_group_config)
TROUPE_MESSAGE(forget_topic)
TROUPE_MESSAGE(flush_offsets)
TROUPE_MESSAGE(offsets_flushed)
TROUPE_MESSAGE(expire_tick)
TROUPE_MESSAGE(commit_tick)
TROUPE_MESSAGE(remove_group)

// producer
TROUPE_MESSAGE(register_producer)
TROUPE_MESSAGE(producer_registered)
TROUPE_MESSAGE(leave_producer)
TROUPE_MESSAGE(list_sessions)
TROUPE_MESSAGE(producer_sessions)
TROUPE_MESSAGE(pick_session)
TROUPE_MESSAGE(session_picked)
TROUPE_MESSAGE(producer_expire_tick)

// state_store
TROUPE_MESSAGE(load_stored)
TROUPE_MESSAGE(stored_state)
TROUPE_MESSAGE(put_topics)
TROUPE_MESSAGE(put_groups)
TROUPE_MESSAGE(put_offsets)
TROUPE_MESSAGE(put_kv)
TROUPE_MESSAGE(put_delays)
TROUPE_MESSAGE(stored)
TROUPE_MESSAGE(commit_state_tick)

// directory
TROUPE_MESSAGE(find_topic)
TROUPE_MESSAGE(update_topic)
TROUPE_MESSAGE(delete_topic)
TROUPE_MESSAGE(list_topics)
TROUPE_MESSAGE(topic_list)
TROUPE_MESSAGE(topic_changed)
TROUPE_MESSAGE(watch_topics)
TROUPE_MESSAGE(find_group)
TROUPE_MESSAGE(group_found)
TROUPE_MESSAGE(update_group)
TROUPE_MESSAGE(delete_group)
TROUPE_MESSAGE(list_groups)
TROUPE_MESSAGE(group_list)
TROUPE_MESSAGE(find_producer)
TROUPE_MESSAGE(producer_found)
TROUPE_MESSAGE(list_producers)
TROUPE_MESSAGE(producer_list)
TROUPE_MESSAGE(directory_changed)
TROUPE_MESSAGE(list_live)
TROUPE_MESSAGE(live_actors)
TROUPE_MESSAGE(trim_all)
TROUPE_MESSAGE(register_tick)

// name_server
TROUPE_MESSAGE(register_broker)
TROUPE_MESSAGE(broker_registered)
TROUPE_MESSAGE(unregister_broker)
TROUPE_MESSAGE(broker_unregistered)
TROUPE_MESSAGE(broker_heartbeat)
TROUPE_MESSAGE(broker_gone)
TROUPE_MESSAGE(query_data_version)
TROUPE_MESSAGE(data_version_state)
TROUPE_MESSAGE(find_route)
TROUPE_MESSAGE(route_found)
TROUPE_MESSAGE(describe_cluster)
TROUPE_MESSAGE(cluster_table)
TROUPE_MESSAGE(put_setting)
TROUPE_MESSAGE(delete_setting)
TROUPE_MESSAGE(setting_changed)
TROUPE_MESSAGE(get_setting)
TROUPE_MESSAGE(setting_found)
TROUPE_MESSAGE(list_settings)
TROUPE_MESSAGE(settings_found)
TROUPE_MESSAGE(change_write_perm)
TROUPE_MESSAGE(write_perm_changed)
TROUPE_MESSAGE(list_routed_topics)
TROUPE_MESSAGE(routed_topics)
TROUPE_MESSAGE(delete_route)
TROUPE_MESSAGE(put_route)
TROUPE_MESSAGE(route_changed)
TROUPE_MESSAGE(find_broker)
TROUPE_MESSAGE(broker_found)
TROUPE_MESSAGE(broker_expire_tick)

// registrar
TROUPE_MESSAGE(announce)
TROUPE_MESSAGE(withdraw)
TROUPE_MESSAGE(withdrawn)

// scheduler
TROUPE_MESSAGE(deliver_tick)
TROUPE_MESSAGE(delay_commit_tick)
TROUPE_MESSAGE(describe_delays)
TROUPE_MESSAGE(delay_report)

// retention
TROUPE_MESSAGE(query_oldest_needed)
TROUPE_MESSAGE(oldest_needed)
TROUPE_MESSAGE(add_log_follower)
TROUPE_MESSAGE(watch_disk_tick)
TROUPE_MESSAGE(retention_tick)
TROUPE_MESSAGE(remove_segment_tick)

// gateway
TROUPE_MESSAGE(drain_gateway)
TROUPE_MESSAGE(gateway_drained)
TROUPE_MESSAGE(gateway_tick)
TROUPE_MESSAGE(describe_gateway)
TROUPE_MESSAGE(gateway_report)
