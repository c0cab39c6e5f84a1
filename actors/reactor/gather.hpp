/// Asks many actors the same and answers once when all have answered.
#pragma once

#include <caf/duration.hpp>
#include <caf/error.hpp>
#include <caf/typed_response_promise.hpp>

#include <cstddef>
#include <memory>
#include <vector>

namespace troupe {

/// Sends `message` to each of `targets`. When the last one has answered, `join`
/// gets the answers in the order of the targets; an error counts as an answer
/// that was default-constructed, after `failed` heard of it.
template <class Answer, class Self, class Handle, class Message, class Failed,
          class Join>
void gather(Self& self, const std::vector<Handle>& targets,
            const Message& message, Failed failed, Join join) {
  struct round {
    std::vector<Answer> answers;
    std::size_t open = 0;
    Join join;
  };

  auto state = std::make_shared<round>(round{
    std::vector<Answer>(targets.size()), targets.size(), std::move(join)});
  if (targets.empty()) {
    state->join(state->answers);
    return;
  }
  auto settle = [state] {
    if (--state->open == 0)
      state->join(state->answers);
  };
  for (std::size_t i = 0; i < targets.size(); ++i)
    self.request(targets[i], caf::infinite, message)
      .then(
        [state, settle, i](Answer& answer) {
          state->answers[i] = std::move(answer);
          settle();
        },
        [settle, failed](caf::error& error) {
          failed(error);
          settle();
        });
}

} // namespace troupe
