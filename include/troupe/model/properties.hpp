/// The property text of a message: `name 0x01 value 0x02` repeated, the last
/// 0x02 optional. Names that the broker itself reads or writes are listed.
/// Source: RocketMQ 5.3 MessageDecoder, MessageConst; sheet storage 4.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace troupe::properties {

inline constexpr char name_end = '\x01';
inline constexpr char value_end = '\x02';

inline constexpr std::string_view keys = "KEYS";
inline constexpr std::string_view tags = "TAGS";
inline constexpr std::string_view wait = "WAIT";
inline constexpr std::string_view delay = "DELAY";
inline constexpr std::string_view unique_key = "UNIQ_KEY";
inline constexpr std::string_view retry_topic = "RETRY_TOPIC";
inline constexpr std::string_view real_topic = "REAL_TOPIC";
inline constexpr std::string_view real_queue_id = "REAL_QID";
inline constexpr std::string_view origin_message_id = "ORIGIN_MESSAGE_ID";
inline constexpr std::string_view transaction = "TRAN_MSG";
inline constexpr std::string_view producer_group = "PGROUP";
inline constexpr std::string_view transaction_id = "__transactionId__";
inline constexpr std::string_view check_immunity =
  "CHECK_IMMUNITY_TIME_IN_SECONDS";
inline constexpr std::string_view check_times = "TRANSACTION_CHECK_TIMES";
// Of a message that ends a transaction: offset of its half message.
inline constexpr std::string_view prepared_queue_offset =
  "TRAN_PREPARED_QUEUE_OFFSET";
// Of a half message that is checked again: where its discarded copy stands.
inline constexpr std::string_view resumed_from = "TROUPE_RESUMED_FROM";
inline constexpr std::string_view region = "MSG_REGION";
inline constexpr std::string_view trace_on = "TRACE_ON";
inline constexpr std::string_view cluster = "CLUSTER";
inline constexpr std::string_view pop_receipt = "POP_CK";
inline constexpr std::string_view first_pop_time = "1ST_POP_TIME";
inline constexpr std::string_view timer_delay_seconds = "TIMER_DELAY_SEC";
inline constexpr std::string_view timer_delay_ms = "TIMER_DELAY_MS";
inline constexpr std::string_view timer_deliver_ms = "TIMER_DELIVER_MS";
inline constexpr std::string_view timer_out_ms = "TIMER_OUT_MS";
inline constexpr std::string_view timer_enqueue_ms = "TIMER_ENQUEUE_MS";
inline constexpr std::string_view timer_dequeue_ms = "TIMER_DEQUEUE_MS";
// Of a timed message that troupe itself has stored.
inline constexpr std::string_view timed_here = "TROUPE_TIMED";
inline constexpr std::string_view timer_roll_times = "TIMER_ROLL_TIMES";
inline constexpr std::string_view timer_delete_key = "TIMER_DEL_UNIQKEY";
inline constexpr std::string_view correlation_id = "CORRELATION_ID";
inline constexpr std::string_view reply_to_client = "REPLY_TO_CLIENT";
inline constexpr std::string_view time_to_live = "TTL"; // ms
inline constexpr std::string_view push_reply_time = "PUSH_REPLY_TIME";
inline constexpr std::string_view message_type = "MSG_TYPE";
inline constexpr std::string_view dlq_origin_topic = "DLQ_ORIGIN_TOPIC";
inline constexpr std::string_view dlq_origin_id = "DLQ_ORIGIN_MESSAGE_ID";
inline constexpr std::string_view inner_number = "INNER_NUM";
inline constexpr std::string_view record_crc = "__CRC32#";

/// Calls `visit(name, value)` for each entry of `text`, in order. Entries with
/// an empty name or value are left out, as RocketMQ's parser does.
template <class Visit>
void for_each(std::string_view text, Visit&& visit) {
  while (!text.empty()) {
    auto end = text.find(value_end);
    auto entry = text.substr(0, end);
    text = end == text.npos ? std::string_view{} : text.substr(end + 1);
    auto middle = entry.find(name_end);
    if (middle != entry.npos && middle > 0 && middle + 1 < entry.size())
      visit(entry.substr(0, middle), entry.substr(middle + 1));
  }
}

/// The value of `name`; empty when absent. Of several the last one counts.
inline std::string_view find(std::string_view text, std::string_view name) {
  std::string_view found;
  for_each(text, [&](std::string_view n, std::string_view v) {
    if (n == name)
      found = v;
  });
  return found;
}

/// Calls `visit(key)` for each word of `text`, the value of KEYS.
template <class Visit>
void for_each_key(std::string_view text, Visit&& visit) {
  while (!text.empty()) {
    auto blank = text.find(' ');
    if (blank != 0)
      visit(text.substr(0, blank));
    text = blank == text.npos ? std::string_view{} : text.substr(blank + 1);
  }
}

/// Appends one entry, and a separator before it where `text` lacks one.
inline void append(std::string& text, std::string_view name,
                   std::string_view value) {
  if (!text.empty() && text.back() != value_end)
    text += value_end;
  text.append(name).append(1, name_end).append(value).append(1, value_end);
}

/// `text` without any entry called `name`.
inline std::string without(std::string_view text, std::string_view name) {
  std::string rest;
  rest.reserve(text.size());
  for_each(text, [&](std::string_view n, std::string_view v) {
    if (n != name)
      append(rest, n, v);
  });
  return rest;
}

/// `text` with `name` set to `value`, whatever it was before.
inline std::string with(std::string_view text, std::string_view name,
                        std::string_view value) {
  auto rest = without(text, name);
  append(rest, name, value);
  return rest;
}

} // namespace troupe::properties
