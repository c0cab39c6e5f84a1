/// Sends that wait for a custom actor to judge them. At most one batch is with
/// an interceptor; what comes meanwhile is the next one. Each has a deadline;
/// who waits longer, or is one too many, is treated by the interceptor's
/// policy.
#pragma once

#include "gateway/sending.hpp"

#include "troupe/actor/interceptor.hpp"

#include <caf/expected.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe {

class interceptors {
public:
  /// How one held send goes on.
  struct release {
    send_request request;
    caf::error refused; ///< none: it is stored, or judged by the next one
  };

  bool any() const { return !slots_.empty(); }

  /// Sends that are held.
  std::size_t held() const;

  /// Replaces all interceptors. Sends held for one that is gone go on by its
  /// policy.
  std::vector<release> set(std::vector<interceptor_link> links);

  /// The place of the next interceptor that is to judge `request`, at or behind
  /// request.judged_by; none: it can be stored.
  std::optional<std::size_t> next_for(const send_request& request) const;

  /// Holds `request` until the interceptor at `place` has judged it.
  /// @returns what goes on at once, because too many are held
  std::optional<release> hold(std::size_t place, send_request&& request,
                              epoch_ms now);

  /// Batches that are to be sent now.
  std::vector<std::pair<interceptor_actor, intercept_batch>>
  take_batches(const intercept_asker& me);

  /// What an interceptor has said: calls `go_on(request, what, refused)` for
  /// each of its batch, in order. It may hold them for the next one.
  template <class GoOn>
  void settle(intercept_done& done, GoOn go_on) {
    auto ended = take_back(done.number);
    auto said = done.rows.begin();
    for (auto i = ended.first; i < ended.sends.size(); ++i) {
      auto& request = ended.sends[i].request;
      while (said != done.rows.end() && said->row < i)
        ++said;
      if (said == done.rows.end() || said->row != i)
        go_on(request, interception::accepted, caf::error{});
      else
        go_on(request, said->what, apply(*said, *ended.link, request));
    }
  }

  /// Those that have waited too long.
  std::vector<release> expire(epoch_ms now);

private:
  struct held_send {
    held_send(send_request&& what, epoch_ms until)
      : request(std::move(what)),
        deadline(until) {}

    send_request request;
    epoch_ms deadline;
  };

  using held_sends = std::vector<held_send>;

  struct slot {
    std::shared_ptr<interceptor_link> link;
    held_sends next; ///< in the order in which they came
    /// With the interceptor, which reads them on its own thread: nothing of
    /// them changes before it has answered. Null: it has none.
    std::shared_ptr<held_sends> asked;
    std::uint64_t number = 0; ///< of that batch
    std::size_t first = 0;    ///< of it: those before have waited too long
    std::size_t bytes = 0;    ///< of bodies and properties held
  };

  struct ended_batch {
    held_sends sends;
    std::size_t first = 0;
    std::shared_ptr<const interceptor_link> link;
  };

  using slot_ptr = std::unique_ptr<slot>;

  /// The batch that was answered; empty when its interceptor has ended.
  ended_batch take_back(std::uint64_t number);
  static caf::error apply(intercept_outcome& said, const interceptor_link& by,
                          send_request& to);
  static caf::error by_policy(const interceptor_link& link, const char* why);
  static bool wants(const slot& x, std::string_view topic);

  std::vector<slot_ptr> slots_; // in the order in which they judge
  std::uint64_t numbers_ = 0;
};

/// Lets sends go on: stored, judged by the next one, or refused.
void go_on(gateway_context& context, std::vector<interceptors::release> sends);

} // namespace troupe
