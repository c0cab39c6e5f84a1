#include "app/bench/startup.hpp"

#include "app/bench/startup_options.hpp"
#include "remoting/command_codec.hpp"
#include "remoting/frame.hpp"
#include "remoting/json_text.hpp"
#include "storage/checkpoint.hpp"
#include "storage/derived_state.hpp"
#include "storage/lmdb.hpp"
#include "storage/recovery.hpp"
#include "storage/state_rows.hpp"

#include "troupe/log.hpp"
#include "troupe/model/hash.hpp"

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <optional>
#include <random>

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace troupe::app {

namespace {

namespace fs = std::filesystem;

using clock = std::chrono::steady_clock;

double ms_since(clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(clock::now() - begin)
    .count();
}

/// What a store is made of.
struct store_plan {
  std::string name;
  std::int64_t messages = 0;
  std::int32_t topics = 1;
  std::int32_t queues = 8; ///< of each topic
  std::size_t body_bytes = 1024;
};

std::string topic_of(std::int64_t index) {
  return "startup-" + std::to_string(index);
}

// -- making a store ----------------------------------------------------------

/// Fills a new directory as a node would have, without one: messages go round
/// the topics, one queue after the other.
class store_maker {
public:
  store_maker(std::string directory, const store_plan& plan)
    : directory_(std::move(directory)),
      plan_(plan) {}

  caf::error make() {
    storage::store_options options;
    options.directory = directory_;
    auto opened = storage::open_store(options);
    if (!opened)
      return std::move(opened.error());
    store_ = std::move(*opened);
    if (auto error = put_settings())
      return error;
    std::string body(plan_.body_bytes, '\0');
    std::mt19937_64 random{7};
    for (auto& c : body)
      c = static_cast<char>(random());
    auto all = std::int64_t{plan_.topics} * plan_.queues;
    auto each = (plan_.messages + all - 1) / all;
    // Of many queues each is filled at once, of few all are in turn.
    if (all > 1000) {
      for (std::int64_t q = 0; q < all; ++q)
        if (auto error = fill({q}, each, body))
          return error;
    } else {
      std::vector<std::int64_t> queues;
      for (std::int64_t q = 0; q < all; ++q)
        queues.push_back(q);
      if (auto error = fill(queues, each, body))
        return error;
    }
    if (auto error = store_.log->write())
      return error;
    if (auto error = store_.log->sync_from({}))
      return error;
    if (auto error = store_.index->flush())
      return error;
    if (auto error = mark_derived())
      return error;
    return storage::write_checkpoint(
      directory_, {store_.log->end(), store_.last.generation + 1, true,
                   store_.consume_queue_file_rows});
  }

private:
  caf::error put_settings() {
    auto env = storage::lmdb::open(directory_ + "/state");
    if (!env)
      return std::move(env.error());
    std::vector<storage::row_change> rows;
    std::vector<std::string> names;
    for (std::int32_t i = 0; i < plan_.topics; ++i) {
      topic_config topic;
      topic.name = topic_of(i);
      topic.read_queues = topic.write_queues = plan_.queues;
      rows.push_back(
        {storage::table::topics, topic.name, storage::encode_topic(topic)});
      for (std::int32_t q = 0; q < plan_.queues; ++q)
        rows.push_back(
          {storage::table::offsets,
           storage::encode_offset_key("startup-group", {topic.name, {q}}),
           storage::encode_number(1)});
      names.push_back(topic.name);
    }
    if (auto error = (*env)->write(rows))
      return error;
    return storage::make_topic_homes(directory_, names);
  }

  /// Says that no open transaction and no timer is in the log, as a node's
  /// own watermark would.
  caf::error mark_derived() {
    auto env = storage::lmdb::open(directory_ + "/state");
    if (!env)
      return std::move(env.error());
    storage::derived_state derived{**env, {}};
    if (auto applied = derived.applied(); !applied)
      return std::move(applied.error());
    return derived.finish(store_.log->end());
  }

  caf::error fill(const std::vector<std::int64_t>& queues, std::int64_t each,
                  const std::string& body) {
    std::vector<storage::consume_queue> rows;
    for (auto q : queues) {
      auto opened = storage::consume_queue::open(
        {storage::consume_queue_directory(
           directory_, topic_of(q / plan_.queues),
           {static_cast<std::int32_t>(q % plan_.queues)}),
         store_.consume_queue_file_rows},
        {}, store_.log->end());
      if (!opened)
        return std::move(opened.error());
      rows.push_back(std::move(*opened));
    }
    for (std::int64_t i = 0; i < each; ++i)
      for (std::size_t q = 0; q < queues.size(); ++q)
        if (auto error = append(queues[q], rows[q], body))
          return error;
    for (auto& x : rows)
      if (auto error = x.write_rows())
        return error;
    return caf::none;
  }

  caf::error append(std::int64_t queue, storage::consume_queue& rows,
                    const std::string& body) {
    auto topic = topic_of(queue / plan_.queues);
    auto key = "key-" + std::to_string(number_++);
    auto properties = "KEYS\x01" + key + "\x02TAGS\x01s\x02";
    storage::record_draft draft;
    draft.topic = topic;
    draft.body = body;
    draft.properties = properties;
    draft.queue = {static_cast<std::int32_t>(queue % plan_.queues)};
    draft.offset = rows.end();
    draft.store_time = draft.born_time = {1'700'000'000'000 + number_};
    auto size = storage::record_size(draft);
    if (auto error = store_.log->reserve(size))
      return error;
    auto position = store_.log->append(draft, size);
    if (store_.log->unwritten_bytes() > (4u << 20))
      if (auto error = store_.log->write())
        return error;
    store_.index->add(
      {{storage::index_hash(topic, key), position, draft.store_time}},
      store_.log->end());
    if (store_.index->is_full())
      if (auto error = store_.index->flush())
        return error;
    return rows.append(
      {position, static_cast<std::int32_t>(size), tags_code("s")});
  }

  std::string directory_;
  const store_plan& plan_;
  storage::opened_store store_;
  std::int64_t number_ = 0;
};

/// Puts the directory's pages out of the page cache, as after a boot.
void forget_pages(const std::string& directory) {
  if (int fd = ::open(directory.c_str(), O_RDONLY | O_CLOEXEC); fd >= 0) {
    ::syncfs(fd);
    ::close(fd);
  }
  std::error_code code;
  for (fs::recursive_directory_iterator i{directory, code}, end;
       !code && i != end; i.increment(code)) {
    if (!i->is_regular_file(code))
      continue;
    int fd = ::open(i->path().c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0)
      continue;
    ::posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    ::close(fd);
  }
}

// -- a node ------------------------------------------------------------------

/// `troupe node` on a directory, on ports that are free.
class started_node {
public:
  explicit started_node(const std::string& directory) {
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0)
      return;
    pid_ = ::fork();
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::dup2(ends[1], STDOUT_FILENO);
      int none = ::open("/dev/null", O_WRONLY);
      ::dup2(none, STDERR_FILENO);
      ::execl("/proc/self/exe", "troupe", "node", "--data", directory.c_str(),
              "--broker-port", "0", "--nameserver-port", "0", nullptr);
      ::_exit(127);
    }
    ::close(ends[1]);
    std::string line;
    for (char c = 0; ::read(ends[0], &c, 1) == 1 && c != '\n';)
      line += c;
    drain_ = ends[0];
    constexpr std::string_view mark = "broker=";
    if (auto at = line.find(mark); at != line.npos)
      port_ = static_cast<std::uint16_t>(
        std::strtoul(line.c_str() + at + mark.size(), nullptr, 10));
  }

  ~started_node() { end(SIGKILL); }

  started_node(const started_node&) = delete;
  started_node& operator=(const started_node&) = delete;

  std::uint16_t port() const { return port_; }

  void end(int signal) {
    if (pid_ <= 0)
      return;
    ::kill(pid_, signal);
    ::waitpid(pid_, nullptr, 0);
    ::close(drain_);
    pid_ = 0;
  }

private:
  int pid_ = 0;
  int drain_ = -1;
  std::uint16_t port_ = 0;
};

