#include "app/bench/bench_main.hpp"

#include "app/bench/bench_options.hpp"
#include "app/bench/limit_server.hpp"
#include "app/bench/load.hpp"
#include "app/bench/process_usage.hpp"
#include "app/bench/raw_rates.hpp"
#include "app/bench/requests.hpp"
#include "remoting/json_text.hpp"
#include "storage/file.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <iostream>

#include <fcntl.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace troupe::app {

namespace {

/// A server process of ours; killed when it goes.
class child {
public:
  child() = default;

  ~child() {
    if (pid_ <= 0)
      return;
    ::kill(pid_, SIGTERM);
    ::waitpid(pid_, nullptr, 0);
  }

  child(const child&) = delete;
  child& operator=(const child&) = delete;

  /// Runs `body(write end of a pipe)` in a new process.
  /// @returns the first line that it writes to the pipe
  template <class Body>
  caf::expected<std::string> start(Body body) {
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0)
      return make_error(errc::io_failed, "cannot make a pipe");
    pid_ = ::fork();
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGTERM);
      ::close(ends[0]);
      ::_exit(body(ends[1]));
    }
    ::close(ends[1]);
    std::string line;
    for (char c = 0; ::read(ends[0], &c, 1) == 1 && c != '\n';)
      line += c;
    drain_ = ends[0]; // stays open: what else it prints must not break it
    if (line.empty())
      return make_error(errc::io_failed, "a server for the run did not start");
    return line;
  }

  int pid() const { return pid_; }

private:
  int pid_ = 0;
  int drain_ = -1;
};

/// The directory of what is started here; a temporary one goes at the end.
class work_directory {
public:
  explicit work_directory(const std::string& given) : path_(given) {
    if (!path_.empty())
      return;
    std::string pattern = "troupe-bench-XXXXXX";
    if (::access(".", W_OK) != 0)
      pattern = "/tmp/" + pattern;
    if (::mkdtemp(pattern.data()) != nullptr) {
      path_ = pattern;
      temporary_ = true;
    }
  }

  ~work_directory() {
    std::error_code ignored;
    if (temporary_)
      std::filesystem::remove_all(path_, ignored);
  }

  work_directory(const work_directory&) = delete;
  work_directory& operator=(const work_directory&) = delete;

  const std::string& path() const { return path_; }

private:
  std::string path_;
  bool temporary_ = false;
};

/// A server that is measured.
struct subject {
  std::string name;
  std::string address;
  int pid = 0;
};

struct round_result {
  load_result load;
  std::optional<process_usage> used; ///< in this round; memory: at its end

  double rate() const {
    return static_cast<double>(load.messages) / load.seconds;
  }

  /// Per message; -1 when unknown.
  double switches() const {
    return used && load.messages > 0
             ? static_cast<double>(used->context_switches)
                 / static_cast<double>(load.messages)
             : -1;
  }

  double cpu_per_million() const {
    return used && load.messages > 0
             ? used->cpu_seconds * 1e6 / static_cast<double>(load.messages)
             : -1;
  }
};

double median(std::vector<double> values) {
  std::ranges::sort(values);
  auto middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle]
                                : (values[middle - 1] + values[middle]) / 2;
}

caf::expected<round_result> measure(const bench_options& options,
                                    const subject& of) {
  if (options.warmup > 0)
    if (auto warm = run_load(options, of.address, options.warmup); !warm)
      return std::move(warm.error());
  auto before = usage_of(of.pid);
  auto load = run_load(options, of.address, options.duration);
  if (!load)
    return std::move(load.error());
  round_result result{std::move(*load), usage_of(of.pid)};
  if (result.used && before) {
    result.used->cpu_seconds -= before->cpu_seconds;
    result.used->context_switches -= before->context_switches;
  }
  return result;
}

std::string milliseconds(std::int64_t nanoseconds) {
  std::array<char, 32> text;
  auto size = std::snprintf(text.data(), text.size(), "%.2f",
                            static_cast<double>(nanoseconds) / 1e6);
  return {text.data(), static_cast<std::size_t>(size)};
}

