#include "app/bench/requests.hpp"

#include "app/bench/peers.hpp"
#include "remoting/command_codec.hpp"
#include "storage/big_endian.hpp"

#include "troupe/units.hpp"

namespace troupe::app {

namespace {

using storage::store;

// Numbers are written with a fixed count of digits, the first of them not 0.
constexpr std::string_view key_mark = "9999999999999999";
constexpr std::string_view time_mark = "8888888888888888888";
constexpr std::string_view deliver_mark = "7777777777777";
static_assert(time_mark.size() == time_digits);

void put_digits(char* at, std::uint64_t value, std::size_t count) {
  for (auto i = count; i > 0; --i, value /= 10)
    at[i - 1] = static_cast<char>('0' + value % 10);
}

std::string body_of(const bench_options& options, body_start start) {
  std::string body(static_cast<std::size_t>(options.body_bytes), 'b');
  if (start == body_start::time)
    body.replace(0, time_digits, time_mark);
  return body;
}

std::string batch_body(const bench_options& options) {
  auto one = body_of(options, body_start::plain);
  std::string all;
  for (int i = 0; i < options.batch; ++i) {
    std::string head(20, '\0');
    store(head.data(), static_cast<std::uint32_t>(22 + one.size()));
    store(head.data() + 16, static_cast<std::uint32_t>(one.size()));
    all += head + one + std::string(2, '\0');
  }
  return all;
}

/// The text of an integer of any width, as field values are.
std::string text_of(std::int64_t value) {
  return std::to_string(value);
}

} // namespace

std::string topic_name(const bench_options& options, int index) {
  return options.topic + '-' + text_of(index);
}

std::string group_name(int index) {
  return "bench-consumer-" + text_of(index);
}

std::vector<target> targets_of(const bench_options& options, int groups) {
  std::vector<target> all;
  for (int i = 0; i < options.topics; ++i)
    for (int k = 0; k < options.queues; ++k)
      for (int g = 0; g < groups; ++g)
        all.push_back({topic_name(options, i), group_name(g), k, 0});
  return all;
}

request_template::request_template(remoting::command request) {
  request.opaque = first_opaque;
  remoting::append_command(frame_, remoting::header_encoding::json, request);
  opaque_at_ = frame_.find(text_of(first_opaque));
  auto place = [this](std::string_view mark) {
    auto at = frame_.find(mark);
    return at == frame_.npos ? 0 : at;
  };
  key_at_ = place(key_mark);
  time_at_ = place(time_mark);
  deliver_at_ = place(deliver_mark);
}

void request_template::append(std::string& out,
                              const request_numbers& numbers) const {
  auto start = out.size();
  out += frame_;
  auto* frame = out.data() + start;
  put_digits(frame + opaque_at_,
             static_cast<std::uint64_t>(first_opaque + numbers.index), 10);
  if (key_at_ != 0)
    put_digits(frame + key_at_, numbers.key, key_mark.size());
  if (time_at_ != 0)
    put_digits(frame + time_at_, numbers.time, time_digits);
  if (deliver_at_ != 0)
    put_digits(frame + deliver_at_, numbers.deliver_ms, deliver_mark.size());
}

request_template send_request(const bench_options& options, const target& to,
                              body_start start) {
  auto batch = options.batch > 1;
  auto request =
    remoting::make_request(batch ? remoting::request_code::send_batch_message
                                 : remoting::request_code::send_message_v2);
  auto properties = batch ? std::string{}
                          : "UNIQ_KEY\x01"
                            "7F00000100002A9F"
                              + std::string{key_mark} + "\x02WAIT\x01true\x02";
  auto sys_flag = 0;
  if (options.mode == bench_mode::transaction) {
    constexpr int prepared = 4;
    sys_flag = prepared;
    properties += "TRAN_MSG\x01true\x02PGROUP\x01"
                  "bench-producer\x02";
  }
  if (options.delay_level > 0)
    properties += "DELAY\x01" + text_of(options.delay_level) + '\x02';
  if (options.timer_ms > 0)
    properties += "TIMER_DELIVER_MS\x01" + std::string{deliver_mark} + '\x02';
  request.fields = {{"a", "bench-producer"},
                    {"b", to.topic},
                    {"c", "TBW102"},
                    {"d", "8"},
                    {"e", text_of(to.queue)},
                    {"f", text_of(sys_flag)},
                    {"g", text_of(now_ms().value)},
                    {"h", "0"},
                    {"i", properties},
                    {"j", "0"},
                    {"k", "false"},
                    {"m", batch ? "true" : "false"}};
  request.body =
    payload::copy_of(batch ? batch_body(options) : body_of(options, start));
  return request_template{std::move(request)};
}

remoting::command pull_request(const target& from, std::int32_t suspend_ms) {
  // FLAG_SUBSCRIPTION, and FLAG_SUSPEND when it may wait.
  auto sys_flag = suspend_ms > 0 ? 6 : 4;
  auto request = remoting::make_request(remoting::request_code::pull_message);
  request.fields = {{"consumerGroup", from.group},
                    {"topic", from.topic},
                    {"queueId", text_of(from.queue)},
                    {"queueOffset", text_of(from.offset)},
                    {"maxMsgNums", "32"},
                    {"sysFlag", text_of(sys_flag)},
                    {"commitOffset", "0"},
                    {"suspendTimeoutMillis", text_of(suspend_ms)},
                    {"subscription", "*"},
                    {"subVersion", "0"},
                    {"expressionType", "TAG"}};
  return request;
}

caf::error make_topics(const bench_options& options, const std::string& at) {
  for (int i = 0; i < options.topics; ++i) {
    auto request =
      remoting::make_request(remoting::request_code::update_and_create_topic);
    request.fields = {{"topic", topic_name(options, i)},
                      {"defaultTopic", "TBW102"},
                      {"readQueueNums", text_of(options.queues)},
                      {"writeQueueNums", text_of(options.queues)},
                      {"perm", "6"},
                      {"topicFilterType", "SINGLE_TAG"},
                      {"topicSysFlag", "0"},
                      {"order", "false"}};
    auto answer = call(at, request);
    if (!answer)
      return std::move(answer.error());
    if (answer->code != 0)
      return make_error(errc::malformed_request, at + " does not make topic "
                                                   + topic_name(options, i)
                                                   + ": " + answer->remark);
  }
  return caf::none;
}

} // namespace troupe::app
