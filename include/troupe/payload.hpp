/// Immutable shared bytes: a counted buffer and a slice of it. Copying a
/// payload never copies bytes. The gateway reads sockets into buffers and
/// hands slices of them down to the log.
#pragma once

#include "troupe/assert.hpp"

#include <caf/intrusive_ptr.hpp>
#include <caf/make_counted.hpp>
#include <caf/ref_counted.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

namespace troupe {

/// A counted block of bytes of fixed size. Only its creator writes to it, and
/// only to bytes that no payload covers yet.
class buffer : public caf::ref_counted {
public:
  explicit buffer(std::size_t size)
    : size_(size),
      bytes_(new char[size]) { // not zeroed on purpose
    live_bytes_.fetch_add(size, std::memory_order_relaxed);
  }

  ~buffer() override {
    live_bytes_.fetch_sub(size_, std::memory_order_relaxed);
  }

  /// Bytes of all buffers of the process: frames that are not complete, and
  /// messages on their way into the log. Any thread.
  static std::size_t live_bytes() {
    return live_bytes_.load(std::memory_order_relaxed);
  }

  char* data() { return bytes_.get(); }

  const char* data() const { return bytes_.get(); }

  std::size_t size() const { return size_; }

private:
  std::size_t size_;
  std::unique_ptr<char[]> bytes_;

  static inline std::atomic<std::size_t> live_bytes_{0};
};

using buffer_ptr = caf::intrusive_ptr<buffer>;

/// A slice of a buffer. Empty by default; at most 4 GiB.
class payload {
public:
  payload() = default;

  payload(buffer_ptr whole, std::size_t offset, std::size_t size)
    : whole_(std::move(whole)),
      offset_(static_cast<std::uint32_t>(offset)),
      size_(static_cast<std::uint32_t>(size)) {
    TROUPE_ASSERT(size == 0 || offset + size <= whole_->size(),
                  "a payload lies within its buffer");
  }

  /// A payload of its own with a copy of `bytes`.
  static payload copy_of(std::string_view bytes) {
    if (bytes.empty())
      return {};
    auto whole = caf::make_counted<buffer>(bytes.size());
    std::memcpy(whole->data(), bytes.data(), bytes.size());
    return {std::move(whole), 0, bytes.size()};
  }

  const char* data() const {
    return whole_ ? whole_->data() + offset_ : nullptr;
  }

  std::size_t size() const { return size_; }

  bool empty() const { return size_ == 0; }

  std::string_view view() const { return {data(), size_}; }

  std::string str() const { return std::string{view()}; }

  /// The slice of `size` bytes from `offset` of this one, sharing its buffer.
  payload slice(std::size_t offset, std::size_t size) const {
    TROUPE_ASSERT(offset + size <= size_, "a slice lies within its payload");
    return size == 0 ? payload{} : payload{whole_, offset_ + offset, size};
  }

private:
  buffer_ptr whole_;
  std::uint32_t offset_ = 0;
  std::uint32_t size_ = 0;
};

/// Bytes that somebody else owns and keeps alive for us: a run of records in a
/// mapped segment. Valid as long as `owner` is held.
struct borrowed_bytes {
  caf::intrusive_ptr<caf::ref_counted> owner;
  const char* data = nullptr;
  std::uint32_t size = 0;

  std::string_view view() const { return {data, size}; }
};

} // namespace troupe
