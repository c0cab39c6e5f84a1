/// A small producer and consumer for C++ programs and tests: blocking, one
/// connection, one thread; header only. Speaks RocketMQ's remoting protocol
/// with binary headers to a broker (not to a name server). The consumer reads
/// all queues of a topic on its own: one process a group, no rebalancing. For
/// more take one of RocketMQ's clients.
#pragma once

#include "troupe/custom/message.hpp"
#include "troupe/remoting/request_code.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace troupe {

/// What a broker has answered, or why it could not be asked.
struct broker_answer {
  int code = -1; ///< 0 success, else RocketMQ's response code; -1: not asked
  std::string remark;
  custom::fields fields;
  std::string body;

  std::string_view field(std::string_view name) const {
    for (const auto& [key, value] : fields)
      if (key == name)
        return value;
    return {};
  }
};

/// A connection to a broker; made on first use and again when it broke.
class broker_connection {
public:
  /// @param address  `host:port`
  explicit broker_connection(std::string address)
    : address_(std::move(address)) {}

  ~broker_connection() { close(); }

  broker_connection(const broker_connection&) = delete;
  broker_connection& operator=(const broker_connection&) = delete;

  /// Asks and waits.
  broker_answer call(remoting::request_code code, const custom::fields& fields,
                     std::string_view body = {},
                     std::chrono::milliseconds wait = std::chrono::seconds{5}) {
    if (fd_ < 0)
      if (auto why = connect(); !why.empty())
        return failed(why);
    std::string header;
    put<std::uint16_t>(header, static_cast<std::uint16_t>(code));
    header += '\x02'; // language: CPP
    put<std::uint16_t>(header, client_version);
    put<std::uint32_t>(header, ++opaque_);
    put<std::uint32_t>(header, 0); // flag: a request
    put<std::uint32_t>(header, 0); // no remark
    std::string entries;
    for (const auto& [name, value] : fields) {
      put<std::uint16_t>(entries, static_cast<std::uint16_t>(name.size()));
      entries += name;
      put<std::uint32_t>(entries, static_cast<std::uint32_t>(value.size()));
      entries += value;
    }
    put<std::uint32_t>(header, static_cast<std::uint32_t>(entries.size()));
    header += entries;
    std::string frame;
    put<std::uint32_t>(
      frame, static_cast<std::uint32_t>(4 + header.size() + body.size()));
    put<std::uint32_t>(frame, // 1: the header is binary
                       1u << 24 | static_cast<std::uint32_t>(header.size()));
    frame.append(header).append(body);
    if (!write(frame))
      return failed("the connection broke: "
                    + std::string{std::strerror(errno)});
    return receive(std::chrono::steady_clock::now() + wait);
  }

private:
  static constexpr std::uint16_t client_version = 477; // V5_3_0
  static constexpr std::uint32_t frame_bytes_max = 64u << 20;

  template <class Number>
  static void put(std::string& to, Number value) {
    for (auto shift = 8 * static_cast<int>(sizeof value - 1); shift >= 0;
         shift -= 8)
      to += static_cast<char>(value >> shift & 0xFF);
  }

  template <class Number>
  static std::optional<Number> take(std::string_view& from) {
    if (from.size() < sizeof(Number))
      return {};
    Number value{};
    for (std::size_t i = 0; i < sizeof value; ++i)
      value = static_cast<Number>(static_cast<std::uint64_t>(value) << 8
                                  | static_cast<unsigned char>(from[i]));
    from.remove_prefix(sizeof value);
    return value;
  }

  static std::optional<std::string_view> text(std::string_view& from,
                                              std::size_t size) {
    if (from.size() < size)
      return {};
    auto result = from.substr(0, size);
    from.remove_prefix(size);
    return result;
  }

  broker_answer failed(std::string why) {
    close();
    broker_answer result;
    result.remark = std::move(why);
    return result;
  }

  void close() {
    if (fd_ >= 0)
      ::close(fd_);
    fd_ = -1;
    in_.clear();
  }

  std::string connect() {
    auto colon = address_.rfind(':');
    if (colon == address_.npos)
      return "`" + address_ + "` is no host:port";
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    auto host = address_.substr(0, colon);
    auto port = address_.substr(colon + 1);
    if (::getaddrinfo(host.c_str(), port.c_str(), &hints, &found) != 0)
      return "no address is known for " + address_;
    for (auto* x = found; x != nullptr && fd_ < 0; x = x->ai_next) {
      fd_ = ::socket(x->ai_family, x->ai_socktype, x->ai_protocol);
      if (fd_ >= 0 && ::connect(fd_, x->ai_addr, x->ai_addrlen) != 0)
        close();
    }
    ::freeaddrinfo(found);
    return fd_ < 0 ? "nobody listens at " + address_ : "";
  }

  bool write(std::string_view bytes) {
    while (!bytes.empty()) {
      auto done = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (done < 0 && errno == EINTR)
        continue;
      if (done <= 0)
        return false;
      bytes.remove_prefix(static_cast<std::size_t>(done));
    }
    return true;
  }

