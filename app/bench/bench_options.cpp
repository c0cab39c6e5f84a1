#include "app/bench/bench_options.hpp"

#include "troupe/model/delay_levels.hpp"

#include <boost/program_options.hpp>

#include <algorithm>
#include <array>
#include <iostream>

namespace troupe::app {

namespace po = boost::program_options;

namespace {

po::options_description description(bench_options& o) {
  po::options_description all{
    "troupe bench [send|pull|transaction|deliver|raw|limit]: loads a server\n"
    "that speaks RocketMQ's protocol and measures it. Without --broker a node\n"
    "is started for it. deliver: consumers wait, latency counts from when a\n"
    "message was due to be sent until they have it. raw: disk and loopback\n"
    "alone. limit: only serves, as the bare server.\n\nOptions"};
  auto add = all.add_options();
  add("broker", po::value(&o.broker)->value_name("HOST:PORT"),
      "the broker to load");
  add("pid", po::value(&o.pid)->value_name("PID"),
      "its process, if it runs here: adds CPU, memory, context switches");
  add("against", po::value(&o.against)->value_name("HOST:PORT"),
      "a second broker, loaded in turn with the first; ratios are to it");
  add("against-pid", po::value(&o.against_pid)->value_name("PID"),
      "the process of the second");
  add("limit", po::bool_switch(&o.limit),
      "in turn with a bare epoll server that only appends the same bytes and "
      "answers; ratios are to it");
  add("intercept", po::bool_switch(&o.intercept),
      "in turn with a node whose messages a custom actor lets pass one by one; "
      "ratios are to the node without it");
  add("flush", po::value<std::string>()->value_name("WHEN"),
      "flush of the servers started here: sync or async (async)");
  add("connections,c", po::value(&o.connections)->value_name("N"),
      "connections (16)");
  add("window,w", po::value(&o.window)->value_name("N"),
      "requests in flight on each connection (16)");
  add("body,b", po::value(&o.body_bytes)->value_name("BYTES"),
      "size of a message's body (1024)");
  add("topic", po::value(&o.topic)->value_name("NAME"),
      "topics are called NAME-0, NAME-1 and so on (bench)");
  add("topics", po::value(&o.topics)->value_name("N"), "topics (1)");
  add("queues", po::value(&o.queues)->value_name("N"),
      "queues of each topic (8)");
  add("batch", po::value(&o.batch)->value_name("N"),
      "messages in each request (1)");
  add("duration,d", po::value(&o.duration)->value_name("S"),
      "seconds measured in each round (5)");
  add("warmup", po::value(&o.warmup)->value_name("S"), "seconds before (1)");
  add("rate", po::value(&o.rate)->value_name("MSG/S"),
      "messages per second; latency counts from when each was due (as fast as "
      "possible)");
  add("messages", po::value(&o.messages)->value_name("N"),
      "ends when so many are through (by --duration)");
  add("lockstep", po::bool_switch(&o.lockstep),
      "a connection asks again when all it asked is answered");
  add("ordered", po::bool_switch(&o.ordered),
      "each connection sends to one queue, one message at a time");
  add("once", po::bool_switch(&o.once),
      "pull: each message once, one pull at a time from each queue");
  add("prepared", po::bool_switch(&o.prepared),
      "the topics, and what is pulled, are there already");
  add("groups", po::value(&o.groups)->value_name("N"),
      "groups that pull or wait, each for all messages (1)");
  add("delay-level", po::value(&o.delay_level)->value_name("N"),
      "deliver: messages of that delay level, 1 (1 s) to 18 (2 h); also says "
      "how late they come");
  add("timer", po::value(&o.timer_ms)->value_name("MS"),
      "deliver: messages with a moment of delivery, so much later; also says "
      "how late they come");
  add("idle", po::value(&o.idle)->value_name("N"),
      "connections more, which ask nothing (0)");
  add("rounds", po::value(&o.rounds)->value_name("N"),
      "rounds, in turn over all servers (1; 5 when there are several)");
  add("dir", po::value(&o.directory)->value_name("DIR"),
      "where the servers started here keep their data (a temporary directory)");
  add("json", po::bool_switch(&o.json), "print JSON");
  add("help,h", "print this");
  return all;
}

caf::error bad(std::string what) {
  return make_error(errc::bad_config, std::move(what));
}

constexpr std::array<std::string_view, 6> mode_names{
  "send", "pull", "transaction", "deliver", "raw", "limit"};

std::optional<bench_mode> mode_named(std::string_view name) {
  auto found = std::ranges::find(mode_names, name);
  if (found == mode_names.end())
    return {};
  return static_cast<bench_mode>(found - mode_names.begin());
}

/// What cannot be, beyond the range of a single number.
caf::error check_together(const bench_options& o) {
  constexpr int body_bytes_min = 19; // a time is written into it
  if (o.mode == bench_mode::deliver && o.body_bytes < body_bytes_min)
    return bad("deliver takes --body 19 or more");
  if (o.mode == bench_mode::deliver && o.batch > 1)
    return bad("deliver takes no --batch");
  if (o.mode == bench_mode::transaction && o.batch > 1)
    return bad("transaction takes no --batch");
  if (o.once && o.mode != bench_mode::pull)
    return bad("--once goes with pull");
  auto delayed = o.delay_level > 0 || o.timer_ms > 0;
  if (delayed && o.mode != bench_mode::deliver)
    return bad("--delay-level and --timer go with deliver");
  if (o.delay_level > 0 && o.timer_ms > 0)
    return bad("a message has a --delay-level or a --timer");
  return caf::none;
}

} // namespace

std::string_view name_of(bench_mode mode) {
  return mode_names[static_cast<std::size_t>(mode)];
}

caf::expected<std::optional<bench_options>>
parse_bench_options(const std::vector<std::string>& arguments) {
  bench_options options;
  auto all = description(options);
  po::variables_map given;
  auto rest = arguments;
  if (!rest.empty() && !rest.front().starts_with("-")) {
    auto mode = mode_named(rest.front());
    if (!mode)
      return bad("`" + rest.front()
                 + "` is no kind of load; write send, pull, transaction, "
                   "deliver, raw or limit");
    options.mode = *mode;
    rest.erase(rest.begin());
  }
  try {
    po::positional_options_description none;
    po::store(po::command_line_parser{rest}.options(all).positional(none).run(),
              given);
    po::notify(given);
  } catch (const po::error& error) {
    return bad(std::string{error.what()}
               + "; `troupe bench --help` lists the options");
  }
  if (given.count("help") > 0) {
    std::cout << all;
    return std::optional<bench_options>{};
  }
  if (given.count("flush") > 0) {
    auto flush = given["flush"].as<std::string>();
    if (flush != "sync" && flush != "async")
      return bad("--flush `" + flush + "`: write sync or async");
    options.sync = flush == "sync";
  }
  if (given.count("rounds") == 0
      && (options.limit || options.intercept || !options.against.empty()))
    options.rounds = 5;
  auto within = [](auto value, auto least, auto most) {
    return value >= least && value <= most;
  };
  if (!within(options.connections, 1, 10000))
    return bad("--connections takes 1 to 10000");
  if (!within(options.window, 1, 10000))
    return bad("--window takes 1 to 10000");
  if (!within(options.body_bytes, 1, 4 << 20))
    return bad("--body takes 1 to 4194304");
  if (!within(options.topics, 1, 10000) || !within(options.queues, 1, 1024))
    return bad("--topics takes 1 to 10000, --queues 1 to 1024");
  if (!within(options.batch, 1, 1000)
      || std::int64_t{options.batch} * options.body_bytes > (4 << 20))
    return bad("--batch takes 1 to 1000, all bodies together 4 MiB");
  if (!within(options.duration, 0.1, 86400.0)
      || !within(options.warmup, 0.0, 3600.0)
      || !within(options.rounds, 1, 1000))
    return bad("--duration takes 0.1 to 86400, --warmup 0 to 3600, --rounds 1 "
               "to 1000");
  if (options.rate < 0)
    return bad("--rate takes a positive number");
  if (options.messages < 0 || !within(options.groups, 1, 1000)
      || !within(options.idle, 0, 60000))
    return bad("--messages takes a positive number, --groups 1 to 1000, --idle "
               "0 to 60000");
  constexpr std::int64_t timer_ms_max = 3600 * 1000;
  if (!within(options.delay_level, 0, delay_levels{}.count())
      || !within(options.timer_ms, std::int64_t{0}, timer_ms_max))
    return bad("--delay-level takes 0 to 18, --timer 0 to 3600000");
  if (options.topic.empty() || options.topic.size() > 100)
    return bad("--topic takes 1 to 100 letters, digits, - and _");
  if (auto error = check_together(options))
    return error;
  if (options.ordered)
    options.window = 1;
  return std::optional{options};
}

} // namespace troupe::app
