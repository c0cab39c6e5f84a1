/// A reply to a request message: handed to the client that waits for it, and
/// stored. Shared by SEND_REPLY_MESSAGE and SEND_REPLY_MESSAGE_V2.
/// Source: RocketMQ 5.3 ReplyMessageProcessor; sheet remoting 3.4.
#pragma once

#include "gateway/sending.hpp"

#include <functional>

namespace troupe {

/// Pushes `message` to the client that its REPLY_TO_CLIENT names, then stores
/// it. Answered as a send when the client has taken it; an error otherwise,
/// though it is stored all the same.
void reply(gateway_context& context, send_request message);

/// The same for a custom actor. `then` hears whether the client has taken it.
void reply(gateway_context& context, push_reply& letter,
           std::function<void(const caf::error&)> then);

} // namespace troupe
