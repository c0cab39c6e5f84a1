/// What becomes of sends that interceptors have judged, or did not in time:
/// they are stored, judged by the next one, or refused.
#pragma once

#include "gateway/intercepting.hpp"

namespace troupe {

/// Holds a message until the interceptor at `place` has judged it. What that
/// one has no room for goes on, or is refused, by its policy.
void hold(gateway_context& context, std::size_t place, known_topic& topic,
          send_request& message);

/// What an interceptor has said of a batch.
void settle(gateway_context& context, intercept_done& done);

/// Lets sends go on, or refuses them.
void go_on(gateway_context& context, freed_sends freed);

} // namespace troupe
