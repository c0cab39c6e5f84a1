/// From records and half messages to calls of a custom actor: what it consumes,
/// filters and is asked about.
#pragma once

#include "storage/record.hpp"

#include "troupe/actor/check_responder.hpp"
#include "troupe/actor/delivery_filter.hpp"
#include "troupe/custom/performer.hpp"

#include <cstdint>
#include <string>

namespace troupe {

/// A record as an actor sees it. Lives as long as the record and `inflated`,
/// which takes the body when a client has compressed it.
custom::message message_of(const storage::record_view& record,
                           std::string& inflated);

/// The message of an open transaction, likewise.
custom::message half_of(const check_transaction& x, std::string& inflated);

struct sift_counts {
  std::int64_t judged = 0;
  std::int64_t withheld = 0;
};

/// Asks `by` about every message of `row`. When it fails at one, nothing is
/// said of any.
filter_outcome sift(custom::performer& by, const filter_row& row,
                    sift_counts& counts);

} // namespace troupe