std::string decimals(double value, int digits) {
  if (value < 0)
    return "-";
  std::array<char, 32> text;
  auto size = std::snprintf(text.data(), text.size(), "%.*f", digits, value);
  return {text.data(), static_cast<std::size_t>(size)};
}

void print_row(const std::vector<std::string>& cells) {
  constexpr std::array<int, 10> widths{8, 12, 9, 9, 9, 9, 10, 10, 9, 9};
  for (std::size_t i = 0; i < cells.size(); ++i)
    std::printf("%*s", widths[std::min(i, widths.size() - 1)],
                cells[i].c_str());
  std::printf("\n");
  std::fflush(stdout);
}

void print_head() {
  print_row({"server", "msg/s", "p50 ms", "p99 ms", "p99.9", "max", "cpu s/M",
             "switches", "rss MB", "failed"});
}

/// How late messages with a delay were, if there were any.
void print_lateness(const char* what, const histogram& late) {
  if (late.count() > 0)
    std::printf("  %s late by ms: p50 %s, p99 %s, p99.9 %s, max %s\n", what,
                milliseconds(late.quantile(0.5)).c_str(),
                milliseconds(late.quantile(0.99)).c_str(),
                milliseconds(late.quantile(0.999)).c_str(),
                milliseconds(late.max()).c_str());
}

void print_round(const subject& of, const round_result& x) {
  constexpr double mb = 1e6;
  const auto& latency = x.load.latency;
  print_row(
    {of.name, decimals(x.rate(), 0), milliseconds(latency.quantile(0.5)),
     milliseconds(latency.quantile(0.99)),
     milliseconds(latency.quantile(0.999)), milliseconds(latency.max()),
     decimals(x.cpu_per_million(), 2), decimals(x.switches(), 3),
     x.used ? decimals(static_cast<double>(x.used->peak_rss_bytes) / mb, 1)
            : "-",
     std::to_string(x.load.failures)});
  print_lateness("stored", x.load.stored_late);
  print_lateness("received", x.load.received_late);
  if (x.load.missing > 0)
    std::printf("  acknowledged, but not delivered in time: %lld\n",
                static_cast<long long>(x.load.missing));
  if (x.load.unsent > 0)
    std::printf("  due, but never begun: %lld\n",
                static_cast<long long>(x.load.unsent));
  if (x.load.failures == 0)
    return;
  for (const auto& [code, count] : x.load.failure_codes)
    std::printf("  code %d: %lld times", code, static_cast<long long>(count));
  std::printf("  such as: %s\n", x.load.failure_remark.c_str());
}

using rounds_of = std::vector<std::vector<round_result>>; // by subject

double median_rate(const std::vector<round_result>& rounds) {
  std::vector<double> rates;
  for (const auto& x : rounds)
    rates.push_back(x.rate());
  return median(std::move(rates));
}

/// Medians, and their ratio to the last subject, the one to compare with.
void print_summary(const std::vector<subject>& subjects,
                   const rounds_of& rounds) {
  if (rounds.front().size() < 2 && subjects.size() < 2)
    return;
  auto base = median_rate(rounds.back());
  for (std::size_t i = 0; i < subjects.size(); ++i) {
    auto rate = median_rate(rounds[i]);
    std::printf("median of %zu: %s %.0f msg/s", rounds[i].size(),
                subjects[i].name.c_str(), rate);
    if (i + 1 < subjects.size())
      std::printf(", %.2f of %s", rate / base, subjects.back().name.c_str());
    std::printf("\n");
  }
}

remoting::json_text& thousandths(remoting::json_text& out, const char* name,
                                 double value) {
  if (value < 0)
    return out.key(name).raw("null");
  return out.key(name).raw(decimals(value, 3));
}

void lateness_fields(remoting::json_text& out, const std::string& name,
                     const histogram& late) {
  if (late.count() == 0)
    return;
  out.field((name + "_p50_ns").c_str(), late.quantile(0.5))
    .field((name + "_p99_ns").c_str(), late.quantile(0.99))
    .field((name + "_p999_ns").c_str(), late.quantile(0.999))
    .field((name + "_max_ns").c_str(), late.max());
}

