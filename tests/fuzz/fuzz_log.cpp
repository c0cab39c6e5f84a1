/// Recovery of a commit log whose segment holds any bytes: it opens, what it
/// finds can be read, and a second start finds the same.
#include "storage/commit_log.hpp"

#include "troupe/log.hpp"

#include "support/scratch.hpp"

#include <cstdlib>
#include <fstream>

using namespace troupe;
using namespace troupe::storage;

namespace {

constexpr std::int64_t segment_bytes = 4096;

std::vector<log_offset> open(const std::string& directory) {
  std::vector<log_offset> places;
  recovered_log found;
  auto log = commit_log::open(
    {directory, segment_bytes}, {},
    [&](const record_view& record) { places.push_back(record.position); },
    found);
  if (!log)
    std::abort();
  for (auto place : places)
    if (!(*log)->reader().read_record(place))
      std::abort();
  return places;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data,
                                      std::size_t size) {
  log::least = log::level::off;
  static const test::scratch home;
  auto directory = home / "log";
  std::filesystem::remove_all(directory);
  std::filesystem::create_directories(directory);
  std::string bytes{reinterpret_cast<const char*>(data), size};
  for (std::size_t at = 0; at < bytes.size() || at == 0; at += segment_bytes) {
    if (at >= 3 * segment_bytes)
      break;
    auto part = bytes.substr(at, segment_bytes);
    part.resize(segment_bytes);
    auto name = start_name(static_cast<std::int64_t>(at));
    std::ofstream{directory + "/" + name, std::ios::binary} << part;
  }
  auto first = open(directory);
  if (open(directory) != first)
    std::abort();
  return 0;
}
