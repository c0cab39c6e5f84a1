/// Sends that wait for a custom actor to judge them. At most one batch is with
/// an interceptor; what comes meanwhile is the next one. Most wait as the rows
/// that the log will get, each queue's together: what passes goes on as it
/// lies. Each has a deadline; who waits longer, or is one too many, is treated
/// by the interceptor's policy. What becomes of them then: judged.hpp.
#pragma once

#include "gateway/sending.hpp"

#include "troupe/actor/interceptor.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe {

/// A send that is not stored at once in its own topic, or is a batch.
struct held_send {
  explicit held_send(send_request&& what) : request(std::move(what)) {}

  send_request request;
  std::size_t rows_before = 0; ///< it came behind so many of the held_rows
  epoch_ms deadline;           ///< 0: not known before the round ends
  bool freed = false;          ///< it has waited too long, a copy has gone on
};

/// Messages for one queue, ready to be appended.
struct held_rows {
  std::shared_ptr<const topic_config> topic; ///< as it was when they came
  queue_id queue;
  std::vector<append_row> rows;
  std::size_t bytes = 0;    ///< of bodies and properties
  std::int64_t answers = 0; ///< of requests that are not one-way
  epoch_ms deadline{}; ///< of the first; 0: not known before the round ends
  bool freed = false;  ///< they have waited too long, copies have gone on
};

/// Sends that go on without having been judged, or are refused.
struct freed_sends {
  struct one {
    send_request request;
    std::size_t rows_before = 0; ///< it came behind so many of `rows`
    caf::error refused;          ///< none: it goes on
  };

  struct many {
    held_rows held;
    std::size_t judged_by = 0; ///< see send_request
    caf::error refused;        ///< none: they go on
  };

  std::vector<one> sends;
  std::vector<many> rows;
};

/// Calls `on_send` for each of `all.sends` and `on_rows` for each of `all.rows`
/// in the order in which they came.
template <class All, class OnSend, class OnRows>
void visit_in_order(All& all, OnSend on_send, OnRows on_rows) {
  auto send = all.sends.begin();
  for (std::size_t i = 0; i <= all.rows.size(); ++i) {
    for (; send != all.sends.end() && send->rows_before == i; ++send)
      on_send(*send);
    if (i < all.rows.size())
      on_rows(all.rows[i]);
  }
}

class interceptors {
public:
  /// What an interceptor is asked about, or will be.
  struct gathered {
    std::vector<held_send> sends;
    std::vector<held_rows> rows;

    bool empty() const { return sends.empty() && rows.empty(); }
  };

  /// A batch that was answered.
  struct ended_batch {
    gathered held;
    std::size_t judged_by = 0; ///< of what goes on
    std::shared_ptr<const interceptor_link> link;
  };

  bool any() const { return !slots_.empty(); }

  /// Messages that are held; a batch body counts as one.
  std::size_t held() const;

  /// Another one whenever interceptors come or go; never 0.
  std::uint64_t generation() const { return generation_; }

  /// Replaces all interceptors.
  /// @returns sends held for those that are gone
  freed_sends set(std::vector<interceptor_link> links);

  /// The place of the first interceptor of `topic` at or behind `from`.
  std::optional<std::size_t> next_for(std::string_view topic,
                                      std::size_t from) const;

  /// Whether the interceptor at `place` may be asked about so many bytes more.
  bool has_room(std::size_t place, std::size_t bytes) const;

  /// What becomes of one that it has no room for; none: it goes on.
  caf::error why_full(std::size_t place) const;

  /// Holds a message until the interceptor at `place` has judged it. Those for
  /// its queue that come later stay behind it.
  void hold(std::size_t place, known_topic& topic, send_request&& request);

  /// The same for one that is stored at once in its own topic.
  /// @param bytes  of its body and properties
  /// @returns its row, which says whom to answer; the rest is for the caller to
  ///          fill in, where it lies, at once
  append_row& hold(std::size_t place, known_topic& topic, queue_id queue,
                   const caller& from, std::size_t bytes);

  /// Whether anything has been held since the last batch was taken.
  bool has_next() const;

  /// Ends a round: batches that are to be sent now.
  std::vector<std::pair<interceptor_actor, intercept_batch>>
  take_batches(const intercept_asker& me, epoch_ms now);

  /// The batch that was answered; empty when its interceptor has ended.
  ended_batch take_back(std::uint64_t number);

  /// Those that have waited too long.
  freed_sends expire(epoch_ms now);

  /// Does to a request what was said of it.
  /// @returns why it is refused; none when it goes on
  static caf::error apply(intercept_outcome& said, const interceptor_link& by,
                          send_request& to);

private:
  struct slot {
    std::shared_ptr<interceptor_link> link;
    gathered next;               ///< in the order in which they came
    std::size_t dated_sends = 0; ///< of them, that have a deadline
    std::size_t dated_rows = 0;
    /// The number of `next`: rows of a queue are added to those with the same.
    std::uint64_t open = 0;
    epoch_ms opened; ///< when the first of these came
    /// With the interceptor, which reads them on its own thread: no message of
    /// them changes before it has answered. Null: it has none.
    std::shared_ptr<gathered> asked;
    std::uint64_t number = 0;      ///< of that batch
    std::size_t rows_expected = 4; ///< for one queue, as there were before
    std::size_t count = 0;         ///< of messages held
    std::size_t bytes = 0;         ///< of their bodies and properties
  };

  using slot_ptr = std::unique_ptr<slot>;

  void date(slot& x, epoch_ms now);
  void close(slot& x);
  static void forget(slot& x, const held_send& gone);
  static void forget(slot& x, const held_rows& gone);
  static void free_asked(slot& x, std::size_t judged_by, epoch_ms due,
                         const caf::error& why, freed_sends& freed);
  static void free_next(slot& x, std::size_t judged_by, epoch_ms due,
                        const caf::error& why, freed_sends& freed);
  static intercept_batch batch_of(const std::shared_ptr<gathered>& asked);
  static caf::error by_policy(const interceptor_link& link, const char* why);

  std::vector<slot_ptr> slots_; // in the order in which they judge
  std::uint64_t generation_ = 1;
  std::uint64_t numbers_ = 0;
};

} // namespace troupe
