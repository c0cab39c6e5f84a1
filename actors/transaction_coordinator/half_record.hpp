/// What becomes of a half message: rows for its real topic and for the topic of
/// discarded ones, the question to its producer. Bytes in, values out.
/// Source: RocketMQ 5.3 TransactionalMessageBridge,
/// AbstractTransactionalMessageCheckListener; sheet semantics 14.
#pragma once

#include "deadlines/placed_row.hpp"

#include "troupe/actor/check_responder.hpp"
#include "troupe/model/delay_levels.hpp"
#include "troupe/remoting/command.hpp"

#include <string>

namespace troupe {

/// The message for its real topic, or for the schedule topic when it is to be
/// delayed now. Its record names the half message: that is what says, after a
/// crash, that this one is committed.
placed_row committed_row(const storage::record_view& half,
                         const delay_levels& delays);

/// The copy of one that nobody could decide, for people.
placed_row discarded_row(const storage::record_view& half, std::int32_t checks);

/// A discarded one as a new half message.
placed_row resumed_row(const storage::record_view& discarded);

/// RocketMQ's mark that half messages are done with.
/// @param offsets  in the half topic's queue, each with a comma behind it
placed_row mark_row(std::string_view offsets, epoch_ms now);

/// CHECK_TRANSACTION_STATE; its body is the message with its real topic.
/// @param checks  how often it was asked about, with this time
remoting::command check_request(const storage::record_view& half,
                                std::int32_t checks,
                                const std::string& broker_name);

/// The same as a question to a custom actor.
check_transaction responder_question(const storage::record_view& half,
                                     std::int32_t checks);

} // namespace troupe
