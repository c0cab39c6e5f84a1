/// Pulls that a custom actor filters: what they have found is held until it has
/// said which messages the client gets. At most one batch is with a filter;
/// what comes meanwhile is the next one. Each has a deadline; who waits longer,
/// or is one too many, is treated by the filter's policy.
#pragma once

#include "gateway/gateway_context.hpp"

#include "troupe/actor/delivery_filter.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe {

class delivery_filters {
public:
  /// A pull that has found something, on its way to the client.
  struct delivery {
    pull_outcome outcome;
    payload topic;
    payload group;
    std::vector<borrowed_bytes> runs;
    std::size_t judged_by = 0; ///< filters behind it
    caf::error refused;        ///< none: it goes on
  };

  /// How what a pull has found goes on.
  enum class course : std::uint8_t {
    direct,   ///< no filter has it
    judged,   ///< see arrived
    outdated, ///< it was asked before there was such a filter: to be asked anew
  };

  bool any() const { return !slots_.empty(); }

  /// Who filters what `group` gets of `topic`; empty: nobody.
  std::string_view filter_of(std::string_view topic,
                             std::string_view group) const;

  /// A pull is on its way to its queue. Marks it.
  void expect(caller& from, const payload& topic, const payload& group);

  course course_of(const caller& from) const;

  /// What a judged pull has found, as a delivery.
  delivery arrived(const pull_outcome& outcome,
                   std::vector<borrowed_bytes> runs);

  /// Holds `x` for the next filter.
  /// @returns what goes on at once: judged by all, or one too many
  std::optional<delivery> hold(delivery x, epoch_ms now);

  /// Replaces all filters. What is held for one that is gone goes on by its
  /// policy.
  std::vector<delivery> set(std::vector<filter_link> links);

  /// Batches that are to be sent now.
  std::vector<std::pair<delivery_filter_actor, filter_batch>>
  take_batches(const filter_asker& me);

  /// What a filter has said.
  std::vector<delivery> settle(filter_done& done);

  /// Those that have waited too long.
  std::vector<delivery> expire(epoch_ms now);

private:
  struct held_delivery {
    std::uint64_t number = 0;
    delivery what;
    epoch_ms deadline;
  };

  struct slot {
    filter_link link;
    std::uint64_t id = 0;              ///< high bits of its numbers
    std::deque<held_delivery> waiting; ///< by number
    std::vector<filter_row> next;
    std::uint64_t in_flight = 0; ///< number of the last row of the batch that
                                 ///< is with the filter; 0: none
  };

  struct expected_pull {
    payload topic;
    payload group;
  };

  using slot_ptr = std::unique_ptr<slot>;

  static bool wants(const slot& x, std::string_view topic,
                    std::string_view group);
  static delivery by_policy(const slot& by, delivery x, const char* why);

  std::vector<slot_ptr> slots_; // in the order in which they judge
  // Pulls with queues; no more than the gateway's waiting_pulls.
  std::map<std::pair<connection_id, std::int32_t>, expected_pull> expected_;
  std::uint8_t age_ = 0; // grows with each filter that comes
  std::uint64_t ids_ = 0;
  std::uint64_t numbers_ = 0;
};

} // namespace troupe
