#include "remoting/response_code_of.hpp"

#include <caf/sec.hpp>

namespace troupe::remoting {

response_code response_code_of(errc code) {
  switch (code) {
    case errc::none:
      return response_code::success;
    case errc::topic_not_found:
      return response_code::topic_not_exist;
    case errc::group_not_found:
      return response_code::subscription_group_not_exist;
    case errc::offset_not_found:
    case errc::config_not_found:
      return response_code::query_not_found;
    case errc::consumer_not_online:
      return response_code::consumer_not_online;
    case errc::queue_not_found:
    case errc::invalid_argument:
      return response_code::invalid_parameter;
    case errc::illegal_message:
      return response_code::message_illegal;
    case errc::no_permission:
      return response_code::no_permission;
    case errc::not_supported:
      return response_code::request_code_not_supported;
    case errc::bad_expression:
      return response_code::subscription_parse_failed;
    case errc::subscription_not_found:
      return response_code::subscription_not_exist;
    case errc::subscription_not_latest:
      return response_code::subscription_not_latest;
    case errc::filter_not_found:
      return response_code::filter_data_not_exist;
    case errc::transaction_expired:
    case errc::bad_recall_handle:
      return response_code::illegal_operation;
    case errc::busy:
      return response_code::system_busy;
    case errc::client_timeout:
      return response_code::consume_msg_timeout;
    // Producers try another broker on these.
    case errc::shutting_down:
    case errc::disk_full:
    case errc::log_sync_failed:
      return response_code::service_not_available;
    case errc::broker_not_found:
    case errc::message_not_found:
    case errc::producer_not_online:
    case errc::counter_not_found:
    case errc::filter_disabled:
    case errc::path_not_found:
    case errc::not_confirmed:
    case errc::malformed_frame:
    case errc::malformed_request:
    case errc::config_conflict:
    case errc::transaction_not_found:
    case errc::transaction_mismatch:
    case errc::not_ready:
    case errc::client_gone:
    case errc::log_write_failed:
    case errc::log_read_failed:
    case errc::io_failed:
    case errc::corrupt_record:
    case errc::corrupt_file:
    case errc::store_locked:
    case errc::state_write_failed:
    case errc::state_corrupt:
    case errc::address_in_use:
    case errc::bad_config:
      return response_code::system_error;
  }
  return response_code::system_error;
}

response_code response_code_of(const caf::error& error) {
  if (error.category() == errc_category)
    return response_code_of(errc_of(error));
  return error == caf::sec::request_timeout ? response_code::system_busy
                                            : response_code::system_error;
}

std::string refusal_of(const caf::error& error) {
  if (error.category() == errc_category) {
    auto context = context_of(error);
    return context.empty() ? to_string(errc_of(error)) : context;
  }
  if (error == caf::sec::request_timeout)
    return "the broker did not get to this request in time; retry in some "
           "seconds";
  if (error == caf::sec::request_receiver_down)
    return "the part of the broker that serves this is restarting; retry in "
           "some seconds";
  return "internal error " + std::to_string(error.code())
         + "; see the broker's log";
}

} // namespace troupe::remoting
