/// One request being served, as a handler sees it. Views are valid until the
/// handler returns; payloads taken from it as long as they are held.
#pragma once

#include "gateway/connection.hpp"
#include "remoting/command_view.hpp"

#include "troupe/actor/caller.hpp"
#include "troupe/payload.hpp"

namespace troupe {

struct request {
  caller from;
  connection& on;
  const remoting::command_view& command;
  const buffer_ptr& chunk; ///< holds the frame's bytes

  /// A shared slice of the frame: `part` is a view into it.
  payload slice(std::string_view part) const {
    if (part.empty())
      return {};
    return {chunk, static_cast<std::size_t>(part.data() - chunk->data()),
            part.size()};
  }

  payload body() const { return slice(command.body()); }
};

} // namespace troupe
