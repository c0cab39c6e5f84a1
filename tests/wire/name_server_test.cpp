/// The name server's side of a node.
#include "remoting/bodies/topic_bodies.hpp"
#include "remoting/json_value.hpp"

#include "support/catch.hpp"
#include "support/node.hpp"
#include "support/scratch.hpp"

using namespace troupe;
using namespace troupe::remoting;

TEST_CASE("a route names the address that the client used") {
  test::scratch home;
  test::node node{home / "data"};
  test::client broker{node.broker_port()};
  REQUIRE(broker.call(test::send_of("T", 0, "x")).code == 0);
  test::client client{node.name_server_port()};
  auto route = client.call(
    test::request(request_code::get_routeinfo_by_topic, {{"topic", "T"}}));
  REQUIRE(route.code == 0);
  auto json = parse_json(route.body.view());
  REQUIRE(json);
  const auto* brokers = member_of(*json, "brokerDatas");
  REQUIRE(brokers);
  REQUIRE(brokers->Size() == 1);
  const auto* addresses = member_of((*brokers)[0], "brokerAddrs");
  REQUIRE(addresses);
  CHECK(text_of(*addresses, "0")
        == "127.0.0.1:" + std::to_string(node.broker_port()));
  CHECK(text_of((*brokers)[0], "brokerName") == "broker-a");
  auto unknown = client.call(
    test::request(request_code::get_routeinfo_by_topic, {{"topic", "None"}}));
  CHECK(unknown.code
        == static_cast<std::int32_t>(response_code::topic_not_exist));
  CHECK(unknown.remark.find("None") != std::string::npos);
}

TEST_CASE("settings of the name server are put, read, listed and removed") {
  test::scratch home;
  test::node node{home / "data"};
  test::client client{node.name_server_port()};
  auto put = [&](const std::string& key, const std::string& value) {
    return client
      .call(
        test::request(request_code::put_kv_config,
                      {{"namespace", "NS"}, {"key", key}, {"value", value}}))
      .code;
  };
  CHECK(put("a", "1") == 0);
  CHECK(put("b", "2") == 0);
  auto get = [&](const std::string& key) {
    return client.call(test::request(request_code::get_kv_config,
                                     {{"namespace", "NS"}, {"key", key}}));
  };
  CHECK(get("a").field("value") == "1");
  auto all = client.call(test::request(request_code::get_kvlist_by_namespace,
                                       {{"namespace", "NS"}}));
  auto json = parse_json(all.body.view());
  REQUIRE(json);
  const auto* table = member_of(*json, "table");
  REQUIRE(table);
  CHECK(table->MemberCount() == 2);
  CHECK(client
          .call(test::request(request_code::delete_kv_config,
                              {{"namespace", "NS"}, {"key", "a"}}))
          .code
        == 0);
  CHECK(get("a").code
        == static_cast<std::int32_t>(response_code::query_not_found));
}

TEST_CASE("a broker elsewhere may register only what has changed") {
  test::scratch home;
  test::node node{home / "data"};
  test::client broker{node.name_server_port()};
  auto register_topics = [&](std::vector<std::string> names, int counter) {
    broker_registration says;
    says.version = {0, 1, counter};
    for (const auto& name : names) {
      topic_config topic;
      topic.name = name;
      says.topics.push_back(topic);
    }
    return broker
      .call(test::request(request_code::register_broker,
                          {{"brokerName", "other"},
                           {"brokerAddr", "10.9.8.7:10911"},
                           {"clusterName", "DefaultCluster"},
                           {"haServerAddr", "10.9.8.7:10912"},
                           {"brokerId", "0"}},
                          encode_registration(says)))
      .code;
  };
  auto is_known = [&](const std::string& topic) {
    return broker
             .call(test::request(request_code::get_routeinfo_by_topic,
                                 {{"topic", topic}}))
             .code
           == 0;
  };
  REQUIRE(register_topics({"A", "B"}, 1) == 0);
  CHECK(is_known("A"));
  REQUIRE(register_topics({"C"}, 2) == 0);
  CHECK(is_known("A"));
  CHECK(is_known("B"));
  CHECK(is_known("C"));
  REQUIRE(register_topics({"D"}, 2) == 0); // made at the same time as C
  CHECK(is_known("D"));
}
