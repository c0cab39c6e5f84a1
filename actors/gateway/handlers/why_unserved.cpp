/// What is said of request codes that RocketMQ's tools know and this node does
/// not serve: why, and what to do instead.
#include "gateway/handlers/handlers.hpp"

#include <algorithm>
#include <array>

namespace troupe::handlers {

namespace {

/// Codes from `first` to `last`.
struct unserved {
  std::int32_t first;
  std::int32_t last;
  std::string_view why;
};

constexpr std::string_view no_accounts =
  "there are no users and no access lists: whoever reaches the port may do "
  "all; "
  "let --listen and the firewall decide who does";
constexpr std::string_view no_slaves =
  "there are no slaves and no controllers: this broker is a master alone, and "
  "what it acknowledges is on its disk";
constexpr std::string_view no_cold_limits =
  "no group is slowed down because it reads old messages: they are read by a "
  "thread of their own";
constexpr std::string_view no_rocksdb =
  "nothing is kept in RocksDB: settings and progress are shown by topicList, "
  "consumerProgress, exportMetadata, or `troupe shell`";
constexpr std::string_view no_lite =
  "there are no lite topics: make a topic with updateTopic, or let it be made "
  "on first use";

// The names of the codes stand in troupe/remoting/request_code.hpp, but for
// those that only controllers and users' administration have.
constexpr std::array sentences{
  unserved{50, 54, no_accounts},
  unserved{60, 61,
           "slaves cannot follow: how many timed messages wait, and which, is "
           "shown by `timers` in `troupe shell`"},
  unserved{301, 302,
           "there are no filter servers: subscribe with tags or with SQL92"},
  unserved{353, 353,
           "a group is forbidden to read as a whole: updateSubGroup -s false; "
           "a topic for all groups: updateTopicPerm -p 2"},
  unserved{354, 355, no_rocksdb},
  unserved{513, 513,
           "there are no static topics, whose queues are spread over brokers: "
           "make a topic with updateTopic"},
  unserved{902, 903,
           "one process is one broker: start another with `troupe node`, or "
           "end it with SIGTERM"},
  unserved{905, 906, no_slaves},
  unserved{1001, 1018, no_slaves},
  unserved{2001, 2002, no_cold_limits},
  unserved{2004, 2004,
           "how far the kernel reads ahead in the log is not changed: old "
           "messages are read by a thread of their own"},
  unserved{3001, 3010, no_accounts},
  unserved{5001, 5001,
           "timed messages are kept in one way only; `timers` in `troupe "
           "shell` shows them"},
  unserved{200070, 200079, no_lite},
};

} // namespace

std::string_view why_unserved(std::int32_t code) {
  auto found = std::ranges::find_if(sentences, [code](const unserved& x) {
    return code >= x.first && code <= x.last;
  });
  return found == sentences.end() ? std::string_view{} : found->why;
}

} // namespace troupe::handlers