/// One connection that sends.
class sender {
public:
  explicit sender(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    good_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&address),
                      sizeof address)
            == 0;
  }

  ~sender() { ::close(fd_); }

  sender(const sender&) = delete;
  sender& operator=(const sender&) = delete;

  void ask(const std::string& topic, int queue, const std::string& body) {
    auto request =
      remoting::make_request(remoting::request_code::send_message_v2);
    request.opaque = ++asked_;
    request.fields = {{"a", "startup"},
                      {"b", topic},
                      {"c", "TBW102"},
                      {"d", "4"},
                      {"e", std::to_string(queue)},
                      {"f", "0"},
                      {"g", "0"},
                      {"h", "0"},
                      {"i", ""},
                      {"j", "0"},
                      {"k", "false"},
                      {"m", "false"}};
    request.body = payload::copy_of(body);
    std::string frame;
    remoting::append_command(frame, remoting::header_encoding::json, request);
    for (std::string_view left = frame; good_ && !left.empty();) {
      auto done = ::send(fd_, left.data(), left.size(), MSG_NOSIGNAL);
      good_ = done > 0;
      if (good_)
        left.remove_prefix(static_cast<std::size_t>(done));
    }
  }

  /// The code of the next answer; -1 when the connection ends.
  int answer() {
    while (good_) {
      auto bounds = remoting::find_frame(in_);
      if (bounds.state == remoting::frame_state::complete) {
        auto found = remoting::decode_command(in_.substr(0, bounds.size));
        in_.erase(0, bounds.size);
        return found ? found->code : -1;
      }
      std::array<char, 65536> bytes;
      auto got = ::recv(fd_, bytes.data(), bytes.size(), 0);
      good_ = got > 0;
      if (good_)
        in_.append(bytes.data(), static_cast<std::size_t>(got));
    }
    return -1;
  }

private:
  int fd_;
  bool good_ = false;
  std::int32_t asked_ = 0;
  std::string in_;
};

// -- measuring ---------------------------------------------------------------

