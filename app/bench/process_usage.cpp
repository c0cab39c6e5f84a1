#include "app/bench/process_usage.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include <unistd.h>

namespace troupe::app {

namespace {

/// The number behind `name:` in a file of /proc, 0 when it is not there.
std::int64_t number_in(const std::string& path, const std::string& name) {
  std::ifstream in{path};
  for (std::string line; std::getline(in, line);)
    if (line.starts_with(name + ":"))
      return std::strtoll(line.c_str() + name.size() + 1, nullptr, 10);
  return 0;
}

} // namespace

std::optional<process_usage> usage_of(int pid) {
  auto root = "/proc/" + std::to_string(pid);
  std::ifstream in{root + "/stat"};
  std::string stat;
  if (!std::getline(in, stat))
    return {};
  process_usage usage;
  // Behind the name, which may hold blanks: state is field 3, utime 14.
  std::istringstream fields{stat.substr(stat.rfind(')') + 1)};
  std::string skipped;
  for (int i = 3; i < 14; ++i)
    fields >> skipped;
  std::int64_t user = 0;
  std::int64_t system = 0;
  fields >> user >> system;
  static const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  usage.cpu_seconds = static_cast<double>(user + system) / ticks;
  std::error_code code;
  for (std::filesystem::directory_iterator i{root + "/task", code}, end;
       !code && i != end; i.increment(code)) {
    auto status = i->path().string() + "/status";
    usage.context_switches += number_in(status, "voluntary_ctxt_switches")
                              + number_in(status, "nonvoluntary_ctxt_switches");
  }
  constexpr std::int64_t kib = 1024;
  usage.peak_rss_bytes = number_in(root + "/status", "VmHWM") * kib;
  usage.private_bytes = number_in(root + "/smaps_rollup", "Anonymous") * kib;
  return usage;
}

} // namespace troupe::app
