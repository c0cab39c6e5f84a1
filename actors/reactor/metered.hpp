/// An actor class that counts what it does; see meter.hpp.
#pragma once

#include "reactor/meter.hpp"

#include <caf/actor_config.hpp>
#include <caf/actor_system.hpp>
#include <caf/execution_unit.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/resumable.hpp>
#include <caf/scheduled_actor.hpp>

#include <cstdlib>
#include <typeinfo>
#include <utility>

#include <cxxabi.h>

namespace troupe {

/// The name of the first thing in a message, without its namespace.
inline std::string message_name(const caf::type_erased_tuple& content) {
  if (content.size() == 0)
    return "empty";
  auto type = content.type(0);
  if (type.second == nullptr)
    return "built-in";
  int status = 0;
  std::unique_ptr<char, decltype(&std::free)> text{
    abi::__cxa_demangle(type.second->name(), nullptr, nullptr, &status),
    &std::free};
  std::string name = status == 0 ? text.get() : type.second->name();
  if (auto colons = name.rfind("::");
      colons != name.npos && name.find('<') == name.npos)
    name = name.substr(colons + 2);
  return name;
}

/// `Base` (a class-based event actor) with a meter.
template <class Base>
class metered : public Base, public has_meter {
public:
  using Base::Base;

  void enqueue(caf::mailbox_element_ptr element,
               caf::execution_unit* host) override {
    meter_.arrive();
    Base::enqueue(std::move(element), host);
  }

  void enqueue(caf::strong_actor_ptr from, caf::message_id id,
               caf::message content, caf::execution_unit* host) override {
    enqueue(
      caf::make_mailbox_element(std::move(from), id, {}, std::move(content)),
      host);
  }

  caf::resumable::resume_result resume(caf::execution_unit* host,
                                       std::size_t most) override {
    auto began = meter_.begin_run();
    // By its full name: a role may have a resume of its own.
    auto result = caf::scheduled_actor::resume(host, most);
    meter_.end_run(began);
    return result;
  }

  caf::invoke_message_result consume(caf::mailbox_element& element) override {
    meter_.handle();
    if (!meter_.is_tapped())
      return Base::consume(element);
    auto before = meter::clock_ns();
    auto name = message_name(element.content());
    auto began = meter::clock_ns();
    auto result = Base::consume(element);
    auto ended = meter::clock_ns();
    meter_.note(name, ended - began, began - before);
    return result;
  }

  std::size_t object_bytes() const override { return sizeof(*this); }
};

/// An actor with a meter whose behavior a function makes.
template <class Handle, class Make>
class metered_function final : public metered<typename Handle::base> {
public:
  metered_function(caf::actor_config& config, Make make)
    : metered<typename Handle::base>(config),
      make_(std::move(make)) {}

  typename Handle::behavior_type make_behavior() override {
    return make_(this);
  }

  std::size_t object_bytes() const override { return sizeof(*this); }

private:
  Make make_;
};

/// Spawns it on a thread of its own.
template <class Handle, class Make>
Handle spawn_metered(caf::actor_system& system, Make make) {
  return system.spawn<metered_function<Handle, Make>, caf::detached>(
    std::move(make));
}

} // namespace troupe
