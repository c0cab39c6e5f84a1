/// A directory that is gone when the test ends.
#pragma once

#include <filesystem>
#include <string>

#include <stdlib.h>

namespace troupe::test {

class scratch {
public:
  scratch() {
    auto pattern =
      (std::filesystem::temp_directory_path() / "troupe-test-XXXXXX").string();
    if (::mkdtemp(pattern.data()) != nullptr)
      path_ = pattern;
  }

  ~scratch() {
    std::error_code ignored;
    if (!path_.empty())
      std::filesystem::remove_all(path_, ignored);
  }

  scratch(const scratch&) = delete;
  scratch& operator=(const scratch&) = delete;

  std::string operator/(const std::string& name) const {
    return (path_ / name).string();
  }

  std::string path() const { return path_.string(); }

private:
  std::filesystem::path path_;
};

} // namespace troupe::test
