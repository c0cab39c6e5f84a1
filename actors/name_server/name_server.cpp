#include "name_server/name_server.hpp"

#include "name_server/name_server_state.hpp"
#include "reactor/quiet.hpp"

#include "troupe/limits.hpp"

#include <caf/typed_event_based_actor.hpp>

namespace troupe {

namespace {

class name_server_impl : public name_server_actor::base {
public:
  name_server_impl(caf::actor_config& config, name_server_options options)
    : name_server_actor::base(config),
      store_(std::move(options.store)),
      clock_(options.clock) {
    for (auto& x : options.settings)
      state_.put(x.ns, x.key, x.value.value_or(""));
  }

  const char* name() const override { return "name_server"; }

  behavior_type make_behavior() override {
    make_quiet(*this);
    return {
      [this](const register_broker& x) -> caf::result<broker_registered> {
        arm();
        return result_of(state_.register_one(x, clock_()));
      },
      [this](const unregister_broker& x) {
        log::info("name_server", "broker unregistered")
          .with("broker", x.name)
          .with("address", x.address);
        state_.unregister(x);
        return broker_unregistered{};
      },
      [this](const broker_heartbeat& x) {
        state_.heard(x.cluster, x.address, clock_());
      },
      [this](const broker_gone& x) { state_.connection_lost(x.link); },
      [this](const query_data_version& x) {
        return state_.compare(x, clock_());
      },
      [this](const find_route& x) -> caf::result<route_found> {
        auto found = state_.route(x.topic);
        if (!found)
          return std::move(found.error());
        return route_found{std::move(*found)};
      },
      [this](const describe_cluster&) { return state_.clusters(); },
      [this](put_setting& x) { return put(x); },
      [this](const delete_setting& x) { return remove(x); },
      [this](const get_setting& x) -> caf::result<setting_found> {
        auto found = state_.get(x.ns, x.key);
        if (!found)
          return std::move(found.error());
        return setting_found{std::move(*found)};
      },
      [this](const list_settings& x) -> caf::result<settings_found> {
        auto found = state_.list(x.ns);
        if (!found)
          return std::move(found.error());
        return settings_found{std::move(*found)};
      },
      [this](const change_write_perm& x) {
        return write_perm_changed{
          state_.change_write_perm(x.broker_name, x.writable)};
      },
      [this](const list_routed_topics& x) { return state_.topics(x); },
      [this](const delete_route& x) {
        state_.delete_route(x.topic, x.cluster);
        return route_changed{};
      },
      [this](const put_route& x) {
        state_.put_route(x);
        return route_changed{};
      },
      [this](const find_broker& x) -> caf::result<broker_found> {
        auto found = state_.broker(x.name);
        if (!found)
          return std::move(found.error());
        return broker_found{std::move(*found)};
      },
      [this](const broker_expire_tick&) { expire(); },
    };
  }

  // Handles in a ring would keep each other, and their threads, for ever.
  void on_exit() override { store_ = state_store_actor{}; }

private:
  template <class T>
  static caf::result<T> result_of(caf::expected<T> x) {
    if (!x)
      return std::move(x.error());
    return std::move(*x);
  }

  void arm() {
    if (armed_)
      return;
    armed_ = true;
    delayed_send(this, limits::broker_scan_period, broker_expire_tick{});
  }

  void expire() {
    armed_ = false;
    for (const auto& broker : state_.expire(clock_()))
      log::warning("name_server", "broker expired: no heartbeat")
        .with("broker", broker);
    if (state_.has_brokers())
      arm();
  }

  caf::typed_response_promise<setting_changed> put(put_setting& x) {
    auto promise = make_response_promise<setting_changed>();
    if (x.ns.empty() || x.key.empty()) {
      promise.deliver(
        make_error(errc::malformed_request, "namespace or key is null"));
      return promise;
    }
    if (state_.settings() >= limits::kv_entries_max) {
      promise.deliver(make_error(errc::busy, "too many settings are held"));
      return promise;
    }
    state_.put(x.ns, x.key, x.value);
    keep(promise, {x.ns, x.key, x.value});
    return promise;
  }

  caf::typed_response_promise<setting_changed> remove(const delete_setting& x) {
    auto promise = make_response_promise<setting_changed>();
    state_.remove(x.ns, x.key);
    keep(promise, {x.ns, x.key, {}});
    return promise;
  }

  void keep(caf::typed_response_promise<setting_changed> promise,
            kv_entry entry) {
    if (!store_) {
      promise.deliver(setting_changed{});
      return;
    }
    request(store_, caf::infinite, put_kv{{std::move(entry)}})
      .then(
        [promise](const stored&) mutable {
          promise.deliver(setting_changed{});
        },
        [promise](caf::error& e) mutable { promise.deliver(std::move(e)); });
  }

  state_store_actor store_;
  epoch_ms (*clock_)();
  name_server_state state_;
  bool armed_ = false;
};

} // namespace

name_server_actor spawn_name_server(caf::actor_system& system, placement where,
                                    name_server_options options) {
  return spawn_at<name_server_impl>(system, where, std::move(options));
}

} // namespace troupe
