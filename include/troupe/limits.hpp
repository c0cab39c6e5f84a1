/// Every bound and default of the node: nothing in troupe is unbounded, and
/// each bound has its name here. The unit is the last word of the name.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace troupe::limits {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Frames and messages (RocketMQ 5.3's values).
inline constexpr std::size_t frame_bytes_max = 16u << 20;
inline constexpr std::size_t body_bytes_max = 4u << 20;
inline constexpr std::size_t properties_bytes_max = 32767;
inline constexpr std::size_t topic_bytes_max = 127;
inline constexpr std::size_t retry_topic_bytes_max = 255;
inline constexpr std::size_t group_bytes_max = 255;
inline constexpr std::size_t fields_max = 256; // entries of one ext map

// Connections.
inline constexpr int listen_backlog = 4096;
inline constexpr std::size_t connections_max = 65536;
inline constexpr std::size_t read_chunk_bytes = 256u << 10;
inline constexpr std::size_t frames_per_round_max = 256; // of one connection
inline constexpr std::size_t out_high_bytes = 1u << 20;  // reading stops
inline constexpr std::size_t out_low_bytes = 256u << 10; // reading resumes
inline constexpr std::size_t out_unasked_bytes_max = 1u << 20; // then no checks
inline constexpr std::size_t in_flight_per_connection_max = 8192;
inline constexpr seconds idle_close{120};
inline constexpr seconds write_stall_close{60};   // no byte left for that long
inline constexpr milliseconds accept_pause{100};  // after EMFILE
inline constexpr seconds client_call_timeout{10}; // broker asks a client
inline constexpr std::size_t client_calls_max = 4096;       // open at once
inline constexpr std::size_t waiting_for_topic_max = 65536; // parked requests

// Memory of what is under way: frames, answers, pulls that wait.
inline constexpr std::int64_t memory_bytes_max = 512ll << 20;
inline constexpr std::int64_t memory_bytes_min = 16ll << 20;
inline constexpr std::int64_t waiting_pull_bytes = 512; // taken for one
inline constexpr std::size_t out_connection_bytes_max = 8u << 20; // of text
inline constexpr seconds write_stall_close_short{5}; // when memory is short

// Asking between actors, off the hot path.
inline constexpr seconds ask_timeout{5};
inline constexpr seconds drain_timeout{10};

// Commit log.
inline constexpr std::int64_t segment_bytes = 1ll << 30;
inline constexpr std::int64_t segment_bytes_min = 64ll << 10;
inline constexpr std::size_t write_buffer_bytes_max = 64u << 20; // unwritten
inline constexpr milliseconds async_flush_period{500};
inline constexpr std::int64_t resident_bytes = 256ll
                                               << 20; // newest, never cold

inline constexpr milliseconds disk_retry_pause{500}; // after a full disk

