#include "app/shell/session.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <csignal>
#include <future>

namespace troupe::app {

namespace {

using outcome = caf::expected<table>;

/// Waits for an answer or the end of the connection, whichever is first.
void ask_once(caf::event_based_actor* self, const admin_actor& node,
              const admin_request& request,
              const std::shared_ptr<std::promise<outcome>>& promise) {
  // More than any verb may wait: the node says itself when it gives up.
  constexpr auto patience =
    limits::admin_wait_max + limits::ask_timeout + std::chrono::seconds{5};
  auto done = std::make_shared<bool>(false);
  auto settle = [self, promise, done](outcome x) {
    if (!*done)
      promise->set_value(std::move(x));
    *done = true;
    self->quit();
  };
  self->monitor(node);
  self->set_down_handler([settle](const caf::down_msg&) {
    settle(make_error(errc::client_gone,
                      "the node ended, or the way to it is broken"));
  });
  self->request(node, caf::duration{patience}, request)
    .then([settle](table& x) { settle(std::move(x)); },
          [settle](caf::error& error) {
            if (error == caf::sec::request_timeout)
              error = make_error(errc::busy, "the node did not answer in time");
            settle(std::move(error));
          });
}

caf::actor_system_config& prepared(caf::actor_system_config& config,
                                   const tls_files& tls) {
  config.set("scheduler.policy", caf::atom("sharing"));
  config.set("scheduler.max-threads", std::size_t{1});
  prepare_network(config, tls);
  return config;
}

/// Threads that are made while it lives leave Ctrl-C to the one that asks.
class interrupt_blocked {
public:
  interrupt_blocked() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    ::pthread_sigmask(SIG_BLOCK, &set, &before_);
  }

  ~interrupt_blocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

  interrupt_blocked(const interrupt_blocked&) = delete;
  interrupt_blocked& operator=(const interrupt_blocked&) = delete;

private:
  sigset_t before_;
};

} // namespace

struct session::network {
  explicit network(const tls_files& tls) : system(prepared(config, tls)) {}

  caf::actor_system_config config;
  caf::actor_system system;
  admin_actor node;
};

session::session(node_address where, const std::atomic<bool>* interrupted)
  : where_(std::move(where)),
    interrupted_(interrupted) {}

session::~session() = default;

caf::error session::connect() {
  if (!network_) {
    if (auto error = check_tls(where_.tls))
      return error;
    interrupt_blocked for_now;
    network_ = std::make_unique<network>(where_.tls);
  }
  auto node =
    connect_admin(network_->system, where_.host, where_.port, where_.tls);
  if (!node)
    return std::move(node.error());
  network_->node = std::move(*node);
  return caf::none;
}

caf::expected<table> session::ask(const admin_request& request) {
  if (!network_ || !network_->node)
    if (auto error = connect())
      return error;
  auto promise = std::make_shared<std::promise<outcome>>();
  auto answer = promise->get_future();
  auto asker =
    network_->system.spawn(ask_once, network_->node, request, promise);
  constexpr std::chrono::milliseconds look{50};
  while (answer.wait_for(look) != std::future_status::ready)
    if (interrupted_ != nullptr && interrupted_->load()) {
      caf::anon_send_exit(asker, caf::exit_reason::user_shutdown);
      return make_error(errc::client_timeout,
                        "nobody waits for the answer any longer; the node may "
                        "still be at it");
    }
  auto result = answer.get();
  if (!result && is(result.error(), errc::client_gone))
    network_->node =
      admin_actor{}; // the next question looks for the node again
  return result;
}

} // namespace troupe::app