  broker_answer receive(std::chrono::steady_clock::time_point end) {
    for (;;) {
      std::string_view bytes{in_};
      if (auto size = take<std::uint32_t>(bytes);
          size && (*size < 4 || *size > frame_bytes_max))
        return failed("the broker sent what is no frame");
      else if (size && bytes.size() >= *size) {
        broker_answer answer;
        auto ours = decode(bytes.substr(0, *size), answer);
        in_.erase(0, 4 + *size);
        if (!ours)
          return failed("the broker sent a header that is not understood");
        if (*ours)
          return answer;
        continue; // a notice, or late
      }
      auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        end - std::chrono::steady_clock::now());
      pollfd one{fd_, POLLIN, 0};
      if (left.count() <= 0
          || ::poll(&one, 1, static_cast<int>(left.count())) == 0)
        return failed("the broker did not answer in time");
      char chunk[65536];
      auto got = ::recv(fd_, chunk, sizeof chunk, 0);
      if (got < 0 && errno == EINTR)
        continue;
      if (got <= 0)
        return failed("the broker closed the connection");
      in_.append(chunk, static_cast<std::size_t>(got));
    }
  }

  /// @returns whether it is the answer that we wait for; nothing: malformed
  std::optional<bool> decode(std::string_view frame, broker_answer& answer) {
    auto head = take<std::uint32_t>(frame);
    auto header = text(frame, *head & 0xFFFFFF);
    if (!header || *head >> 24 != 1)
      return {};
    auto code = take<std::uint16_t>(*header);
    text(*header, 3); // language, version
    auto opaque = take<std::uint32_t>(*header);
    auto flag = take<std::uint32_t>(*header);
    auto remark_size = take<std::uint32_t>(*header);
    auto remark = remark_size ? text(*header, *remark_size) : std::nullopt;
    auto rest = remark ? take<std::uint32_t>(*header) : std::nullopt;
    if (!rest || header->size() < *rest)
      return {};
    while (!header->empty()) {
      auto name_size = take<std::uint16_t>(*header);
      auto name = name_size ? text(*header, *name_size) : std::nullopt;
      auto value_size = name ? take<std::uint32_t>(*header) : std::nullopt;
      auto value = value_size ? text(*header, *value_size) : std::nullopt;
      if (!value)
        return {};
      answer.fields.emplace_back(*name, *value);
    }
    answer.code = *code;
    answer.remark = *remark;
    answer.body = frame;
    return (*flag & 1) != 0 && *opaque == opaque_;
  }

  std::string address_;
  int fd_ = -1;
  std::uint32_t opaque_ = 0;
  std::string in_;
};

/// Sends messages.
class producer {
public:
  struct sent {
    std::string refused; ///< why not, in one sentence; empty: it is stored
    std::string message_id;
    std::int32_t queue = -1;
    std::int64_t offset = -1;
  };

  /// @param broker  its `host:port`
  explicit producer(std::string broker, std::string group = "troupe-producer")
    : to_(std::move(broker)),
      group_(std::move(group)) {}

  /// Answers when the broker has made the message durable.
  sent send(const custom::outgoing& message) {
    auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
                 std::chrono::system_clock::now().time_since_epoch())
                 .count();
    auto answer = to_.call(remoting::request_code::send_message_v2,
                           {{"a", group_},
                            {"b", message.topic},
                            {"c", "TBW102"},
                            {"d", "4"},
                            {"e", std::to_string(message.queue)},
                            {"f", "0"},
                            {"g", std::to_string(now)},
                            {"h", "0"},
                            {"i", custom::property_text_of(message)},
                            {"j", "0"},
                            {"k", "false"},
                            {"m", "false"}},
                           message.body);
    if (answer.code != 0)
      return {answer.remark.empty()
                ? "the broker refuses with code " + std::to_string(answer.code)
                : answer.remark,
              {}};
    sent result;
    result.message_id = answer.field("msgId");
    std::from_chars(answer.field("queueId").data(),
                    answer.field("queueId").data()
                      + answer.field("queueId").size(),
                    result.queue);
    std::from_chars(answer.field("queueOffset").data(),
                    answer.field("queueOffset").data()
                      + answer.field("queueOffset").size(),
                    result.offset);
    return result;
  }

private:
  broker_connection to_;
  std::string group_;
};

/// A message that was received; its bytes are its own.
struct received {
  std::string topic;
  std::string body;
  std::string properties;
  std::int32_t queue = 0;
  std::int64_t offset = 0;
  std::int64_t stored_ms = 0;
  std::int32_t sys_flag = 0; ///< bit 0: the body is compressed

  std::string_view property(std::string_view name) const {
    return troupe::properties::find(properties, name);
  }
};

/// Reads all queues of one topic as a group. Begins where the group has got to,
/// a new one at the oldest message.
class consumer {
public:
  consumer(std::string broker, std::string group, std::string topic,
           std::string tags = "*")
    : from_(std::move(broker)),
      group_(std::move(group)),
      topic_(std::move(topic)),
      tags_(std::move(tags)) {}

  /// Why the last poll found nothing; empty: nothing was there.
  const std::string& trouble() const { return trouble_; }

