/// Asks many actors the same and answers once when all have answered.
#pragma once

#include <caf/duration.hpp>
#include <caf/error.hpp>
#include <caf/typed_response_promise.hpp>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <memory>
#include <vector>

namespace troupe {

/// What gather() has to do, kept alive by the answers that are to come.
template <class Answer, class Self, class Handle, class Message, class Failed,
          class Join>
struct gathering {
  Self& self;
  std::vector<Handle> targets;
  Message message;
  Failed failed;
  Join join;
  std::vector<Answer> answers;
  std::size_t asked = 0;
  std::size_t answered = 0;

  /// Asks the next one, if there is one left.
  static void ask(const std::shared_ptr<gathering>& state) {
    if (state->asked == state->targets.size())
      return;
    auto i = state->asked++;
    state->self.request(state->targets[i], caf::infinite, state->message)
      .then(
        [state, i](Answer& answer) {
          state->answers[i] = std::move(answer);
          settle(state);
        },
        [state](caf::error& error) {
          state->failed(error);
          settle(state);
        });
  }

  static void settle(const std::shared_ptr<gathering>& state) {
    if (++state->answered == state->targets.size())
      state->join(state->answers);
    else
      ask(state);
  }
};

/// Sends `message` to each of `targets`. When the last one has answered, `join`
/// gets the answers in the order of the targets; an error counts as an answer
/// that was default-constructed, after `failed` heard of it.
/// @param at_once  how many are asked before the first has answered: what else
///                 the reactor has to do waits for no more than these
template <class Answer, class Self, class Handle, class Message, class Failed,
          class Join>
void gather(Self& self, std::vector<Handle> targets, Message message,
            Failed failed, Join join,
            std::size_t at_once = std::numeric_limits<std::size_t>::max()) {
  using state_type = gathering<Answer, Self, Handle, Message, Failed, Join>;
  auto count = targets.size();
  auto state = std::make_shared<state_type>(
    state_type{self, std::move(targets), std::move(message), std::move(failed),
               std::move(join), std::vector<Answer>(count)});
  if (count == 0) {
    state->join(state->answers);
    return;
  }
  for (std::size_t i = 0; i < std::min(at_once, count); ++i)
    state_type::ask(state);
}

} // namespace troupe
