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

#include "troupe/limits.hpp"
#include "troupe/log.hpp"
#include "troupe/model/hash.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
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
    return derived.finish(store_.log->end(), {});
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

/// `troupe node` on a directory, on ports that are free. What it logs goes into
/// a file beside the directory.
class started_node {
public:
  explicit started_node(const std::string& directory)
    : log_path_(directory + ".log") {
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0)
      return;
    pid_ = ::fork();
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::dup2(ends[1], STDOUT_FILENO);
      int log = ::open(log_path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
      ::dup2(log, STDERR_FILENO);
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

  /// The last line that it logged.
  std::string last_words() const {
    std::ifstream log{log_path_};
    std::string last;
    for (std::string line; std::getline(log, line);)
      last = std::move(line);
    return last;
  }

  /// Bytes of the log that it verified before it served.
  std::int64_t verified_bytes() const {
    std::ifstream log{log_path_};
    for (std::string line; std::getline(log, line);)
      if (line.find("store opened") != line.npos)
        return number_in(line, "log_end=") - number_in(line, "verified_from=");
    return -1;
  }

  void end(int signal) {
    if (pid_ <= 0)
      return;
    ::kill(pid_, signal);
    ::waitpid(pid_, nullptr, 0);
    ::close(drain_);
    pid_ = 0;
  }

private:
  static std::int64_t number_in(const std::string& line,
                                const std::string& name) {
    auto at = line.find(name);
    return at == line.npos
             ? 0
             : std::strtoll(line.c_str() + at + name.size(), nullptr, 10);
  }

  std::string log_path_;
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

  /// Whether the connection is still there.
  bool good() const { return good_; }

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

/// One start.
struct start_figures {
  double ms = -1;              ///< to the first acknowledged send
  std::int64_t read_again = 0; ///< bytes of the log that were verified
};

/// @errors io_failed: nothing was acknowledged
caf::expected<start_figures> start(const std::string& directory,
                                   std::unique_ptr<started_node>& node) {
  auto begin = clock::now();
  node = std::make_unique<started_node>(directory);
  sender client{node->port()};
  client.ask(topic_of(0), 0, "first");
  auto code = client.answer();
  start_figures result{ms_since(begin), 0};
  if (code != 0)
    return make_error(errc::io_failed, "the node on " + directory
                                         + " acknowledged nothing; it said: "
                                         + node->last_words());
  result.read_again = node->verified_bytes();
  return result;
}

/// Sends over all topics for longer than checkpoints are apart, so that a kill
/// leaves as much work behind as it may.
void load(std::uint16_t port, const store_plan& plan) {
  constexpr int window = 256; // requests of a connection
  std::vector<std::unique_ptr<sender>> clients;
  for (int i = 0; i < 4; ++i)
    clients.push_back(std::make_unique<sender>(port));
  std::int64_t sent = 0;
  auto ask = [&](sender& client) {
    client.ask(topic_of(sent % plan.topics),
               static_cast<int>(sent / plan.topics % plan.queues),
               std::string(plan.body_bytes, 'x'));
    ++sent;
  };
  for (int i = 0; i < window; ++i)
    for (auto& client : clients)
      ask(*client);
  auto end = clock::now() + limits::checkpoint_period * 3 / 2;
  while (clock::now() < end)
    for (auto& client : clients) {
      for (int i = 0; i < window / 4; ++i)
        client->answer();
      for (int i = 0; client->good() && i < window / 4; ++i)
        ask(*client);
    }
}

struct startup_figures {
  std::string store;
  std::int64_t bytes = 0;
  std::int64_t queues = 0;
  std::vector<start_figures> ended;  ///< in order, nothing in the page cache
  std::vector<start_figures> killed; ///< under load
};

caf::expected<startup_figures> measure(const std::string& directory,
                                       const store_plan& plan, int rounds) {
  if (auto error = store_maker{directory, plan}.make())
    return error;
  startup_figures result;
  result.store = plan.name;
  result.queues = std::int64_t{plan.topics} * plan.queues;
  std::error_code code;
  for (const auto& x : fs::directory_iterator{directory + "/commitlog", code})
    result.bytes += static_cast<std::int64_t>(x.file_size(code));
  std::unique_ptr<started_node> node;
  for (int round = 0; round < rounds; ++round) {
    if (node) {
      load(node->port(), plan);
      node->end(SIGTERM);
    }
    forget_pages(directory);
    auto ended = start(directory, node);
    if (!ended)
      return std::move(ended.error());
    result.ended.push_back(*ended);
    load(node->port(), plan);
    node->end(SIGKILL);
    auto killed = start(directory, node);
    if (!killed)
      return std::move(killed.error());
    result.killed.push_back(*killed);
  }
  node->end(SIGTERM);
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

/// The one in the middle by time.
start_figures median_of(std::vector<start_figures> all) {
  std::ranges::sort(all, {}, &start_figures::ms);
  return all[all.size() / 2];
}

double most_of(const std::vector<start_figures>& all) {
  return std::ranges::max_element(all, {}, &start_figures::ms)->ms;
}

void print_json(const std::vector<startup_figures>& all) {
  remoting::json_text out;
  out.begin_list();
  for (const auto& x : all) {
    out.begin_object()
      .field("store", x.store)
      .field("segmentBytes", x.bytes)
      .field("queues", x.queues);
    for (auto [name, starts] : {std::pair{"afterOrderlyEnd", &x.ended},
                                std::pair{"afterKill", &x.killed}}) {
      auto middle = median_of(*starts);
      out.key(name)
        .begin_object()
        .key("medianMs")
        .real(middle.ms)
        .key("mostMs")
        .real(most_of(*starts))
        .field("bytesReadAgain", middle.read_again)
        .end_object();
    }
    out.end_object();
  }
  std::cout << out.end_list().text() << '\n';
}

void print_head() {
  std::printf(
    "from the start of the process to the first acknowledged send; MB "
    "again: log read before it\n");
  std::printf("%-16s %14s %9s %24s %34s\n", "", "", "", "ENDED IN ORDER, COLD",
              "KILLED UNDER LOAD");
  std::printf("%-16s %14s %9s %15s %8s %15s %8s %9s\n", "STORE",
              "SEGMENT BYTES", "QUEUES", "median ms", "most", "median ms",
              "most", "MB again");
  std::fflush(stdout);
}

void print(const startup_figures& x) {
  auto ended = median_of(x.ended);
  auto killed = median_of(x.killed);
  std::printf("%-16s %14lld %9lld %15.0f %8.0f %15.0f %8.0f %9.0f\n",
              x.store.c_str(), static_cast<long long>(x.bytes),
              static_cast<long long>(x.queues), ended.ms, most_of(x.ended),
              killed.ms, most_of(x.killed),
              static_cast<double>(killed.read_again) / 1e6);
  std::fflush(stdout);
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
  if (!options.json)
    print_head();
  for (const auto& plan : plans_of(options)) {
    auto directory = pattern + "/store";
    auto figures = measure(directory, plan, options.rounds);
    if (figures && !options.json)
      print(*figures);
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
  if (options.json)
    print_json(all);
  return status;
}

} // namespace troupe::app
