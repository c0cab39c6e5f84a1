/// Paths of actors: `/topic/orders`, `/queue/orders/3`, `/group/billing`.
#pragma once

#include "admin/admin_context.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

enum class place_kind : std::uint8_t {
  root,       ///< `/`
  member,     ///< one of the cast: `/log`
  folder,     ///< `/topic`, `/queue`, `/group`, `/producer`, or one between
              ///< here and a registered path
  topic,      ///< `/topic/NAME`
  queues,     ///< `/queue/TOPIC`
  queue,      ///< `/queue/TOPIC/N`
  group,      ///< `/group/NAME`
  producer,   ///< `/producer/NAME`
  custom,     ///< `/custom/NAME`
  connection, ///< `/gateway/IP:PORT`, the client's
  registered, ///< by another actor
};

/// What a path names.
struct place {
  place_kind kind = place_kind::root;
  std::string path;
  /// Of the topic, group, producer group or custom actor; the address of a
  /// client.
  std::string name;
  queue_id queue;
  const cast_member* member = nullptr;
  const registered_path* registered = nullptr;
};

/// Reads `path`; without the `/` at its begin, too. Does not ask the actors:
/// whether a name is in use shows when it is.
/// @errors path_not_found, with what there is
caf::expected<place> find_place(const admin_context& context,
                                std::string_view path);

/// A line of `ls`.
struct path_entry {
  std::string path;
  std::string kind;
  std::string what; ///< a few words
};

/// What lies below `at`.
/// @param limit  as many at most
caf::expected<std::vector<path_entry>>
list_below(admin_context& context, const place& at, std::size_t limit);

} // namespace troupe
