/// Asks the custom actors of a running node, and what it has stored.
#pragma once

#include "custom/actors.hpp"
#include "storage/record.hpp"
#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/node.hpp"
#include "support/records.hpp"

#include <caf/scoped_actor.hpp>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

namespace troupe::test {

using namespace std::chrono_literals;

template <class Reply, class Message>
inline caf::expected<Reply> ask(node& node, Message message) {
  caf::scoped_actor self{node.system()};
  caf::expected<Reply> result = caf::sec::request_timeout;
  self->request(node.cast().custom_host, 15s, std::move(message))
    .receive([&](Reply& x) { result = std::move(x); },
             [&](caf::error& e) { result = std::move(e); });
  return result;
}

/// Why a request was refused; empty when it was not.
template <class Reply, class Message>
inline std::string refusal(node& node, Message message) {
  auto answer = ask<Reply>(node, std::move(message));
  return answer ? "" : context_of(answer.error());
}

inline custom_report report(node& node, const std::string& name) {
  auto list = ask<custom_list>(node, list_custom{});
  REQUIRE(list);
  for (const auto& x : list->actors)
    if (x.spec.name == name)
      return x;
  FAIL("no actor is called " << name);
  return {};
}

inline std::string value(node& node, const std::string& name,
                         const std::string& key) {
  auto answer =
    ask<custom_answer>(node, ask_custom{name, "get", {{"key", key}}});
  return answer ? answer->rows.at(0).at(0).second
                : "refused: " + context_of(answer.error());
}

/// Bodies of queue 0 of a topic.
inline std::vector<std::string> bodies(node& node, const std::string& topic) {
  client client{node.broker_port()};
  return bodies_of(client.call(pull_of("reader", topic, 0, 0)));
}

inline void make_topic(client& client, const std::string& name) {
  REQUIRE(client.call(create_of(name, 1)).code == 0);
}

inline cast_options options_in(const std::string& directory) {
  cast_options options;
  options.data_directory = directory;
  options.custom.types = {copier_type(), judge_type(), clerk_type()};
  return options;
}

} // namespace troupe::test
