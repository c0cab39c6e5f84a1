/// Sends that wait for a custom actor to judge them. At most one batch is with
/// an interceptor; what comes meanwhile is the next one. Each has a deadline;
/// who waits longer, or is one too many, is treated by the interceptor's
/// policy.
#pragma once

#include "gateway/sending.hpp"

#include "troupe/actor/interceptor.hpp"

#include <caf/expected.hpp>

#include <cstdint>
#include <deque>
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
  std::optional<release> hold(std::size_t place, send_request request,
                              epoch_ms now);

  /// Batches that are to be sent now.
  std::vector<std::pair<interceptor_actor, intercept_batch>>
  take_batches(const intercept_asker& me);

  /// What an interceptor has said.
  std::vector<release> settle(intercept_done& done);

  /// Those that have waited too long.
  std::vector<release> expire(epoch_ms now);

private:
  struct held_send {
    std::uint64_t number = 0;
    send_request request;
    epoch_ms deadline;
  };

  struct slot {
    interceptor_link link;
    std::uint64_t id = 0;          ///< high bits of its numbers
    std::deque<held_send> waiting; ///< by number
    std::size_t bytes = 0;         ///< of bodies and properties in them
    std::vector<intercept_row> next;
    std::uint64_t in_flight = 0; ///< number of the last row of the batch that
                                 ///< is with the interceptor; 0: none
  };

  using slot_ptr = std::unique_ptr<slot>;

  static release by_policy(slot& from, held_send held, const char* why);
  static bool wants(const slot& x, std::string_view topic);

  std::vector<slot_ptr> slots_; // in the order in which they judge
  std::uint64_t ids_ = 0;
  std::uint64_t numbers_ = 0;
};

/// Lets sends go on: stored, judged by the next one, or refused.
void go_on(gateway_context& context, std::vector<interceptors::release> sends);

} // namespace troupe