/// From the start of the process to the first acknowledged send, ms; -1 when
/// none was acknowledged.
double first_send_ms(const std::string& directory, started_node*& keep) {
  auto begin = clock::now();
  auto* node = new started_node{directory};
  sender client{node->port()};
  client.ask(topic_of(0), 0, "first");
  auto code = client.answer();
  auto took = ms_since(begin);
  keep = node;
  return code == 0 ? took : -1;
}

/// Sends for a second, over all topics, so that a kill leaves work behind.
void load(std::uint16_t port, const store_plan& plan) {
  sender client{port};
  constexpr int window = 64;
  auto end = clock::now() + std::chrono::seconds{1};
  std::int64_t sent = 0;
  while (clock::now() < end) {
    for (int i = 0; i < window; ++i, ++sent)
      client.ask(topic_of(sent % plan.topics),
                 static_cast<int>(sent / plan.topics % plan.queues),
                 std::string(1024, 'x'));
    for (int i = 0; i < window; ++i)
      if (client.answer() < 0)
        return;
  }
}

struct startup_figures {
  std::string store;
  std::int64_t bytes = 0;
  std::int64_t queues = 0;
  double clean_ms = -1;  ///< ended in order, files not in the page cache
  double killed_ms = -1; ///< killed under load
};

caf::expected<startup_figures> measure(const std::string& directory,
                                       const store_plan& plan) {
  if (auto error = store_maker{directory, plan}.make())
    return error;
  startup_figures result;
  result.store = plan.name;
  result.queues = std::int64_t{plan.topics} * plan.queues;
  std::error_code code;
  for (const auto& x : fs::directory_iterator{directory + "/commitlog", code})
    result.bytes += static_cast<std::int64_t>(x.file_size(code));
  forget_pages(directory);
  started_node* node = nullptr;
  result.clean_ms = first_send_ms(directory, node);
  if (result.clean_ms >= 0)
    load(node->port(), plan);
  node->end(SIGKILL);
  delete node;
  if (result.clean_ms < 0)
    return make_error(errc::io_failed,
                      "the node on " + directory + " acknowledged nothing");
  result.killed_ms = first_send_ms(directory, node);
  node->end(SIGTERM);
  delete node;
  return result;
}

std::vector<store_plan> plans_of(const startup_options& options) {
  constexpr std::int64_t per_gigabyte = (1 << 30) / 1240; // 1 KiB and header
  std::vector<store_plan> plans{{"1 GB", per_gigabyte, 1, 8, 1024}};
  if (options.gigabytes > 1)
    plans.push_back({std::to_string(options.gigabytes) + " GB",
                     per_gigabyte * options.gigabytes, 1, 8, 1024});
  if (options.queues > 0)
    plans.push_back({std::to_string(options.queues) + " queues",
                     options.queues * 3, (options.queues + 7) / 8, 8, 100});
  return plans;
}

void print(const std::vector<startup_figures>& all, bool json) {
  if (json) {
    remoting::json_text out;
    out.begin_list();
    for (const auto& x : all)
      out.begin_object()
        .field("store", x.store)
        .field("segmentBytes", x.bytes)
        .field("queues", x.queues)
        .key("afterOrderlyEndMs")
        .real(x.clean_ms)
        .key("afterKillMs")
        .real(x.killed_ms)
        .end_object();
    std::cout << out.end_list().text() << '\n';
    return;
  }
  std::printf("%-16s %14s %9s %22s %20s\n", "STORE", "SEGMENT BYTES", "QUEUES",
              "COLD, ORDERLY END (ms)", "KILLED IN LOAD (ms)");
  for (const auto& x : all)
    std::printf("%-16s %14lld %9lld %22.0f %20.0f\n", x.store.c_str(),
                static_cast<long long>(x.bytes),
                static_cast<long long>(x.queues), x.clean_ms, x.killed_ms);
  std::printf("from the start of the process to the first acknowledged send\n");
}

} // namespace

int startup_main(const std::vector<std::string>& arguments) {
  auto parsed = parse_startup_options(arguments);
  if (!parsed) {
    std::cerr << "troupe bench startup: " << context_of(parsed.error()) << '\n';
    return 2;
  }
  if (!*parsed)
    return 0;
  const auto& options = **parsed;
  log::least = log::level::warning;
  std::string pattern = options.directory + "/troupe-startup-XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) {
    std::cerr << "troupe bench startup: cannot make a directory in "
              << options.directory << '\n';
    return 2;
  }
  std::vector<startup_figures> all;
  int status = 0;
  for (const auto& plan : plans_of(options)) {
    std::cerr << "making a store of " << plan.name << "\n";
    auto directory = pattern + "/store";
    auto figures = measure(directory, plan);
    if (auto error = storage::remove_tree(directory))
      std::cerr << context_of(error) << '\n';
    if (!figures) {
      std::cerr << "troupe bench startup: " << context_of(figures.error())
                << '\n';
      status = 1;
      break;
    }
    all.push_back(std::move(*figures));
  }
  static_cast<void>(storage::remove_tree(pattern));
  print(all, options.json);
  return status;
}

} // namespace troupe::app
