/// The custom actor that every node has: lets all messages of a topic pass, to
/// measure what interception costs (`troupe bench --intercept`).
#pragma once

#include "troupe/custom_actor.hpp"

#include <string>

namespace troupe::app {

class pass : public custom::actor {
public:
  explicit pass(const custom::arguments& given) : topic_(given.need("topic")) {}

  void start(custom::setup& wants, custom::context&) override {
    wants.intercept(topic_);
  }

private:
  std::string topic_;
};

inline troupe_plugin_type pass_type() {
  return custom::type<pass>("pass", "topic=TOPIC");
}

} // namespace troupe::app
