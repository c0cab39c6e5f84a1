/// Flips bits in files, as a bad disk does.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <random>
#include <string>

namespace troupe::test {

/// Flips one bit of a file, and back when it goes.
class flipped_bit {
public:
  flipped_bit(std::string path, std::size_t bit)
    : path_(std::move(path)),
      bit_(bit) {
    flip();
  }

  ~flipped_bit() { flip(); }

  flipped_bit(const flipped_bit&) = delete;
  flipped_bit& operator=(const flipped_bit&) = delete;

private:
  void flip() const {
    std::fstream file{path_, std::ios::in | std::ios::out | std::ios::binary};
    char byte = 0;
    file.seekg(static_cast<std::streamoff>(bit_ / 8));
    file.get(byte);
    byte = static_cast<char>(byte ^ (1 << (bit_ % 8)));
    file.seekp(static_cast<std::streamoff>(bit_ / 8));
    file.put(byte);
  }

  std::string path_;
  std::size_t bit_;
};

/// TROUPE_SEED, else a new one; printed, so that a failure can be replayed.
inline std::uint32_t seed_of_run(const char* what) {
  const char* given = std::getenv("TROUPE_SEED");
  auto seed = given != nullptr
                ? static_cast<std::uint32_t>(std::strtoul(given, nullptr, 10))
                : std::random_device{}();
  std::cout << what << ": TROUPE_SEED=" << seed << '\n';
  return seed;
}

} // namespace troupe::test