void print_json(const bench_options& options,
                const std::vector<subject>& subjects, const rounds_of& rounds) {
  remoting::json_text out;
  out.begin_object()
    .field("mode", name_of(options.mode))
    .field("connections", options.connections)
    .field("window", options.window)
    .field("body_bytes", options.body_bytes)
    .field("topics", options.topics)
    .field("queues", options.queues)
    .field("batch", options.batch)
    .field("rate", options.rate)
    .key("servers")
    .begin_list();
  for (std::size_t i = 0; i < subjects.size(); ++i) {
    out.begin_object().field("name", subjects[i].name);
    thousandths(out, "median_messages_per_second", median_rate(rounds[i]));
    if (i + 1 < subjects.size())
      thousandths(out, "ratio",
                  median_rate(rounds[i]) / median_rate(rounds.back()));
    out.key("rounds").begin_list();
    for (const auto& x : rounds[i]) {
      const auto& latency = x.load.latency;
      out.begin_object()
        .field("messages", x.load.messages)
        .field("failures", x.load.failures)
        .field("failure_remark", x.load.failure_remark)
        .field("missing", x.load.missing)
        .field("unsent", x.load.unsent);
      thousandths(out, "seconds", x.load.seconds);
      thousandths(out, "messages_per_second", x.rate());
      out.field("p50_ns", latency.quantile(0.5))
        .field("p99_ns", latency.quantile(0.99))
        .field("p999_ns", latency.quantile(0.999))
        .field("max_ns", latency.max());
      lateness_fields(out, "stored_late", x.load.stored_late);
      lateness_fields(out, "received_late", x.load.received_late);
      thousandths(out, "cpu_seconds_per_million", x.cpu_per_million());
      thousandths(out, "context_switches_per_message", x.switches());
      if (x.used)
        out.field("peak_rss_bytes", x.used->peak_rss_bytes)
          .field("private_bytes", x.used->private_bytes);
      out.end_object();
    }
    out.end_list().end_object();
  }
  std::cout << out.end_list().end_object().take() << '\n';
}

/// Whether a node that is started has an interceptor for every topic.
enum class interception_of : std::uint8_t {
  nothing,
  everything
};

/// Starts a node; its broker's address.
caf::expected<subject> start_node(child& process, const bench_options& options,
                                  const std::string& directory,
                                  interception_of what) {
  auto data = directory + "/node";
  auto name_of_it = std::string{"troupe"};
  std::vector<const char*> more;
  if (what == interception_of::everything) {
    data += "-intercept";
    name_of_it = "passed";
    more = {"--custom", "pass=pass topic=*"};
  }
  auto line = process.start([&](int out) {
    ::dup2(out, STDOUT_FILENO);
    auto log = ::open((directory + "/node.log").c_str(),
                      O_CREAT | O_WRONLY | O_APPEND, 0644);
    ::dup2(log, STDERR_FILENO);
    std::vector<const char*> words{"troupe",
                                   "node",
                                   "--data",
                                   data.c_str(),
                                   "--broker-port",
                                   "0",
                                   "--nameserver-port",
                                   "0",
                                   "--flush",
                                   options.sync ? "sync" : "async"};
    words.insert(words.end(), more.begin(), more.end());
    words.push_back(nullptr);
    ::execv("/proc/self/exe", const_cast<char* const*>(words.data()));
    return 1;
  });
  if (!line)
    return std::move(line.error());
  constexpr std::string_view name = "broker=";
  auto at = line->find(name);
  if (at == line->npos)
    return make_error(errc::io_failed, "the node did not become ready; see "
                                         + directory + "/node.log");
  auto port = line->substr(at + name.size());
  port.resize(std::min(port.size(), port.find(' ')));
  return subject{name_of_it, "127.0.0.1:" + port, process.pid()};
}

