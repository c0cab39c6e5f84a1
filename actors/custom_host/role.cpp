#include "custom_host/role.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <string_view>

namespace troupe {

namespace {

constexpr const char* paused_argument = "paused";

} // namespace

caf::expected<custom_role> role_of(const custom_spec& spec,
                                   const troupe_plugin_type& type) {
  static constexpr std::string_view own[] = {"attempts",   "failures",
                                             "backoff_ms", "deadline_ms",
                                             "on_failure", paused_argument};
  custom_role role;
  role.spec = spec;
  role.type = type;
  std::set<std::string_view> seen;
  for (const auto& argument : spec.arguments) {
    if (!seen.insert(argument.first).second)
      return make_error(errc::invalid_argument,
                        "argument `" + argument.first + "` is given twice");
    if (std::ranges::find(own, argument.first) == std::end(own))
      role.arguments.push_back(argument);
  }
  custom::arguments given{spec.arguments};
  try {
    auto& granted = role.granted;
    granted.attempts = given.number("attempts", granted.attempts, 1, 1000);
    granted.failures = given.number("failures", granted.failures, 1, 1'000'000);
    granted.backoff_ms =
      given.number("backoff_ms", granted.backoff_ms, 1, granted.backoff_ms_max);
    role.deadline_ms = given.number("deadline_ms", role.deadline_ms, 1, 60'000);
    auto policy = given.get("on_failure", "reject");
    if (policy != "reject" && policy != "accept")
      throw custom::refusal("argument `on_failure` is `" + policy
                            + "`, but must be reject or accept");
    role.policy = policy == "accept" ? on_failure::accept : on_failure::reject;
    auto paused = given.get(paused_argument, "false");
    if (paused != "true" && paused != "false")
      throw custom::refusal("argument `paused` is `" + paused
                            + "`, but must be true or false");
    role.suspended = paused == "true";
  } catch (const custom::refusal& x) {
    return make_error(errc::invalid_argument, x.what());
  }
  return role;
}

bool is_suspended(const custom_spec& spec) {
  return std::ranges::any_of(spec.arguments, [](const auto& argument) {
    return argument.first == paused_argument && argument.second == "true";
  });
}

void set_suspended(custom_spec& spec, bool suspended) {
  std::erase_if(spec.arguments, [](const auto& argument) {
    return argument.first == paused_argument;
  });
  if (suspended)
    spec.arguments.emplace_back(paused_argument, "true");
}

} // namespace troupe
