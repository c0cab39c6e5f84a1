#include "gateway/sending.hpp"

#include "deadlines/timed_record.hpp"
#include "gateway/judged.hpp"
#include "remoting/bodies/batch_body.hpp"
#include "remoting/command_codec.hpp"
#include "remoting/recall_handle.hpp"

#include "troupe/model/hash.hpp"
#include "troupe/model/message_id.hpp"
#include "troupe/model/names.hpp"
#include "troupe/model/properties.hpp"
#include "troupe/model/timers.hpp"
#include "troupe/model/transactions.hpp"

#include <array>
#include <charconv>
#include <optional>
#include <random>

namespace troupe {

namespace {

/// The fields of a send header in the order of send_request.
enum class send_field : std::uint8_t {
  group,
  topic,
  default_topic,
  default_queues,
  queue,
  sys_flag,
  born,
  flag,
  properties,
  reconsume,
  unit,
  max_reconsume,
  batch
};

constexpr std::size_t send_fields = 13;

using send_field_texts = std::array<std::string_view, send_fields>;

/// Of SEND_MESSAGE; SEND_MESSAGE_V2 has the letters a to m in the same order.
constexpr send_field_texts long_names{
  "producerGroup", "topic",          "defaultTopic",  "defaultTopicQueueNums",
  "queueId",       "sysFlag",        "bornTimestamp", "flag",
  "properties",    "reconsumeTimes", "unitMode",      "maxReconsumeTimes",
  "batch"};

/// Values by letter, in one pass over the fields. Of several the last counts.
send_field_texts values_by_letter(const remoting::command_view& command) {
  send_field_texts values;
  for (const auto& [name, value] : command.fields())
    if (name.size() == 1 && name[0] >= 'a'
        && name[0] < 'a' + static_cast<char>(send_fields))
      values[static_cast<std::size_t>(name[0] - 'a')] = value;
  return values;
}

send_field_texts values_by_name(const remoting::command_view& command) {
  send_field_texts values;
  for (std::size_t i = 0; i < send_fields; ++i)
    values[i] = command.find(long_names[i]);
  return values;
}

/// Reads header fields and remembers the first one that does not parse.
class header_reader {
public:
  header_reader(const request& asked, const send_field_texts& values)
    : asked_(asked),
      values_(values) {}

  bool has(send_field field) const { return !text_of(field).empty(); }

  payload text(send_field field) const { return asked_.slice(text_of(field)); }

  template <class Number>
  Number number(send_field field, Number absent = {}) {
    auto text = text_of(field);
    if (text.empty())
      return absent;
    if (text.size() == 1 && text[0] >= '0' && text[0] <= '9')
      return static_cast<Number>(text[0] - '0'); // most are
    Number value{};
    auto [end, code] =
      std::from_chars(text.data(), text.data() + text.size(), value);
    if (code != std::errc{} || end != text.data() + text.size())
      bad_ = field;
    return value;
  }

  bool boolean(send_field field) const {
    auto text = text_of(field);
    return text == "true" || text == "TRUE" || text == "True";
  }

  /// The last bad field as an error; none when all were good.
  caf::error error() const {
    if (!bad_)
      return caf::none;
    return make_error(errc::malformed_request,
                      "field `" + name_of(*bad_) + "` is no number: `"
                        + std::string{text_of(*bad_)} + "`");
  }

  /// As the client wrote it.
  std::string name_of(send_field field) const {
    auto index = static_cast<std::size_t>(field);
    if (asked_.command.code()
        == static_cast<std::int32_t>(remoting::request_code::send_message))
      return std::string{long_names[index]};
    return std::string(1, static_cast<char>('a' + static_cast<char>(index)));
  }

private:
  std::string_view text_of(send_field field) const {
    return values_[static_cast<std::size_t>(field)];
  }