caf::error run_raw(const bench_options& options) {
  work_directory directory{options.directory};
  if (auto error = storage::make_directories(directory.path()))
    return error;
  auto rates = measure_raw_rates(directory.path(), options.duration);
  if (!rates)
    return std::move(rates.error());
  remoting::json_text out;
  out.begin_object();
  thousandths(out, "pwrite_64k_bytes_per_second",
              rates->write_bytes_per_second);
  thousandths(out, "pwrite_256_per_second", rates->small_writes_per_second);
  thousandths(out, "fdatasync_4k_per_second", rates->syncs_per_second);
  thousandths(out, "loopback_128_round_trips_per_second",
              rates->loopback_trips_per_second);
  thousandths(out, "loopback_64k_bytes_per_second",
              rates->loopback_bytes_per_second);
  std::cout << out.end_object().take() << '\n';
  return caf::none;
}

/// Serves until the process is killed.
caf::error serve_as_limit(const bench_options& options) {
  work_directory directory{options.directory};
  if (auto error = storage::make_directories(directory.path()))
    return error;
  run_limit_server(directory.path(), options.sync, STDOUT_FILENO);
  return make_error(errc::io_failed,
                    "cannot listen, or cannot reserve 1 GiB in "
                      + directory.path());
}

/// Sends what is to be pulled.
caf::error fill(const bench_options& options, const std::string& at) {
  auto filling = options;
  filling.mode = bench_mode::send;
  filling.rate = 0;
  filling.once = false;
  auto filled = run_load(filling, at, options.warmup + 1);
  return filled ? caf::error{} : std::move(filled.error());
}

caf::error run(const bench_options& options) {
  work_directory directory{options.directory};
  if (auto error = storage::make_directories(directory.path()))
    return error;
  child node;
  child intercepted;
  child limit;
  std::vector<subject> subjects;
  if (options.broker.empty()) {
    if (options.intercept) {
      auto started = start_node(intercepted, options, directory.path(),
                                interception_of::everything);
      if (!started)
        return std::move(started.error());
      subjects.push_back(std::move(*started));
    }
    auto started =
      start_node(node, options, directory.path(), interception_of::nothing);
    if (!started)
      return std::move(started.error());
    subjects.push_back(std::move(*started));
  } else {
    subjects.push_back({"broker", options.broker, options.pid});
  }
  if (!options.against.empty())
    subjects.push_back({"against", options.against, options.against_pid});
  if (!options.prepared)
    for (const auto& x : subjects)
      if (auto error = make_topics(options, x.address))
        return error;
  if (options.limit) {
    auto port = limit.start([&](int out) {
      return run_limit_server(directory.path(), options.sync, out);
    });
    if (!port)
      return std::move(port.error());
    subjects.push_back({"limit", "127.0.0.1:" + *port, limit.pid()});
  }
  if (options.mode == bench_mode::pull && !options.prepared)
    for (const auto& x : subjects)
      if (auto error = fill(options, x.address))
        return error;
  if (!options.json)
    print_head();
  rounds_of rounds(subjects.size());
  for (int round = 0; round < options.rounds; ++round)
    for (std::size_t i = 0; i < subjects.size(); ++i) {
      auto result = measure(options, subjects[i]);
      if (!result)
        return make_error(errc::io_failed,
                          subjects[i].name + ": " + context_of(result.error()));
      if (!options.json)
        print_round(subjects[i], *result);
      rounds[i].push_back(std::move(*result));
    }
  if (options.json)
    print_json(options, subjects, rounds);
  else
    print_summary(subjects, rounds);
  return caf::none;
}

} // namespace

int bench_main(const std::vector<std::string>& arguments) {
  auto options = parse_bench_options(arguments);
  if (!options) {
    std::cerr << "troupe bench: " << context_of(options.error()) << '\n';
    return 2;
  }
  if (!*options)
    return 0;
  const auto& chosen = **options;
  auto error = chosen.mode == bench_mode::raw     ? run_raw(chosen)
               : chosen.mode == bench_mode::limit ? serve_as_limit(chosen)
                                                  : run(chosen);
  if (error) {
    std::cerr << "troupe bench: " << context_of(error) << '\n';
    return 1;
  }
  return 0;
}

} // namespace troupe::app
