/// Pops: hands messages to consumers for a time, takes acknowledgements, brings
/// back what was not acknowledged, holds pops that find nothing.
/// Spawned by supervisor. Sends to directory, queue, consumer_group,
/// state_store. Never blocks.
#pragma once

#include "troupe/actor/caller.hpp"
#include "troupe/actor/directory.hpp"
#include "troupe/actor/queue.hpp"
#include "troupe/model/lease.hpp"
#include "troupe/model/subscription.hpp"
#include "troupe/payload.hpp"

#include <string>
#include <vector>

namespace troupe {

/// What is to be done with messages that are found.
enum class pop_purpose : std::uint8_t {
  take,   ///< lease them (POP_MESSAGE)
  peek,   ///< show them (PEEK_MESSAGE)
  notice, ///< say that there are some (NOTIFICATION)
};

/// Where a group without progress begins. Source: ConsumeInitMode.
enum class pop_start : std::uint8_t {
  min,
  max
};

enum class pop_order : std::uint8_t {
  any,
  in_order
};

/// One pop. Errors: topic_not_found, queue_not_found, group_not_found, busy.
struct pop_messages {
  std::string group;
  std::string topic;
  queue_id queue{-1}; ///< -1: any
  pop_purpose purpose = pop_purpose::take;
  pop_order order = pop_order::any;
  pop_start start = pop_start::min;
  std::int32_t messages_max = 32;
  std::int64_t invisible_ms = 0;
  epoch_ms wait_until;     ///< 0: do not wait
  subscription_ptr filter; ///< null: everything
  std::string attempt;     ///< of a pop in order
  client_link from;        ///< its end ends the waiting
};

enum class pop_status : std::uint8_t {
  found,
  nothing,      ///< also when the time to wait is over
  waiting_full, ///< nothing there, and too many wait already
};

/// Messages of one queue.
struct popped_part {
  pop_source source = pop_source::normal;
  queue_id queue;
  queue_offset start;
  std::vector<queue_offset> offsets;
  // Of a pop in order only:
  std::vector<std::int32_t> consumed; ///< of each offset: pops before
};

struct pop_result {
  pop_status status = pop_status::nothing;
  epoch_ms pop_time;
  std::int32_t revive_queue = 0;
  std::int64_t rest = 0; ///< messages left in the queues it looked at
  std::vector<popped_part> parts;
  std::string records; ///< one after the other, in the order of `parts`
};

/// Acknowledges messages of one lease. Answered when that is durable.
struct ack_popped {
  lease_key lease;
  std::vector<queue_offset> offsets;
  pop_order order = pop_order::any;
};

struct popped_acked {
  std::size_t unknown = 0; ///< of the offsets: acknowledged or revived before
  bool illegal = false;    ///< in order: no message of the lease
};

/// Ends the lease of one message and gives it a new one from now on.
struct postpone_popped {
  lease_key lease;
  queue_offset offset;
  std::int64_t invisible_ms = 0;
  pop_order order = pop_order::any;
  std::int32_t revive_queue = 0;
};

struct popped_postponed {
  bool known = true; ///< else it was acknowledged or revived before
  epoch_ms pop_time; ///< of the new receipt
};

/// How many pops wait.
struct count_waiting {
  pop_key queue;
};

struct waiting_count {
  std::size_t pops = 0;
};

/// A client has gone: what it waits for is given to others.
struct drop_waiting {
  client_link from;
};

/// Sets how a group consumes a topic. Durable before it is answered.
struct set_request_mode {
  request_mode mode;
};

struct list_request_modes {};

struct request_modes {
  std::vector<request_mode> modes; ///< by topic and group
};

/// What a group has popped and not acknowledged, for backlogs and people.
struct describe_pops {
  std::string group; ///< empty: all groups
};

struct pop_queue_report {
  pop_key queue;
  queue_offset next;          ///< of the next pop
  std::int64_t in_flight = 0; ///< messages leased
  std::int64_t passed = 0;    ///< of those: before `next`
  queue_offset first;         ///< the first of them; -1: nothing is leased
};

struct pop_report {
  std::vector<pop_queue_report> queues;
  std::size_t leased_messages = 0; ///< of all groups
  std::size_t waiting = 0;         ///< pops, of all groups
  std::int64_t revived = 0;        ///< messages since start
  std::int64_t dead = 0;           ///< dead letters since start
};

/// Who has a message of a queue.
struct find_lease {
  pop_key queue;
  queue_offset offset;
};

struct lease_found {
  bool leased = false; ///< popped and not acknowledged
  epoch_ms popped;
  epoch_ms until;     ///< then it comes again; 0: it is about to
  connection_id from; ///< of who popped it; generation 0: before the start
};

/// Revives what is due, ends waits that are over. Its own timer.
struct pop_tick {};

/// Hands changed leases to state_store. Its own, behind what is queued.
struct store_leases_tick {};

using pop_actor = caf::typed_actor<
  // Errors: as at pop_messages, state_write_failed.
  caf::replies_to<pop_messages>::with<pop_result>,
  // Errors: state_write_failed.
  caf::replies_to<ack_popped>::with<popped_acked>,
  caf::replies_to<postpone_popped>::with<popped_postponed>,
  caf::replies_to<count_waiting>::with<waiting_count>,
  caf::reacts_to<drop_waiting>,
  // Errors: busy (request_modes_max), state_write_failed.
  caf::replies_to<set_request_mode>::with<request_modes>,
  caf::replies_to<list_request_modes>::with<request_modes>,
  caf::replies_to<describe_pops>::with<pop_report>,
  caf::replies_to<find_lease>::with<lease_found>, caf::reacts_to<pull_done>,
  caf::reacts_to<append_done>, caf::reacts_to<topic_changed>,
  caf::reacts_to<group_changed>, caf::reacts_to<pop_tick>,
  caf::reacts_to<store_leases_tick>>;

} // namespace troupe