  const request& asked_;
  const send_field_texts& values_;
  std::optional<send_field> bad_;
};

caf::expected<send_request> read_with(const gateway_context& context,
                                      const request& asked,
                                      const send_field_texts& values) {
  using enum send_field;
  header_reader read{asked, values};
  send_request result;
  result.from = asked.from;
  result.producer_group = read.text(group);
  result.topic = read.text(topic);
  result.default_topic = read.text(default_topic);
  result.default_topic_queues = read.number(default_queues, 4);
  if (!read.has(queue))
    return make_error(errc::malformed_request,
                      "field `" + read.name_of(queue)
                        + "` (the queue id) is missing");
  result.queue = read.number(queue, 0);
  result.sys_flag = read.number(sys_flag, 0);
  result.born_time = read.number(born, std::int64_t{0});
  result.flag = read.number(flag, 0);
  result.properties = read.text(properties);
  result.reconsume_times = read.number(reconsume, 0);
  result.unit_mode = read.boolean(unit);
  if (read.has(max_reconsume))
    result.max_reconsume_times = read.number(max_reconsume, 0);
  result.batch = read.boolean(batch);
  if (auto error = read.error())
    return error;
  result.body = asked.body();
  result.born_host = asked.on.peer();
  result.store_host = context.broker_host(asked.on);
  result.client_version = asked.command.version();
  return result;
}

std::mt19937& dice() {
  thread_local std::mt19937 generator{std::random_device{}()};
  return generator;
}

queue_id any_queue(std::int32_t queues) {
  std::uniform_int_distribution<std::int32_t> pick{0, std::max(queues, 1) - 1};
  return {pick(dice())};
}

text_span span_of(std::string_view whole, std::string_view part) {
  if (part.empty())
    return {};
  return {static_cast<std::uint16_t>(part.data() - whole.data()),
          static_cast<std::uint16_t>(part.size())};
}

/// Why this message may not be stored; none when it may.
caf::error why_refused(const gateway_context& context,
                       const send_request& message) {
  const auto& options = context.options();
  auto topic = message.topic.view();
  if (auto why = names::why_bad_topic(topic); !why.empty())
    return make_error(errc::invalid_argument, why);
  if (names::is_forbidden_to_send(topic))
    return make_error(errc::no_permission,
                      "sending messages to topic[" + std::string{topic}
                        + "] is forbidden: it belongs to the broker");
  if ((options.broker_permission & permission::write) == 0)
    return make_error(errc::no_permission,
                      "the broker[" + options.broker_name
                        + "] sending message is forbidden");
  if (message.body.size() > options.live.body_bytes_max)
    return make_error(errc::illegal_message,
                      "the body has " + std::to_string(message.body.size())
                        + " bytes, more than "
                        + std::to_string(options.live.body_bytes_max));
  if (message.properties.size() > limits::properties_bytes_max)
    return make_error(
      errc::illegal_message,
      "the properties have " + std::to_string(message.properties.size())
        + " bytes, more than " + std::to_string(limits::properties_bytes_max));
  return caf::none;
}

/// Fills in everything that the header says; body and properties are added.
void fill(append_row& row, const send_request& message,
          const topic_config& topic) {
  row.from = message.from;
  row.flag = message.flag;
  row.sys_flag = message.sys_flag & ~sys_flag::transaction_mask;
  if (topic.filter_type == topic_filter_type::multi_tag)
    row.sys_flag |= sys_flag::multi_tags;
  row.reconsume_times = message.reconsume_times;
  row.born_time = {message.born_time};
  row.born_host = message.born_host;
  row.store_host = message.store_host;
}

append_row row_of(const send_request& message, const topic_config& topic) {
  append_row row;
  fill(row, message, topic);
  return row;
}

/// Fills in what the properties say.
void describe_row(append_row& row, const known_properties& known) {
  row.unique_key = known.unique_key;
  row.keys = known.keys;
  row.tags_code = tags_code(known.tags);
  row.ack = known.ack;
}

/// The text with a unique key and without a pop receipt.
payload mended(gateway_context& context, std::string_view text,
               const known_properties& known) {
  constexpr std::size_t key_entry =
    properties::unique_key.size() + unique_keys::digits + 3; // separators
  std::string result;
  result.reserve(text.size() + key_entry);
  if (known.pop_receipt)
    result = properties::without(text, properties::pop_receipt);
  else
    result = text;
  if (known.unique_key.size == 0)
    properties::append(result, properties::unique_key,
                       context.keys.next(now_ms()));
  return payload::copy_of(result);
}

std::int32_t parse_level(std::string_view text) {
  std::int32_t level = 0;
  std::from_chars(text.data(), text.data() + text.size(), level);
  return level;
}

/// Whether the broker's own properties, now and later, find room behind these.
caf::error why_no_room(std::string_view text) {
  if (text.size() + limits::later_property_bytes
      <= limits::properties_bytes_max)
    return caf::none;
  return make_error(errc::illegal_message,
                    "the properties have " + std::to_string(text.size())
                      + " bytes with those of the broker, too many for a "
                        "message that is stored twice");
}

/// A message that no consumer sees until its producer has said how its
/// transaction ended. Its real topic waits in its properties.
void send_half(gateway_context& context, const send_request& message,
               const topic_config& topic, queue_id queue, append_row row) {
  auto text = properties::with(message.properties.view(),
                               properties::real_topic, topic.name);
  text = properties::with(text, properties::real_queue_id,
                          std::to_string(queue.value));
  std::string key{properties::find(text, properties::unique_key)};
  text = properties::with(text, properties::transaction_id, key);
  // Only the broker says this.
  text = properties::without(text, properties::resumed_from);
  if (auto error = why_no_room(text))
    return context.fail(message.from, error);
  row.properties = payload::copy_of(text);
  send_row(context, std::string{names::half_topic}, {0}, std::move(row), 0,
           queue);
}

/// A message that waits for its moment.
void send_timed(gateway_context& context, const send_request& message,
                const topic_config& topic, queue_id queue, epoch_ms due,
                append_row row) {
  auto text =
    timed_properties(message.properties.view(), topic.name, queue, due);
  if (auto error = why_no_room(text))
    return context.fail(message.from, error);
  row.properties = payload::copy_of(text);
  if (!names::is_retry_topic(topic.name))
    row.from.answer = append_answer::timed;
  send_row(context, std::string{names::timer_topic}, {0}, std::move(row), 0,
           queue);
}

void send_one(gateway_context& context, send_request& message,
              known_topic& topic, queue_id queue) {
  auto text = message.properties.view();
  auto known = read_properties(text);
  std::optional<epoch_ms> due;
  if (known.timer) {
    auto moment =
      timer_due(text, now_ms(), context.options().timer_delay_max_ms);
    if (!moment)
      return context.fail(message.from, moment.error());
    due = *moment;
  }
  if (known.unique_key.size == 0 || known.pop_receipt) {
    message.properties = mended(context, text, known);
    text = message.properties.view();
    known = read_properties(text);
  }
  auto row = row_of(message, topic.config());
  row.body = std::move(message.body);
  row.properties = message.properties;
  auto level = parse_level(known.delay_level);
  // A retry of a client that keeps the property is no new transaction.
  auto retried = message.reconsume_times > 0 && level > 0;
  if (known.transaction && !retried)
    return send_half(context, message, topic.config(), queue, std::move(row));
  if (level > 0)
    return send_row(context, topic.config().name, queue, std::move(row), level);
  if (due)
    return send_timed(context, message, topic.config(), queue, *due,
                      std::move(row));
  describe_row(row, known);
  row.answer_queue = queue;
  if (!row.from.oneway)
    ++context.open_appends;
  context.appends(topic, queue).push_back(std::move(row));
}

queue_id queue_of(const send_request& message, const topic_config& topic) {
  return message.queue < 0 ? any_queue(topic.write_queues)
                           : queue_id{message.queue};
}

/// Whether it is stored as it came, at once, in its own topic.
bool is_plain(const send_request& message, const known_properties& known) {
  return !message.batch && known.unique_key.size > 0 && !known.pop_receipt
         && !known.transaction && !known.timer && known.delay_level.empty()
         && !names::is_retry_topic(message.topic.view());
}

/// It goes on when the interceptor at `place` has judged it. One that is plain
/// waits as the row that it will be: if it passes nothing is left to do.
void send_to_judge(gateway_context& context, send_request& message,
                   known_topic& topic, std::size_t place) {
  auto& judges = context.judges();
  auto known = read_properties(message.properties.view());
  auto bytes = message.body.size() + message.properties.size();
  if (!is_plain(message, known) || !judges.has_room(place, bytes))
    return hold(context, place, topic, message);
  context.send_soon();
  auto queue = queue_of(message, topic.config());
  auto& row = judges.hold(place, topic, queue, message.from, bytes);
  fill(row, message, topic.config());
  row.body = std::move(message.body);
  row.properties = std::move(message.properties);
  describe_row(row, known);
  row.answer_queue = queue;
}

/// One request, many messages: consecutive rows that the log keeps together.
void send_batch(gateway_context& context, send_request& message,
                known_topic& topic, queue_id queue) {
  auto elements = remoting::split_batch(message.body.view());
  if (!elements)
    return context.fail(message.from, elements.error());
  if (elements->empty())
    return context.fail(message.from, make_error(errc::illegal_message,
                                                 "the batch holds no message"));
  // Everything is checked before anything is stored. The batch's own entries
  // follow each element's, as RocketMQ stores them.
  auto shared = message.properties.view();
  std::vector<append_row> rows;
  rows.reserve(elements->size());
  for (const auto& element : *elements) {
    std::string text{element.properties};
    if (!shared.empty()) {
      if (!text.empty() && text.back() != properties::value_end)
        text += properties::value_end;
      text += shared;
    }
    auto known = read_properties(text);
    caf::error error;
    if (known.timer)
      error = make_error(errc::illegal_message,
                         "a batch cannot hold timed messages; send them one "
                         "by one");
    if (!error && known.transaction)
      error = make_error(errc::illegal_message,
                         "a batch cannot hold transaction messages; send "
                         "them one by one");
    if (!error && parse_level(known.delay_level) > 0)
      error = make_error(errc::illegal_message,
                         "a batch cannot hold delayed messages; send them "
                         "one by one");
    if (!error && text.size() > limits::properties_bytes_max)
      error = make_error(errc::illegal_message,
                         "the properties of a message have "
                           + std::to_string(text.size()) + " bytes, more than "
                           + std::to_string(limits::properties_bytes_max));
    if (error)
      return context.fail(message.from, error);
    auto row = row_of(message, topic.config());
    row.flag = element.flag;
    row.properties = known.unique_key.size == 0 || known.pop_receipt
                       ? mended(context, text, known)
                       : payload::copy_of(text);
    describe_row(row, read_properties(row.properties.view()));
    auto offset =
      static_cast<std::size_t>(element.body.data() - message.body.data());
    row.body = message.body.slice(offset, element.body.size());
    row.answer_queue = queue;
    row.continues = !rows.empty();
    rows.push_back(std::move(row));
  }
  if (!message.from.oneway)
    ++context.open_appends;
  auto& round = context.appends(topic, queue);
  std::move(rows.begin(), rows.end(), std::back_inserter(round));
}

/// Retried more often than allowed: to the dead letters of the group.
bool is_exhausted(const send_request& message, const group_config& group) {
  auto limit = group.retry_max_times;
  if (message.max_reconsume_times
      && message.client_version >= remoting::version_3_4_9)
    limit = *message.max_reconsume_times;
  return message.reconsume_times > limit;
}

/// A send to a retry topic: needs its group, may end as a dead letter.
/// @returns whether `message` may go on now
bool settle_retry(gateway_context& context, send_request& message) {
  auto name = names::group_of_retry_topic(message.topic.view());
  auto* group = context.find_known_group(name);
  if (group == nullptr) {
    context.fetch_group(message.from, {std::string{name}, false},
                        [&context, message] { send(context, message); });
    return false;
  }
  if (is_exhausted(message, group->snapshot->config)) {
    message.topic = payload::copy_of(names::dead_letter_topic_of(name));
    message.properties = payload::copy_of(
      properties::without(message.properties.view(), properties::delay));
    message.queue = 0;
    return true;
  }
  return true;
}

} // namespace

known_properties read_properties(std::string_view text) {
  known_properties known;
  properties::for_each(text,
                       [&](std::string_view name, std::string_view value) {
                         switch (name.front()) {
                           case 'U':
                             if (name == properties::unique_key)
                               known.unique_key = span_of(text, value);
                             break;
                           case 'K':
                             if (name == properties::keys)
                               known.keys = span_of(text, value);
                             break;
                           case 'T':
                             if (name == properties::tags)
                               known.tags = value;
                             else if (name == properties::transaction)
                               known.transaction = value == "true";
                             else if (name == properties::timer_delay_seconds
                                      || name == properties::timer_delay_ms
                                      || name == properties::timer_deliver_ms)
                               known.timer = true;
                             break;
                           case 'D':
                             if (name == properties::delay)
                               known.delay_level = value;
                             break;
                           case 'W':
                             if (name == properties::wait && value == "false")
                               known.ack = ack_when::written;
                             break;
                           case 'P':
                             if (name == properties::pop_receipt)
                               known.pop_receipt = true;
                             break;
                           default:
                             break;
                         }
                       });
  if (!known.delay_level.empty())
    known.timer = false; // a level takes precedence
  return known;
}

caf::expected<send_request> read_send_request(const gateway_context& context,
                                              const request& asked) {
  return read_with(context, asked, values_by_letter(asked.command));
}

caf::expected<send_request> read_send_request_v1(const gateway_context& context,
                                                 const request& asked) {
  return read_with(context, asked, values_by_name(asked.command));
}

void send(gateway_context& context, send_request message) {
  if (auto error = why_refused(context, message))
    return context.fail(message.from, error);
  auto of_group = names::is_retry_topic(message.topic.view());
  if (of_group && message.batch)
    return context.fail(
      message.from,
      make_error(errc::illegal_message, "a batch cannot go to a retry topic"));
  if (of_group && !settle_retry(context, message))
    return;
  send_checked(context, message);
}

void send_checked(gateway_context& context, send_request& message) {
  auto name = message.topic.view();
  auto* topic = context.find_known_topic(name);
  if (topic == nullptr) {
    find_topic wish{
      message.topic.str(),
      topic_template{message.default_topic.str(), message.default_topic_queues,
                     message.unit_mode ? 1 : 0},
      names::is_retry_topic(name) || names::is_dead_letter_topic(name)};
    context.fetch_topic(message.from, std::move(wish),
                        [&context, message] { send(context, message); });
    return;
  }
  const auto& config = topic->config();
  auto queues = std::max(config.read_queues, config.write_queues);
  if (message.queue >= queues)
    return context.fail(
      message.from,
      make_error(errc::invalid_argument,
                 "request queueId[" + std::to_string(message.queue)
                   + "] is illegal, topic[" + config.name + "] has "
                   + std::to_string(queues) + " queues"));
  if (context.options().await_links)
    return context.fail(
      message.from,
      make_error(errc::not_ready,
                 "the custom actors of the broker are starting; retry"));
  if (auto judge = context.judge_of(*topic, message.judged_by))
    return send_to_judge(context, message, *topic, *judge);
  auto queue = queue_of(message, config);
  message.batch ? send_batch(context, message, *topic, queue)
                : send_one(context, message, *topic, queue);
}

void send_row(gateway_context& context, std::string topic, queue_id queue,
              append_row row, std::int32_t delay_level,
              std::optional<queue_id> answer_queue) {
  const auto& delays = context.options().delays;
  auto target = topic;
  auto place = queue;
  if (delay_level > 0) {
    auto level = std::min(delay_level, delays.count());
    target = names::schedule_topic;
    place = {level - 1};
  }
  auto* known = context.find_known_topic(target);
  if (known == nullptr) {
    find_topic wish{target,
                    {},
                    names::is_retry_topic(target)
                      || names::is_dead_letter_topic(target)};
    auto from = row.from;
    context.fetch_topic(from, std::move(wish),
                        [&context, topic, queue, row = std::move(row),
                         delay_level, answer_queue] {
                          send_row(context, topic, queue, row, delay_level,
                                   answer_queue);
                        });
    return;
  }
  auto text = row.properties.str();
  if (delay_level > 0) {
    text = properties::with(text, properties::real_topic, topic);
    text = properties::with(text, properties::real_queue_id,
                            std::to_string(queue.value));
    text = properties::with(text, properties::delay,
                            std::to_string(place.value + 1));
    row.due_after_ms = delays.delay_ms(place.value + 1);
  }
  if (text.size() > limits::properties_bytes_max)
    return context.fail(
      row.from, make_error(errc::illegal_message,
                           "the properties have " + std::to_string(text.size())
                             + " bytes with those of the broker"));
  row.properties = payload::copy_of(text);
  describe_row(row, read_properties(row.properties.view()));
  if (target == names::half_topic)
    row.ack = ack_when::durable; // its end may follow the answer at once
  row.answer_queue = answer_queue.value_or(queue);
  auto queues = static_cast<std::int32_t>(known->view.queues.size());
  if (place.value >= queues)
    place = any_queue(queues);
  if (!row.from.oneway)
    ++context.open_appends;
  context.appends(*known, place).push_back(std::move(row));
}

namespace {

std::string handle_of(const gateway_context& context, std::string_view text) {
  auto value = [&](std::string_view name) {
    return std::string{properties::find(text, name)};
  };
  return remoting::encode_recall_handle(
    {value(properties::real_topic),
     context.options().broker_name,
     {number_in<std::int64_t>(value(properties::timer_out_ms))},
     value(properties::unique_key)});
}

/// A send's answer and the handle by which its message is recalled.
void answer_timed(connection& to, const caller& from,
                  const remoting::send_result& result,
                  std::string_view handle) {
  auto queue = std::to_string(result.queue);
  auto offset = std::to_string(result.offset);
  const std::array<remoting::field_view, 7> fields{
    {{"queueId", queue},
     {"msgId", result.message_id},
     {"TRACE_ON", "true"},
     {"MSG_REGION", "DefaultRegion"},
     {"queueOffset", offset},
     {"transactionId", result.transaction_id},
     {"recallHandle", handle}}};
  remoting::append_response(to.out.tail(), from.encoding, from.opaque,
                            remoting::response_code::success, {}, fields, {});
}

/// Answers the request of rows [first, last), all stored.
void answer_stored(gateway_context& context,
                   std::span<const append_outcome> rows) {
  const auto& first = rows.front();
  auto* to = context.begin_answer(first.from);
  if (to == nullptr)
    return;
  auto code = remoting::response_code::success;
  if (first.from.answer == append_answer::plain) {
    remoting::append_response(to->out.tail(), first.from.encoding,
                              first.from.opaque, code, {}, {}, {});
    return;
  }
  remoting::send_result result;
  result.queue = first.queue.value;
  result.offset = first.offset.value;
  std::array<char, message_id_bytes_max> id;
  std::string ids; // of a batch
  if (rows.size() == 1) {
    result.message_id = {
      id.data(), put_message_id(id.data(), first.store_host, first.position)};
    result.transaction_id = first.properties.view().substr(
      first.unique_key.offset, first.unique_key.size);
  } else {
    for (const auto& row : rows) {
      if (!ids.empty())
        ids += ',';
      ids += offset_message_id(row.store_host, row.position);
    }
    result.message_id = ids;
  }
  std::string handle;
  if (first.from.answer == append_answer::timed)
    handle = handle_of(context, first.properties.view());
  if (!handle.empty())
    return answer_timed(*to, first.from, result, handle);
  remoting::append_send_response(to->out.tail(), first.from.encoding,
                                 first.from.opaque, result);
}

} // namespace

void answer_appends(gateway_context& context, append_done& done) {
  std::span<const append_outcome> rows{done.rows};
  while (!rows.empty()) {
    std::size_t count = 1;
    auto error = rows.front().error;
    while (count < rows.size() && rows[count].continues) {
      if (rows[count].error != errc::none)
        error = rows[count].error;
      ++count;
    }
    auto asked = rows.first(count);
    rows = rows.subspan(count);
    const auto& from = asked.front().from;
    if (!from.oneway)
      --context.open_appends;
    if (error == errc::none) {
      context.counters().sent_messages += static_cast<std::int64_t>(count);
      answer_stored(context, asked);
    } else {
      context.fail(from, make_error(error, done.why));
    }
  }
}

} // namespace troupe
