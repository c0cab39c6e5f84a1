#include "gateway/out_buffer.hpp"

#include <algorithm>
#include <array>
#include <cerrno>

#include <sys/socket.h>
#include <sys/uio.h>

namespace troupe {

std::string& out_buffer::tail() {
  if (pieces_.empty() || pieces_.back().run.owner) {
    add_piece();
    pieces_.back().text.swap(spare_);
  }
  return pieces_.back().text;
}

void out_buffer::borrow(borrowed_bytes run) {
  add_piece();
  pieces_.back().run = std::move(run);
}

void out_buffer::add_piece() {
  settled_ = text_bytes();
  last_settled_ = 0;
  pieces_.emplace_back();
}

out_buffer::write_state out_buffer::write_to(int fd) {
  static constexpr std::size_t pieces_per_call_max = 64;
  while (!pieces_.empty()) {
    std::array<iovec, pieces_per_call_max> parts;
    std::size_t count = 0;
    auto skip = written_;
    for (const auto& x : pieces_) {
      if (count == pieces_per_call_max)
        break;
      auto bytes = x.view().substr(skip);
      skip = 0;
      parts[count++] = {const_cast<char*>(bytes.data()), bytes.size()};
    }
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = count;
    auto sent = ::sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) {
      if (errno == EINTR)
        continue;
      return errno == EAGAIN || errno == EWOULDBLOCK ? write_state::socket_full
                                                     : write_state::broken;
    }
    consume(static_cast<std::size_t>(sent));
  }
  return write_state::all_written;
}

void out_buffer::consume(std::size_t bytes) {
  written_ += bytes;
  settled_ = text_bytes();
  last_settled_ = pieces_.empty() ? 0 : pieces_.back().text.size();
  while (!pieces_.empty() && written_ >= pieces_.front().view().size()) {
    auto& first = pieces_.front();
    written_ -= first.view().size();
    settled_ -= first.text.size();
    if (pieces_.size() == 1)
      last_settled_ = 0;
    if (!first.run.owner && first.text.capacity() <= spare_bytes_max) {
      first.text.clear();
      spare_.swap(first.text);
    }
    pieces_.pop_front();
  }
}

std::size_t out_buffer::size() const {
  std::size_t bytes = 0;
  for (const auto& x : pieces_)
    bytes += x.view().size();
  return bytes - std::min(bytes, written_);
}

void out_buffer::shrink() {
  if (!pieces_.empty())
    return;
  std::string{}.swap(spare_);
  pieces_.shrink_to_fit();
}

} // namespace troupe
