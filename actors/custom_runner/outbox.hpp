/// Messages that a custom actor has sent, on their way into the log: kept until
/// each is stored, whatever fails meanwhile.
#pragma once

#include "troupe/actor/topic.hpp"
#include "troupe/custom/message.hpp"
#include "troupe/model/delay_levels.hpp"
#include "troupe/model/unique_keys.hpp"

#include <map>
#include <string>
#include <vector>

namespace troupe {

class outbox {
public:
  /// Rows for one queue.
  struct parcel {
    queue_actor to;
    append_batch batch;
  };

  outbox() = default;

  outbox(host self, const delay_levels& delays)
    : self_(self),
      delays_(delays) {}

  /// Begins a new round of messages; the one before is stored whole.
  void fill(std::vector<custom::outgoing> messages, epoch_ms now);

  /// Whether every message is stored.
  bool is_empty() const { return open_ == 0; }

  /// Topics that messages wait for and that are not known.
  std::vector<std::string> missing_topics() const;

  void learn(const std::string& topic, topic_view view);

  void forget(const std::string& topic) { topics_.erase(topic); }

  /// What can be appended now: waiting messages whose topic is known.
  std::vector<parcel> take_ready();

  /// How appends ended. Those that failed wait again.
  /// @returns the first failure
  errc settle(const append_done& done);

  /// Messages without an answer wait again: whoever had them has died.
  void recall();

private:
  enum class stage : std::uint8_t {
    waits,
    under_way,
    stored
  };

  struct letter {
    std::string target; ///< the topic that stores it
    std::int32_t queue = -1;
    append_row row;
    stage at = stage::waits;
  };

  letter seal(const custom::outgoing& message, epoch_ms now);

  host self_;
  delay_levels delays_;
  std::vector<letter> letters_; // of this round, in order
  std::size_t open_ = 0;        // of them, not stored
  std::uint32_t round_ = 0;     // tells late answers from ours
  unique_keys keys_;
  std::uint32_t turn_ = 0; // queues are used in turn
  std::map<std::string, topic_view> topics_;
};

} // namespace troupe
