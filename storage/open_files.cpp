#include "storage/open_files.hpp"

#include "storage/file.hpp"

#include <algorithm>
#include <iterator>

#include <sys/resource.h>

namespace troupe::storage {

std::size_t open_files_wanted(std::size_t descriptors) {
  constexpr std::size_t enough = 8192;
  return std::min(descriptors / 2, enough);
}

bool many_files_open() {
  rlimit allowed{};
  return ::getrlimit(RLIMIT_NOFILE, &allowed) == 0
         && open_files.load(std::memory_order_relaxed)
              > open_files_wanted(allowed.rlim_cur);
}

void unsynced_files::add(const file_ptr& written) {
  if (many_files_open())
    others = true;
  else if (std::ranges::find(files, written) == files.end())
    files.push_back(written);
}

void unsynced_files::add(unsynced_files more) {
  others = others || more.others;
  std::ranges::move(more.files, std::back_inserter(files));
}

caf::error sync_all(const unsynced_files& unsynced, const file& directory) {
  constexpr std::size_t one_by_one_max = 64;
  if (unsynced.others || unsynced.files.size() > one_by_one_max)
    return directory.sync_file_system();
  for (const auto& x : unsynced.files)
    if (auto error = x->sync())
      return error;
  return caf::none;
}

caf::error sync_all(const unsynced_files& unsynced,
                    const std::string& directory) {
  auto home = file::open(directory, open_mode::read_only);
  return home ? sync_all(unsynced, **home) : std::move(home.error());
}

} // namespace troupe::storage
