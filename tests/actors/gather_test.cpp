/// Asking many actors, with a bound on how many are asked at once.
#include "reactor/gather.hpp"
#include "reactor/pinned.hpp"

#include "support/catch.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <deque>
#include <vector>

using namespace troupe;

namespace {

/// Questions that wait for their answer.
using open_questions = std::deque<std::pair<int, caf::response_promise>>;

class holder : public caf::event_based_actor {
public:
  holder(caf::actor_config& config, int number, open_questions* open)
    : caf::event_based_actor(config),
      number_(number),
      open_(open) {}

  caf::behavior make_behavior() override {
    return {[this](const std::string&) {
      auto promise = make_response_promise();
      open_->emplace_back(number_, promise);
      return promise;
    }};
  }

private:
  int number_;
  open_questions* open_;
};

struct outcome {
  std::vector<int> answers;
  int failures = 0;
  int joins = 0;
};

class asker : public caf::event_based_actor {
public:
  asker(caf::actor_config& config, std::vector<caf::actor> targets,
        std::size_t at_once, outcome* into)
    : caf::event_based_actor(config),
      targets_(std::move(targets)),
      at_once_(at_once),
      into_(into) {}

  caf::behavior make_behavior() override {
    return {[this](int) {
      gather<int>(
        *this, targets_, std::string{"?"},
        [this](const caf::error&) { ++into_->failures; },
        [this](std::vector<int>& answers) {
          into_->answers = answers;
          ++into_->joins;
        },
        at_once_);
    }};
  }

private:
  std::vector<caf::actor> targets_;
  std::size_t at_once_;
  outcome* into_;
};

} // namespace

TEST_CASE("no more than so many are asked at once, and all answers come") {
  constexpr int count = 10;
  constexpr std::size_t at_once = 3;
  caf::actor_system_config config;
  caf::actor_system system{config};
  reactor home{system};
  home.adopt_thread();
  auto run = [&] {
    while (home.run_once(0)) {
    }
  };
  open_questions open;
  std::vector<caf::actor> holders;
  for (int i = 0; i < count; ++i)
    holders.push_back(spawn_at<holder>(system, {&home}, i, &open));
  outcome heard;
  auto boss = spawn_at<asker>(system, {&home}, holders, at_once, &heard);
  caf::anon_send(boss, 1);
  run();
  for (int left = count; left > 0; --left) {
    CHECK(open.size() == std::min<std::size_t>(at_once, left));
    CHECK(heard.joins == 0);
    auto [number, promise] = open.front();
    open.pop_front();
    if (number == 4)
      promise.deliver(caf::make_error(caf::sec::runtime_error));
    else
      promise.deliver(number * number);
    run();
  }
  CHECK(heard.joins == 1);
  CHECK(heard.failures == 1);
  CHECK(heard.answers == std::vector{0, 1, 4, 9, 0, 25, 36, 49, 64, 81});
  for (const auto& x : holders)
    caf::anon_send_exit(x, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(boss, caf::exit_reason::user_shutdown);
  holders.clear();
  run();
}

TEST_CASE("nobody to ask is an answer at once") {
  caf::actor_system_config config;
  caf::actor_system system{config};
  reactor home{system};
  home.adopt_thread();
  outcome heard;
  auto boss = spawn_at<asker>(system, {&home}, std::vector<caf::actor>{},
                              std::size_t{3}, &heard);
  caf::anon_send(boss, 1);
  while (home.run_once(0)) {
  }
  CHECK(heard.joins == 1);
  CHECK(heard.answers.empty());
  caf::anon_send_exit(boss, caf::exit_reason::user_shutdown);
  while (home.run_once(0)) {
  }
}
