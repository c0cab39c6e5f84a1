/// Every error that troupe itself can report, in one list. An error is an
/// `errc` and a line of context; it travels unchanged from the disk to the
/// wire, where `remoting/response_code_of` turns it into RocketMQ's number.
#pragma once

#include <caf/atom.hpp>
#include <caf/error.hpp>
#include <caf/make_message.hpp>

#include <cstdint>
#include <string>

namespace troupe {

/// What went wrong. The comment says who returns it and when.
enum class errc : std::uint8_t {
  none = 0,

  // Asked for something that is not there.
  topic_not_found,     // directory, name_server: no such topic, not created
  queue_not_found,     // topic: queue id outside the topic's queues
  group_not_found,     // directory: no such consumer group, not created
  broker_not_found,    // name_server: no such broker name
  message_not_found,   // cold_reader, key_index: nothing at that place or key
  offset_not_found,    // consumer_group: no progress stored for the queue
  config_not_found,    // name_server: no such namespace or key
  consumer_not_online, // consumer_group, gateway: no such live member
  producer_not_online, // producer: no such live session
  counter_not_found,   // admin handlers: no such statistics counter
  path_not_found,      // admin: no actor at that path

  // Refused because of what was asked.
  malformed_frame,   // remoting: bytes that are not a frame; closes
  malformed_request, // handlers: a field or the body does not parse
  invalid_argument,  // anyone: a value outside its range
  illegal_message,   // handlers: too long, or kinds that exclude each other
  no_permission,     // handlers: topic, group or broker forbids it
  not_supported,     // handlers: this node does not do that
  bad_expression,    // model: a subscription expression does not parse
  subscription_not_found,  // consumer_group: topic not subscribed by the group
  subscription_not_latest, // consumer_group: the client's view is newer
  filter_not_found,        // pulling: the group's SQL filter does not parse
  filter_disabled,         // gateway: SQL filters are switched off
  config_conflict,       // name_server: registration contradicts what is known
  transaction_not_found, // transaction_coordinator: not open (any more)
  transaction_mismatch,  // transaction_coordinator: another one's numbers
  transaction_expired,   // transaction_coordinator: its immunity time is over
  bad_recall_handle,     // handlers: not of this broker, or its time is over

  // Refused because of the state of the node.
  busy,           // anyone: a bound is reached, retry later
  not_confirmed,  // admin: it destroys, and nobody said yes
  shutting_down,  // gateway, supervisor: the node drains
  not_ready,      // gateway: still starting
  client_gone,    // gateway: the connection closed meanwhile
  client_timeout, // gateway: a client did not answer in time

  // The store.
  log_write_failed,   // commit_log: pwrite or preallocation failed
  log_sync_failed,    // commit_log: fdatasync failed; final for the segment
  log_read_failed,    // cold_reader: pread failed or the record is damaged
  disk_full,          // commit_log: above the water mark or ENOSPC
  io_failed,          // storage: any other file call, with errno's text
  corrupt_record,     // storage: magic, length or checksum do not hold
  corrupt_file,       // storage: a file is not what its name says
  store_locked,       // storage: another process has the data directory
  state_write_failed, // state_store: an LMDB commit failed
  state_corrupt,      // state_store: a row's checksum or form is wrong

  // Start-up.
  address_in_use, // gateway: bind failed
  bad_config,     // app: an option or a line of the file
};

/// The category of troupe's errors in CAF.
constexpr caf::atom_value errc_category = caf::atom("troupe");

/// An error of kind `code` with one line of `context` for a person.
inline caf::error make_error(errc code, std::string context = {}) {
  return {static_cast<std::uint8_t>(code), errc_category,
          caf::make_message(std::move(context))};
}

/// Whether `error` is troupe's `code`.
inline bool is(const caf::error& error, errc code) {
  return error.category() == errc_category
         && error.code() == static_cast<std::uint8_t>(code);
}

/// The kind of `error`; none when it is not troupe's.
inline errc errc_of(const caf::error& error) {
  return error.category() == errc_category ? static_cast<errc>(error.code())
                                           : errc::none;
}

/// The line of context given to make_error; empty for foreign errors.
inline std::string context_of(const caf::error& error) {
  const auto& context = error.context();
  if (context.size() == 1 && context.match_element<std::string>(0))
    return context.get_as<std::string>(0);
  return {};
}

/// The name of `code` as it is spelled above, for logs and answers.
inline const char* to_string(errc code) {
  switch (code) {
    case errc::none:
      return "none";
    case errc::topic_not_found:
      return "topic_not_found";
    case errc::queue_not_found:
      return "queue_not_found";
    case errc::group_not_found:
      return "group_not_found";
    case errc::broker_not_found:
      return "broker_not_found";
    case errc::message_not_found:
      return "message_not_found";
    case errc::offset_not_found:
      return "offset_not_found";
    case errc::config_not_found:
      return "config_not_found";
    case errc::consumer_not_online:
      return "consumer_not_online";
    case errc::producer_not_online:
      return "producer_not_online";
    case errc::counter_not_found:
      return "counter_not_found";
    case errc::path_not_found:
      return "path_not_found";
    case errc::malformed_frame:
      return "malformed_frame";
    case errc::malformed_request:
      return "malformed_request";
    case errc::invalid_argument:
      return "invalid_argument";
    case errc::illegal_message:
      return "illegal_message";
    case errc::no_permission:
      return "no_permission";
    case errc::not_supported:
      return "not_supported";
    case errc::bad_expression:
      return "bad_expression";
    case errc::subscription_not_found:
      return "subscription_not_found";
    case errc::subscription_not_latest:
      return "subscription_not_latest";
    case errc::filter_not_found:
      return "filter_not_found";
    case errc::filter_disabled:
      return "filter_disabled";
    case errc::config_conflict:
      return "config_conflict";
    case errc::transaction_not_found:
      return "transaction_not_found";
    case errc::transaction_mismatch:
      return "transaction_mismatch";
    case errc::transaction_expired:
      return "transaction_expired";
    case errc::bad_recall_handle:
      return "bad_recall_handle";
    case errc::busy:
      return "busy";
    case errc::not_confirmed:
      return "not_confirmed";
    case errc::shutting_down:
      return "shutting_down";
    case errc::not_ready:
      return "not_ready";
    case errc::client_gone:
      return "client_gone";
    case errc::client_timeout:
      return "client_timeout";
    case errc::log_write_failed:
      return "log_write_failed";
    case errc::log_sync_failed:
      return "log_sync_failed";
    case errc::log_read_failed:
      return "log_read_failed";
    case errc::disk_full:
      return "disk_full";
    case errc::io_failed:
      return "io_failed";
    case errc::corrupt_record:
      return "corrupt_record";
    case errc::corrupt_file:
      return "corrupt_file";
    case errc::store_locked:
      return "store_locked";
    case errc::state_write_failed:
      return "state_write_failed";
    case errc::state_corrupt:
      return "state_corrupt";
    case errc::address_in_use:
      return "address_in_use";
    case errc::bad_config:
      return "bad_config";
  }
  return "unknown";
}

/// One line for a log or a person: the kind, then the context.
inline std::string describe(const caf::error& error) {
  if (!error)
    return "no error"; // and category() would read a null pointer
  if (error.category() != errc_category)
    return "foreign error " + std::to_string(error.code());
  std::string text = to_string(errc_of(error));
  if (auto context = context_of(error); !context.empty())
    text += ": " + context;
  return text;
}

} // namespace troupe
