/// What a gateway asks before it answers a pull: a custom actor that decides
/// which of its messages the client gets. One batch for each round and filter;
/// answered in order.
#pragma once

#include "troupe/actor/interceptor.hpp"
#include "troupe/custom/actor.hpp"
#include "troupe/payload.hpp"

#include <caf/typed_actor.hpp>

#include "troupe/type_ids.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace troupe {

/// What one pull has found. A run is one or more whole records in a row.
struct filter_row {
  std::uint64_t number = 0; ///< given by the gateway, told in the answer
  payload group;
  std::vector<borrowed_bytes> runs;
};

struct filter_outcome {
  std::uint64_t number = 0;
  std::vector<borrowed_bytes> runs; ///< what the client gets of them
  std::uint32_t bytes = 0;          ///< of them
  std::int32_t messages = 0;        ///< in them
  std::string failed; ///< why it could not be judged; empty: it was
};

struct filter_done {
  std::vector<filter_outcome> rows;
};

/// Whoever filters for its clients: a gateway.
using filter_asker = caf::typed_actor<caf::reacts_to<filter_done>>;

struct filter_batch {
  std::vector<filter_row> rows;
  filter_asker reply_to;
};

using delivery_filter_actor = caf::typed_actor<caf::reacts_to<filter_batch>>;

/// A filter as a gateway knows it.
struct filter_link {
  std::string name; ///< of the custom actor
  std::vector<custom::setup::delivery> deliveries;
  delivery_filter_actor actor;
  std::int64_t deadline_ms = 0; ///< for one answer
  /// Reject: the pull is answered SYSTEM_BUSY, and what it found is pulled
  /// again. Accept: the client gets everything.
  on_failure policy = on_failure::reject;
};

/// Custom actors that a gateway asks, in the order in which they are asked; the
/// ones before are forgotten.
struct set_custom_links {
  std::vector<interceptor_link> interceptors;
  std::vector<filter_link> filters;
};

/// Every send and pull that comes from now on is theirs.
struct custom_links_set {};

} // namespace troupe