// Retention and the disk.
inline constexpr std::int64_t retention_ms = 72ll * 3'600'000;
inline constexpr std::int64_t disk_used_percent_max = 75;
inline constexpr std::int64_t disk_force_percent = 85;
inline constexpr std::int64_t disk_free_bytes_min = 256ll << 20; // or, if less,
inline constexpr std::int64_t disk_free_percent_min = 5; // that of the disk
inline constexpr milliseconds disk_watch_period{1000};
inline constexpr milliseconds retention_period{10'000};
inline constexpr std::int64_t segments_removed_per_round_max = 10;
inline constexpr milliseconds segment_remove_pause{100};

// Reading the log again.
inline constexpr std::int64_t scrub_bytes_per_second = 4ll << 20;
inline constexpr std::int64_t scrub_piece_bytes = 1ll << 20;
inline constexpr milliseconds scrub_wait{60'000};      // after the start
inline constexpr milliseconds scrub_pause{86'400'000}; // behind the end

// Consume queues and index.
inline constexpr std::int64_t consume_queue_file_rows = 300'000;
inline constexpr std::size_t rows_in_memory_max = 204; // 4080 bytes of rows
inline constexpr std::size_t index_entries_in_memory_max = 65536;
inline constexpr std::size_t index_batch_entries = 1024; // handed over at once
inline constexpr std::size_t index_merge_fan_in = 8;
inline constexpr std::int64_t derived_backlog_max = 2'000'000; // not written
inline constexpr std::int64_t queue_rows_shown_max = 4096;     // of one answer
inline constexpr seconds checkpoint_period{3};
inline constexpr std::size_t replayed_rows_max = 1u << 20; // in memory, start
inline constexpr std::size_t replayed_keys_max = 1u << 20; // likewise

// Pulls.
inline constexpr std::int32_t pull_messages_max = 1024;
inline constexpr std::int32_t pull_bytes_default = 262'144;
inline constexpr std::int32_t pull_bytes_max = 4 << 20; // first message apart
inline constexpr std::int32_t pull_scan_rows_max = 800; // filtered out or not
inline constexpr int pull_cold_tries_max = 8; // reads of the same rows
inline constexpr std::size_t parked_pulls_per_queue_max = 4096;
inline constexpr seconds park_max{60};
inline constexpr std::size_t borrow_bytes_min = 8192; // shorter runs are copied
inline constexpr std::int32_t query_messages_max = 64;

// Filters by SQL92.
inline constexpr std::size_t sql_expression_bytes_max = 8192;
inline constexpr std::size_t sql_depth_max = 64; // brackets and open operators
inline constexpr std::size_t sql_names_max = 64; // properties it asks for
inline constexpr std::size_t sql_filters_max = 1024; // a gateway remembers

// Topics and groups.
inline constexpr std::int32_t queues_per_topic_max = 65536;
inline constexpr std::int32_t default_topic_queues = 8;
inline constexpr std::size_t topics_max = 1u << 20;
inline constexpr std::size_t groups_max = 1u << 20;
inline constexpr std::size_t deaths_kept_max = 4096; // names with a count
inline constexpr std::size_t members_per_group_max = 65536;
inline constexpr seconds member_expiry{120};
inline constexpr seconds member_scan_period{10};
inline constexpr seconds queue_lock_expiry{60};
inline constexpr std::int32_t retry_max_times = 16;
inline constexpr seconds queue_owner_expiry{75}; // no pull: owned no longer
inline constexpr std::size_t backlog_rows_max = 65536; // of one answer
inline constexpr milliseconds offset_commit_period{1000};

// Custom actors.
inline constexpr std::size_t custom_actors_max = 64; // each has a thread
inline constexpr std::size_t custom_name_bytes_max = 64;
inline constexpr std::size_t custom_asks_max = 64; // open at once, of one
inline constexpr seconds custom_ask_timeout{10};
inline constexpr seconds custom_describe_timeout{2};
inline constexpr seconds custom_stop_timeout{5};
inline constexpr std::size_t custom_queues_max = 4096;        // consumed by one
inline constexpr std::size_t custom_batch_messages_max = 256; // of a commit
inline constexpr std::size_t custom_batch_bytes_max = 1u << 20; // sent by it
inline constexpr std::size_t custom_key_bytes_max = 400;        // of the state
inline constexpr std::size_t custom_state_bytes_max = 64u << 20;
inline constexpr std::size_t custom_properties_bytes_max = 30'000;
inline constexpr std::size_t custom_timers_max = 16;
inline constexpr std::int64_t custom_attempts = 3;     // at one message
inline constexpr std::int64_t custom_failures = 10;    // in a row: quarantine
inline constexpr std::int64_t custom_backoff_ms = 100; // doubled each time
inline constexpr std::int64_t custom_backoff_ms_max = 30'000;
inline constexpr std::size_t intercepts_max = 65'536; // waiting, of one actor
inline constexpr std::size_t intercept_bytes_max = 64u << 20; // likewise
inline constexpr std::int64_t intercept_deadline_ms = 2000;
inline constexpr std::size_t filtered_pulls_max = 4096; // waiting, of one actor
inline constexpr milliseconds custom_retry{500}; // the node could not: again
inline constexpr seconds custom_silence_max{30}; // then it is asked again

// Name server.
inline constexpr seconds broker_expiry{120};
inline constexpr seconds broker_scan_period{5};
inline constexpr seconds register_period{30};
inline constexpr seconds register_call_timeout{3}; // connecting; the answer
inline constexpr milliseconds register_wait{2000}; // below clients' timeouts
inline constexpr std::size_t brokers_max = 65536;
inline constexpr std::size_t kv_entries_max = 65536;

// Pops (RocketMQ 5.3's values where it has them).
inline constexpr std::int32_t pop_messages_max = 32; // of one pop
inline constexpr std::size_t leased_messages_max = 1'000'000;
inline constexpr std::size_t waiting_pops_max = 100'000;
inline constexpr std::size_t waiting_pops_per_queue_max = 1024; // of a group
inline constexpr std::size_t popped_topics_max = 65536; // groups' idle ones go
inline constexpr std::size_t request_modes_max = 65536;
inline constexpr std::int32_t pop_revive_queues = 8;   // in receipts only
inline constexpr std::int32_t pop_retry_percent = 20;  // retry topic first
inline constexpr std::int32_t pop_scans_max = 16;      // of one queue, filtered
inline constexpr std::size_t revives_at_once_max = 64; // leases
inline constexpr milliseconds pop_late_max{500};       // after its time to wait
inline constexpr milliseconds pop_wait_margin{50}; // answered so much earlier
inline constexpr seconds pop_idle{60}; // then its progress is asked for again
inline constexpr seconds pop_step_timeout{15}; // a queue does not answer
inline constexpr seconds revive_retry{1};      // after a failed append
// Transactions, timers and delays.
inline constexpr milliseconds alarm_max{500}; // a jump of the clock is noticed
inline constexpr milliseconds clock_step_min{1000}; // back: it was set
inline constexpr std::size_t delay_batch_messages_max = 1024;  // of one level
inline constexpr std::size_t delay_heads_bytes_max = 1u << 20; // of one level
inline constexpr std::size_t deadlines_in_memory_max = 65536;  // of one kind
inline constexpr std::size_t deadline_changes_max =
  65536; // until LMDB has them
inline constexpr std::size_t transaction_ends_max = 65536; // under way
inline constexpr std::size_t transaction_checks_max = 256; // under way
inline constexpr std::size_t transaction_list_max = 1000;
inline constexpr std::size_t later_property_bytes = 160; // of the broker
inline constexpr std::int64_t timer_delay_max_ms = 259'200'000ll; // 3 days
inline constexpr seconds foreign_timer_slack{60}; // RocketMQ's may be late
inline constexpr std::size_t timer_deliveries_max = 1024; // under way
inline constexpr std::size_t timer_list_max = 1000;
inline constexpr std::size_t mark_bytes_max = 4096; // of one op message
inline constexpr seconds mark_period{3};

// State store.
inline constexpr std::size_t state_map_bytes = std::size_t{1} << 30; // grows
inline constexpr std::size_t state_rows_per_commit_max = 100'000;
inline constexpr std::size_t state_pages_checked_max = 16'384; // at start

// Shell.
inline constexpr std::uint16_t shell_port = 10988;
inline constexpr std::size_t admin_requests_max = 32; // at once
inline constexpr std::size_t admin_paths_max = 65536; // registered by others
inline constexpr std::size_t admin_rows_max = 10'000; // of one answer
inline constexpr std::size_t admin_words_max = 1024;  // of one request
inline constexpr std::size_t admin_text_bytes_max = 8u << 20; // of one request
inline constexpr seconds admin_wait_max{60}; // that a request may ask for

} // namespace troupe::limits
