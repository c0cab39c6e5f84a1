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
inline constexpr std::size_t in_flight_per_connection_max = 8192;
inline constexpr seconds idle_close{120};
inline constexpr seconds write_stall_close{60};   // no byte left for that long
inline constexpr milliseconds accept_pause{100};  // after EMFILE
inline constexpr seconds client_call_timeout{10}; // broker asks a client
inline constexpr std::size_t client_calls_max = 4096;       // open at once
inline constexpr std::size_t waiting_for_topic_max = 65536; // parked requests

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

inline constexpr milliseconds segment_retry_pause{500}; // after a full disk

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

// Consume queues and index.
inline constexpr std::int64_t consume_queue_file_rows = 300'000;
inline constexpr std::size_t rows_in_memory_max = 204; // 4080 bytes of rows
inline constexpr std::size_t index_entries_in_memory_max = 65536;
inline constexpr std::size_t index_merge_fan_in = 8;
inline constexpr seconds checkpoint_period{3};
inline constexpr std::size_t replayed_rows_max = 1u << 20; // in memory, start

// Pulls.
inline constexpr std::int32_t pull_messages_max = 1024;
inline constexpr std::int32_t pull_bytes_default = 262'144;
inline constexpr std::int32_t pull_bytes_max = 4 << 20; // first message apart
inline constexpr std::int32_t pull_scan_rows_max = 800; // filtered out or not
inline constexpr std::size_t parked_pulls_per_queue_max = 4096;
inline constexpr seconds park_max{60};
inline constexpr std::size_t borrow_bytes_min = 8192; // shorter runs are copied
inline constexpr std::int32_t query_messages_max = 64;

// Topics and groups.
inline constexpr std::int32_t queues_per_topic_max = 65536;
inline constexpr std::int32_t default_topic_queues = 8;
inline constexpr std::size_t topics_max = 1u << 20;
inline constexpr std::size_t groups_max = 1u << 20;
inline constexpr std::size_t members_per_group_max = 65536;
inline constexpr seconds member_expiry{120};
inline constexpr seconds member_scan_period{10};
inline constexpr seconds queue_lock_expiry{60};
inline constexpr std::int32_t retry_max_times = 16;
inline constexpr milliseconds offset_commit_period{1000};

// Name server.
inline constexpr seconds broker_expiry{120};
inline constexpr seconds broker_scan_period{5};
inline constexpr seconds register_period{30};
inline constexpr seconds register_timeout{24};
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

// State store.
inline constexpr std::size_t state_map_bytes = std::size_t{1} << 30; // grows
inline constexpr std::size_t state_rows_per_commit_max = 100'000;

} // namespace troupe::limits
