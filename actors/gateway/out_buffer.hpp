/// What a connection still has to write: frames encoded here, and runs of log
/// records borrowed from mapped segments. One system call writes many pieces.
#pragma once

#include "troupe/payload.hpp"

#include <cstddef>
#include <deque>
#include <string>

namespace troupe {

/// A queue of bytes towards one socket.
class out_buffer {
public:
  /// How a write ended.
  enum class write_state : std::uint8_t {
    all_written,
    socket_full,
    broken
  };

  /// The text to encode into; what is appended to it is queued.
  std::string& tail();

  /// Queues bytes without copying them; they stay borrowed until written.
  void borrow(borrowed_bytes run);

  /// Writes as much as the socket takes now.
  write_state write_to(int fd);

  /// Bytes that wait, encoded and borrowed.
  std::size_t size() const;

  /// Bytes of memory that it takes: what is borrowed lies in mapped files.
  std::size_t text_bytes() const {
    return settled_ + (pieces_.empty() ? 0 : pieces_.back().text.size())
           - last_settled_;
  }

  bool empty() const { return pieces_.empty(); }

  /// Gives memory back that an idle connection does not need.
  void shrink();

private:
  struct piece {
    std::string text;   // either this
    borrowed_bytes run; // or that

    std::string_view view() const {
      return run.owner ? run.view() : std::string_view{text};
    }
  };

  void consume(std::size_t bytes);
  void add_piece();

  static constexpr std::size_t spare_bytes_max = 64u << 10;

  std::deque<piece> pieces_;
  std::size_t written_ = 0; // of the first piece
  // Text of all pieces, the last one as it was when a piece was added or
  // written: it grows behind our back.
  std::size_t settled_ = 0;
  std::size_t last_settled_ = 0; // of the last piece, within settled_
  std::string spare_;            // an empty text with capacity, for reuse
};

} // namespace troupe