  /// Messages that have come; waits up to `wait` for the first.
  std::vector<received>
  poll(std::chrono::milliseconds wait = std::chrono::seconds{1}) {
    trouble_.clear();
    auto end = std::chrono::steady_clock::now() + wait;
    do {
      if (next_.empty() && !find_queues()) {
        std::this_thread::sleep_for(std::chrono::milliseconds{10});
        continue;
      }
      for (std::size_t i = 0; i < next_.size(); ++i) {
        auto found = pull(turn_++ % next_.size());
        if (!found.empty())
          return found;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds{10});
    } while (std::chrono::steady_clock::now() < end);
    return {};
  }

  /// Everything that poll has returned is done: durable when it answers.
  /// @returns why not; empty: it was
  std::string commit() {
    for (std::size_t i = 0; i < next_.size(); ++i) {
      if (next_[i] == committed_[i])
        continue;
      auto answer = from_.call(remoting::request_code::update_consumer_offset,
                               {{"consumerGroup", group_},
                                {"topic", topic_},
                                {"queueId", std::to_string(i)},
                                {"commitOffset", std::to_string(next_[i])}});
      if (answer.code != 0)
        return answer.remark;
      committed_[i] = next_[i];
    }
    return {};
  }

private:
  static std::int64_t number(std::string_view text) {
    std::int64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  }

  bool find_queues() {
    auto config =
      from_.call(remoting::request_code::get_topic_config, {{"topic", topic_}});
    constexpr std::string_view key = "\"readQueueNums\":";
    auto at = config.body.find(key);
    if (config.code != 0 || at == config.body.npos) {
      trouble_ = config.remark;
      return false;
    }
    auto count = number(std::string_view{config.body}.substr(at + key.size()));
    for (std::int64_t i = 0; i < count; ++i) {
      auto known = from_.call(remoting::request_code::query_consumer_offset,
                              {{"consumerGroup", group_},
                               {"topic", topic_},
                               {"queueId", std::to_string(i)}});
      next_.push_back(known.code == 0 ? number(known.field("offset")) : 0);
    }
    committed_ = next_;
    return !next_.empty();
  }

  std::vector<received> pull(std::size_t queue) {
    auto answer = from_.call(remoting::request_code::pull_message,
                             {{"consumerGroup", group_},
                              {"topic", topic_},
                              {"queueId", std::to_string(queue)},
                              {"queueOffset", std::to_string(next_[queue])},
                              {"maxMsgNums", "32"},
                              {"sysFlag", "4"}, // the subscription comes along
                              {"commitOffset", "0"},
                              {"suspendTimeoutMillis", "0"},
                              {"subscription", tags_},
                              {"subVersion", "1"},
                              {"expressionType", "TAG"}});
    if (auto next = answer.field("nextBeginOffset"); !next.empty())
      next_[queue] = number(next);
    if (answer.code < 0)
      trouble_ = answer.remark;
    return answer.code == 0 ? split(answer.body) : std::vector<received>{};
  }

  /// Records one behind the other; layout: storage/README.md, "Record".
  static std::vector<received> split(std::string_view bytes) {
    std::vector<received> result;
    auto number_at = [](std::string_view from, std::size_t at,
                        std::size_t size) {
      std::uint64_t value = 0;
      for (std::size_t i = 0; i < size && at + i < from.size(); ++i)
        value = value << 8 | static_cast<unsigned char>(from[at + i]);
      return value;
    };
    while (bytes.size() >= 88) {
      auto size = static_cast<std::size_t>(number_at(bytes, 0, 4));
      if (size < 88 || size > bytes.size())
        return result;
      auto record = bytes.substr(0, size);
      bytes.remove_prefix(size);
      auto long_topic = number_at(record, 4, 4) == 0xDAA320AB;
      received x;
      x.queue = static_cast<std::int32_t>(number_at(record, 12, 4));
      x.offset = static_cast<std::int64_t>(number_at(record, 20, 8));
      x.sys_flag = static_cast<std::int32_t>(number_at(record, 36, 4));
      std::size_t at = 48; // born host: 4 or 16 bytes and a port of 4
      at += (x.sys_flag & 0x10) != 0 ? 20 : 8;
      x.stored_ms = static_cast<std::int64_t>(number_at(record, at, 8));
      at += 8;
      at += (x.sys_flag & 0x20) != 0 ? 20 : 8; // store host
      at += 12; // reconsume times, prepared offset
      auto text = [&](std::size_t digits) {
        auto length = static_cast<std::size_t>(number_at(record, at, digits));
        at = std::min(at + digits, record.size());
        auto part = record.substr(at, length);
        at += part.size();
        return std::string{part};
      };
      x.body = text(4);
      x.topic = text(long_topic ? 2 : 1);
      x.properties = text(2);
      result.push_back(std::move(x));
    }
    return result;
  }

  broker_connection from_;
  std::string group_;
  std::string topic_;
  std::string tags_;
  std::vector<std::int64_t> next_;      // by queue
  std::vector<std::int64_t> committed_; // likewise
  std::size_t turn_ = 0;
  std::string trouble_;
};

} // namespace troupe
