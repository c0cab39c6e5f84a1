/// All connections of a gateway by (slot, generation).
#pragma once

#include "gateway/connection.hpp"

#include <memory>
#include <vector>

namespace troupe {

class connection_table {
public:
  /// Makes a connection in a free slot. The caller keeps within
  /// limits::connections_max.
  connection& add(connection_events& events, int fd, service offers) {
    if (free_.empty()) {
      free_.push_back(static_cast<std::uint32_t>(slots_.size()));
      slots_.emplace_back();
    }
    auto slot = free_.back();
    free_.pop_back();
    auto& taken = slots_[slot];
    ++taken.generation;
    ++size_;
    taken.here = std::make_unique<connection>(
      events, fd, connection_id{slot, taken.generation}, offers);
    return *taken.here;
  }

  /// The connection, or null when it is gone.
  connection* find(connection_id id) {
    if (id.slot >= slots_.size() || slots_[id.slot].generation != id.generation)
      return nullptr;
    return slots_[id.slot].here.get();
  }

  void remove(connection_id id) {
    if (find(id) == nullptr)
      return;
    slots_[id.slot].here.reset();
    free_.push_back(id.slot);
    --size_;
  }

  std::size_t size() const { return size_; }

  /// Calls `visit` with each connection; it may remove that one.
  template <class Visit>
  void for_each(Visit&& visit) {
    for (std::size_t i = 0; i < slots_.size(); ++i)
      if (slots_[i].here)
        visit(*slots_[i].here);
  }

private:
  struct place {
    std::unique_ptr<connection> here;
    std::uint32_t generation = 0; // grows with every use of the slot
  };

  std::vector<place> slots_;
  std::vector<std::uint32_t> free_;
  std::size_t size_ = 0;
};

} // namespace troupe
