/// What a verb works with: the node's actors, and ways to ask them and wait.
/// Lives on the thread of one request, so waiting holds up nobody.
#pragma once

#include "admin/admin.hpp"

#include "troupe/errc.hpp"

#include <caf/blocking_actor.hpp>
#include <caf/expected.hpp>
#include <caf/sec.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace troupe {

class admin_context {
public:
  admin_context(caf::blocking_actor& self, const admin_options& node,
                const path_table& paths)
    : self_(self),
      node_(node),
      paths_(paths) {}

  const admin_options& node() const { return node_; }

  /// What others have registered.
  const path_table& paths() const { return paths_; }

  caf::blocking_actor& self() { return self_; }

  /// Asks and waits.
  /// @errors those of the actor; busy when it does not answer in time
  template <class Reply, class Handle, class Message>
  caf::expected<Reply>
  ask(const Handle& to, Message message,
      std::chrono::milliseconds timeout = limits::ask_timeout) {
    if (!to)
      return make_error(errc::not_supported,
                        "this node does not play that role");
    caf::expected<Reply> result = caf::sec::request_timeout;
    self_.request(to, caf::duration{timeout}, std::move(message))
      .receive([&](Reply& reply) { result = std::move(reply); },
               [&](caf::error& error) { result = in_words(std::move(error)); });
    return result;
  }

  /// Waits. @returns false when the node is ending: nothing more is to be
  /// waited for
  bool pause(std::chrono::milliseconds time);

  /// @errors topic_not_found, not_supported
  caf::expected<topic_view> find_topic(const std::string& name);

  /// @errors topic_not_found, queue_not_found, not_supported
  caf::expected<queue_actor> find_queue(const std::string& topic,
                                        queue_id queue);

  /// @errors group_not_found, not_supported
  caf::expected<consumer_group_actor> find_group(const std::string& name);

  /// Ranges of all queues of a topic, in order.
  caf::expected<std::vector<queue_range>> ranges_of(const topic_view& topic);

private:
  /// CAF's own errors, as far as an asker sees them, as ours.
  static caf::error in_words(caf::error error);

  caf::blocking_actor& self_;
  const admin_options& node_;
  const path_table& paths_;
  bool ending_ = false;
};

} // namespace troupe
