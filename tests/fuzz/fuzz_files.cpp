/// Every small file of a data directory with any bytes in it; the first byte
/// chooses which. It opens or is refused; what is given back lies in it.
#include "storage/checkpoint.hpp"
#include "storage/consume_queue.hpp"
#include "storage/key_index.hpp"

#include "troupe/log.hpp"

#include "support/scratch.hpp"

#include <cstdlib>
#include <fstream>

using namespace troupe;
using namespace troupe::storage;

namespace {

void put(const std::string& path, std::string_view bytes) {
  std::filesystem::create_directories(
    std::filesystem::path{path}.parent_path());
  std::ofstream{path, std::ios::binary | std::ios::trunc}.write(
    bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

void open_queue(const std::string& home, std::string_view bytes) {
  auto directory = home + "/queue";
  std::filesystem::remove_all(directory);
  constexpr std::size_t file_bytes = 600;
  for (std::size_t at = 0; at == 0 || (at < bytes.size() && at < 1800);
       at += file_bytes)
    put(directory + "/" + start_name(static_cast<std::int64_t>(at)),
        bytes.substr(at, file_bytes));
  auto queue = consume_queue::open({directory, 30}, {100}, {100000});
  if (!queue)
    return;
  if (queue->min() > queue->end())
    std::abort();
  std::vector<consume_row> rows;
  if (queue->read_blocking(queue->min(), 200, rows))
    return;
  if (static_cast<std::int64_t>(rows.size()) > queue->end() - queue->min())
    std::abort();
  static_cast<void>(queue->append({{99999}, 100, 0}));
  static_cast<void>(queue->put({45}, {{50000}, 100, 0}));
}

void open_index(const std::string& home, std::string_view bytes) {
  auto directory = home + "/index";
  std::filesystem::remove_all(directory);
  put(directory + "/" + start_name(0) + "-9.run", bytes);
  static_cast<void>(check_run(directory, start_name(0) + "-9.run"));
  auto index = key_index::open(directory);
  if (index)
    static_cast<void>((*index)->find(7, {}, {std::int64_t{1} << 60}, 10));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data,
                                      std::size_t size) {
  if (size == 0)
    return 0;
  log::least = log::level::off;
  static const test::scratch home;
  std::string_view bytes{reinterpret_cast<const char*>(data) + 1, size - 1};
  switch (data[0] % 3) {
    case 0:
      open_queue(home.path(), bytes);
      break;
    case 1:
      open_index(home.path(), bytes);
      break;
    default:
      put(home / "troupe.checkpoint", bytes);
      static_cast<void>(read_checkpoint(home.path()));
      static_cast<void>(damaged_slots(home.path()));
      break;
  }
  return 0;
}
