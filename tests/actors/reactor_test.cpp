/// The reactor, driven by hand and on its thread.
#include "reactor/pinned.hpp"

#include "support/catch.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <thread>

using namespace troupe;

namespace {

/// Notes what it hears, and on which thread.
struct notes {
  std::vector<int> numbers;
  std::thread::id thread;
};

class listener : public caf::event_based_actor {
public:
  listener(caf::actor_config& config, notes* into)
    : caf::event_based_actor(config),
      into_(into) {}

  caf::behavior make_behavior() override {
    return {[this](int number) {
      into_->numbers.push_back(number);
      into_->thread = std::this_thread::get_id();
      return number + 1;
    }};
  }

private:
  notes* into_;
};

/// Throws what it gets to the other one, for ever.
class thrower : public caf::event_based_actor {
public:
  thrower(caf::actor_config& config, std::int64_t* throws)
    : caf::event_based_actor(config),
      throws_(throws) {}

  caf::behavior make_behavior() override {
    return {[this](caf::actor& other) {
      ++*throws_;
      send(other, caf::actor{this});
    }};
  }

private:
  std::int64_t* throws_;
};

struct counting_handler : fd_handler {
  void on_ready(std::uint32_t) override {
    std::uint64_t value = 0;
    if (::read(fd, &value, sizeof value) > 0)
      ++calls;
  }

  int fd = -1;
  int calls = 0;
};

struct counting_round : round_handler {
  void on_polled() override { ++polled; }

  void on_ran() override { ++ran; }

  int polled = 0;
  int ran = 0;
};

} // namespace

TEST_CASE("driven by hand, pinned actors run in order and only then") {
  caf::actor_system_config config;
  caf::actor_system system{config};
  reactor home{system};
  home.adopt_thread();
  notes heard;
  auto actor = spawn_at<listener>(system, {&home}, &heard);
  for (int i = 0; i < 100; ++i)
    caf::anon_send(actor, i);
  CHECK(heard.numbers.empty());
  while (home.run_once(0)) {
  }
  REQUIRE(heard.numbers.size() == 100);
  CHECK(std::ranges::is_sorted(heard.numbers));
  CHECK(heard.thread == std::this_thread::get_id());
  caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
  while (home.run_once(0)) {
  }
}

TEST_CASE("other threads wake the reactor, and its actors stay on its thread") {
  caf::actor_system_config config;
  caf::actor_system system{config};
  reactor home{system};
  notes heard;
  auto actor = spawn_at<listener>(system, {&home}, &heard);
  home.start();
  {
    caf::scoped_actor self{system};
    for (int i = 0; i < 50; ++i)
      self->request(actor, std::chrono::seconds{5}, i)
        .receive([&](int next) { CHECK(next == i + 1); },
                 [](caf::error&) { FAIL("no answer"); });
    self->send_exit(actor, caf::exit_reason::user_shutdown);
    self->wait_for(actor);
  }
  actor = nullptr;
  home.stop();
  CHECK(heard.numbers.size() == 50);
  CHECK(heard.thread != std::this_thread::get_id());
}

TEST_CASE("actors that are always busy do not keep a socket waiting") {
  caf::actor_system_config config;
  caf::actor_system system{config};
  reactor home{system};
  home.adopt_thread();
  counting_handler handler;
  handler.fd = ::eventfd(0, EFD_NONBLOCK);
  REQUIRE(home.watch(handler.fd, EPOLLIN, &handler) == 0);
  std::int64_t throws = 0;
  auto one_side = spawn_at<thrower>(system, {&home}, &throws);
  auto other_side = spawn_at<thrower>(system, {&home}, &throws);
  caf::anon_send(one_side, other_side);
  home.run_once(0);
  std::uint64_t one = 1;
  REQUIRE(::write(handler.fd, &one, sizeof one) == sizeof one);
  auto before = throws;
  home.run_once(0);
  CHECK(handler.calls == 1);
  CHECK(throws > before);
  CHECK(throws - before <= 256);
  home.unwatch(handler.fd);
  ::close(handler.fd);
  caf::anon_send_exit(one_side, caf::exit_reason::kill);
  caf::anon_send_exit(other_side, caf::exit_reason::kill);
  while (home.run_once(0)) {
  }
}

TEST_CASE("sockets are heard of as long as they are watched") {
  caf::actor_system_config config;
  caf::actor_system system{config};
  reactor home{system};
  home.adopt_thread();
  counting_handler handler;
  handler.fd = ::eventfd(0, EFD_NONBLOCK);
  counting_round rounds;
  home.set_round_handler(&rounds);
  REQUIRE(home.watch(handler.fd, EPOLLIN, &handler) == 0);
  CHECK(home.watch(handler.fd, EPOLLIN, &handler) == EEXIST);
  std::uint64_t one = 1;
  REQUIRE(::write(handler.fd, &one, sizeof one) == sizeof one);
  home.run_once(1000);
  CHECK(handler.calls == 1);
  CHECK(rounds.polled >= 1);
  CHECK(rounds.ran == rounds.polled);
  home.unwatch(handler.fd);
  REQUIRE(::write(handler.fd, &one, sizeof one) == sizeof one);
  home.run_once(0);
  CHECK(handler.calls == 1);
  home.set_round_handler(nullptr);
  ::close(handler.fd);
}
