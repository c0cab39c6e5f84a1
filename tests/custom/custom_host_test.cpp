/// Custom actors in a running node: spawned, fed over sockets, failing, ended,
/// and there again after the node was ended or crashed.
#include "custom/actors.hpp"
#include "custom/running.hpp"

#include "support/catch.hpp"
#include "support/node.hpp"
#include "support/scratch.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

using namespace troupe;
using namespace troupe::test;

namespace {

const std::string plugins = TROUPE_TEST_PLUGINS;

const custom_spec copy{
  "copy", "copier", {{"from", "in"}, {"to", "out"}, {"backoff_ms", "10"}}};

} // namespace

TEST_CASE("custom_host: an actor consumes, sends, and keeps state") {
  scratch home;
  node node{options_in(home / "data")};
  client client{node.broker_port()};
  make_topic(client, "out");
  REQUIRE(ask<custom_changed>(node, spawn_custom{copy}));
  // A topic that is made later is consumed from its first message on.
  make_topic(client, "in");
  for (int i = 0; i < 300; ++i)
    REQUIRE(client.call(send_of("in", 0, "m" + std::to_string(i))).code == 0);
  CHECK(eventually([&] { return value(node, "copy", "count") == "300"; }));
  CHECK(eventually([&] { return report(node, "copy").lag == 0; }));
  auto seen = report(node, "copy");
  CHECK(seen.state == custom_state::running);
  CHECK(seen.consumed == 300);
  CHECK(seen.sent == 300);
  CHECK(seen.group == "custom-copy");
  CHECK(seen.state_rows == 1);
  auto copies = bodies(node, "out");
  REQUIRE(copies.size() == 32);
  CHECK(copies[31] == "m31");
  // Its progress is a group's, for whoever looks.
  CHECK(eventually([&] {
    return client
             .call(request(remoting::request_code::query_consumer_offset,
                           {{"consumerGroup", "custom-copy"},
                            {"topic", "in"},
                            {"queueId", "0"}}))
             .field("offset")
           == "300";
  }));
}

TEST_CASE("custom_host: a pattern means topics that come later, too") {
  scratch home;
  node node{options_in(home / "data")};
  client client{node.broker_port()};
  for (auto topic : {"out", "in-a", "other"})
    make_topic(client, topic);
  REQUIRE(client.call(send_of("in-a", 0, "early")).code == 0);
  auto spec = copy;
  spec.arguments[0].second = "in-*";
  REQUIRE(ask<custom_changed>(node, spawn_custom{spec}));
  make_topic(client, "in-b");
  REQUIRE(client.call(send_of("in-b", 0, "late")).code == 0);
  REQUIRE(client.call(send_of("other", 0, "not mine")).code == 0);
  REQUIRE(client.call(send_of("in-a", 0, "again")).code == 0);
  REQUIRE(eventually([&] { return value(node, "copy", "count") == "3"; }));
  auto copies = bodies(node, "out");
  std::ranges::sort(copies);
  CHECK(copies == std::vector<std::string>{"again", "early", "late"});
  CHECK(report(node, "copy").queues == 2);
}

TEST_CASE("custom_host: one that cannot go on holds one pull of a queue, the "
          "rest stays in the log") {
  scratch home;
  node node{options_in(home / "data")};
  client client{node.broker_port()};
  make_topic(client, "out");
  make_topic(client, "in");
  constexpr auto most =
    static_cast<std::int64_t>(limits::custom_batch_messages_max);
  REQUIRE(client.call(send_of("in", 0, "bad")).code == 0);
  for (std::int64_t i = 0; i < 2 * most; ++i)
    REQUIRE(client.call(send_of("in", 0, "good")).code == 0);
  auto spec = copy;
  spec.arguments = {
    {"from", "in"}, {"to", "out"}, {"times", "1"}, {"backoff_ms", "30000"}};
  REQUIRE(ask<custom_changed>(node, spawn_custom{spec}));
  REQUIRE(eventually(
    [&] { return report(node, "copy").state == custom_state::backing_off; }));
  auto seen = report(node, "copy");
  CHECK(seen.lag == 2 * most + 1);
  CHECK(seen.waiting > 0);
  CHECK(seen.waiting <= most);
  REQUIRE(ask<custom_changed>(node, restart_custom{"copy"}));
  CHECK(eventually([&] { return report(node, "copy").lag == 0; }));
  CHECK(value(node, "copy", "count") == std::to_string(2 * most + 1));
}

TEST_CASE("custom_host: actors come back with arguments, state and progress") {
  scratch home;
  {
    node node{options_in(home / "data")};
    client client{node.broker_port()};
    make_topic(client, "in");
    make_topic(client, "out");
    REQUIRE(ask<custom_changed>(node, spawn_custom{copy}));
    for (int i = 0; i < 10; ++i)
      client.call(send_of("in", 0, "m"));
    REQUIRE(eventually([&] { return value(node, "copy", "count") == "10"; }));
    node.stop();
  }
  {
    node node{options_in(home / "data")};
    client client{node.broker_port()};
    client.call(send_of("in", 0, "m"));
    CHECK(eventually([&] { return value(node, "copy", "count") == "11"; }));
    CHECK(report(node, "copy").spec.arguments == copy.arguments);
    CHECK(bodies(node, "out").size() == 11);
    REQUIRE(ask<custom_changed>(node, unspawn_custom{"copy"}));
    node.stop();
  }
  node node{options_in(home / "data")};
  auto list = ask<custom_list>(node, list_custom{});
  REQUIRE(list);
  CHECK(list->actors.empty());
  // Ended for good: the same name begins anew.
  REQUIRE(ask<custom_changed>(node, spawn_custom{copy}));
  CHECK(eventually([&] { return value(node, "copy", "count") == "11"; }));
  CHECK(bodies(node, "out").size() == 22);
}

TEST_CASE("custom_host: an exception makes an actor anew, a message that "
          "kills it is put aside") {
  scratch home;
  node node{options_in(home / "data")};
  client client{node.broker_port()};
  make_topic(client, "in");
  make_topic(client, "out");
  REQUIRE(ask<custom_changed>(node, spawn_custom{copy}));
  client.call(send_of("in", 0, "good", "KEYS\x01k1\x02"));
  client.call(send_of("in", 0, "bad", "KEYS\x01k2\x02"));
  client.call(send_of("in", 0, "better"));
  REQUIRE(eventually([&] { return value(node, "copy", "count") == "2"; }));
  CHECK(bodies(node, "out") == std::vector<std::string>{"good", "better"});
  auto seen = report(node, "copy");
  CHECK(seen.parked == 1);
  CHECK(seen.restarts == 3);
  CHECK(seen.last_parked == "in/0/1");
  CHECK(seen.last_error == "cannot take bad");
  auto aside = client.call(pull_of("g", "%DLQ%custom-copy", 0, 0));
  REQUIRE(aside.code == 0);
  auto record =
    storage::decode_record(aside.body.view(), storage::record_check::crc);
  REQUIRE(record);
  CHECK(record->body == "bad");
  CHECK(properties::find(record->properties, "PARKED_WHY")
        == "cannot take bad");
  CHECK(properties::find(record->properties, "KEYS") == "k2");
}

TEST_CASE("custom_host: too many failures in a row are a quarantine, until it "
          "is restarted") {
  scratch home;
  node node{options_in(home / "data")};
  client client{node.broker_port()};
  make_topic(client, "in");
  make_topic(client, "out");
  auto spec = copy;
  spec.arguments.emplace_back("failures", "2");
  REQUIRE(ask<custom_changed>(node, spawn_custom{spec}));
  client.call(send_of("in", 0, "bad"));
  REQUIRE(eventually(
    [&] { return report(node, "copy").state == custom_state::quarantined; }));
  CHECK(value(node, "copy", "count").starts_with("refused: quarantined"));
  // Others are served meanwhile, and so are producers.
  CHECK(client.call(send_of("in", 0, "good")).code == 0);
  REQUIRE(ask<custom_changed>(node, restart_custom{"copy"}));
  // The third attempt is the last one: the message goes aside.
  CHECK(eventually([&] { return value(node, "copy", "count") == "1"; }));
  CHECK(report(node, "copy").parked == 1);
}

TEST_CASE("custom_host: what an answer tells has been made durable") {
  scratch home;
  {
    node node{options_in(home / "data")};
    REQUIRE(ask<custom_changed>(node, spawn_custom{copy}));
    REQUIRE(ask<custom_answer>(
      node, ask_custom{"copy", "set", {{"key", "k"}, {"value", "v"}}}));
    CHECK(value(node, "copy", "k") == "v");
    CHECK(refusal<custom_answer>(node, ask_custom{"copy", "what", {}})
          == "no such question");
    CHECK(refusal<custom_answer>(node, ask_custom{"other", "get", {}})
            .starts_with("no custom actor is called `other`"));
    node.stop();
  }
  node node{options_in(home / "data")};
  CHECK(value(node, "copy", "k") == "v");
}

TEST_CASE("custom_host: what cannot be spawned is refused in a sentence") {
  scratch home;
  node node{options_in(home / "data")};
  auto spawn = [&](custom_spec spec) {
    return refusal<custom_changed>(node, spawn_custom{std::move(spec)});
  };
  CHECK(spawn({"x", "other", {}})
        == "no type is called `other`; there are: clerk, copier, judge");
  CHECK(spawn({"x", "copier", {{"from", "in"}}})
        == "argument `to` is missing: write to=VALUE");
  auto slip = copy;
  slip.arguments.emplace_back("too", "y");
  CHECK(spawn(slip)
        == "argument `too` is not known to copier, which takes: from=TOPIC "
           "to=TOPIC [times=N]");
  auto patience = copy;
  patience.arguments.emplace_back("attempts", "none");
  CHECK(spawn(patience)
        == "argument `attempts` is `none`, but must be a number from 1 to "
           "1000");
  auto twice = copy;
  twice.arguments.emplace_back("from", "y");
  CHECK(spawn(twice) == "argument `from` is given twice");
  CHECK(spawn({"a b", "copier", {}}).starts_with("an actor's name has 1 to"));
  CHECK(spawn(copy).empty());
  CHECK(spawn(copy) == "an actor is already called `copy`; `unspawn` ends it");
  CHECK(refusal<custom_changed>(node, unspawn_custom{"x"})
          .starts_with("no custom actor is called `x`"));
  CHECK(refusal<custom_changed>(node, restart_custom{"x"})
          .starts_with("no custom actor is called `x`"));
  auto list = ask<custom_list>(node, list_custom{});
  REQUIRE(list);
  CHECK(list->actors.size() == 1);
}

TEST_CASE("custom_host: a refused actor of the configuration is shown, the "
          "node starts") {
  scratch home;
  auto options = options_in(home / "data");
  options.custom.specs = {copy, {"wrong", "missing", {}}};
  node node{options};
  CHECK(report(node, "copy").state == custom_state::running);
  auto wrong = report(node, "wrong");
  CHECK(wrong.state == custom_state::refused);
  CHECK(wrong.last_error
        == "no type is called `missing`; there are: clerk, copier, judge");
  REQUIRE(ask<custom_changed>(node, unspawn_custom{"wrong"}));
}

TEST_CASE("custom_host: plug-ins bring types; what is none is refused") {
  scratch home;
  std::ofstream{home / "text.so"} << "no library";
  auto options = options_in(home / "data");
  options.custom.plugins = {plugins + "/word_count.so"};
  node node{options};
  auto load = [&](const std::string& file) {
    return refusal<plugin_loaded>(node, load_plugin{file});
  };
  auto other_abi = plugins + "/other_abi.so";
  CHECK(load(other_abi)
        == "plug-in " + other_abi
             + " is refused: it was built for plug-in ABI 7, this node has 2; "
               "build it again with this version's headers");
  CHECK(load(plugins + "/other_toolchain.so")
          .ends_with("it was built with another compiler, this node with "
                     "libstdc++ cxx11"));
  CHECK(load(plugins + "/no_entry.so")
          .ends_with("it has no function troupe_plugin_entry; put "
                     "TROUPE_PLUGIN(...) into one of its sources"));
  CHECK(load(plugins + "/no_types.so").ends_with("it brings no type"));
  CHECK(load(home / "text.so").find("cannot be loaded") != std::string::npos);
  CHECK(load(home / "none.so").find("cannot be loaded") != std::string::npos);
  CHECK(load(plugins + "/word_count.so")
          .ends_with("a type `word_count` is already there, from " + plugins
                     + "/word_count.so"));
  auto list = ask<custom_list>(node, list_custom{});
  REQUIRE(list);
  CHECK(list->refused.size() == 7);
  REQUIRE(list->types.size() == 4);
  CHECK(list->types[3].name == "word_count");
  CHECK(list->types[3].arguments == "from=TOPIC to=TOPIC");

  client client{node.broker_port()};
  make_topic(client, "lines");
  make_topic(client, "counts");
  REQUIRE(ask<custom_changed>(
    node, spawn_custom{
            {"words", "word_count", {{"from", "lines"}, {"to", "counts"}}}}));
  client.call(send_of("lines", 0, "To be, or not to be"));
  CHECK(eventually([&] { return bodies(node, "counts").size() == 6; }));
  CHECK(bodies(node, "counts")
        == std::vector<std::string>{"to 1", "be 1", "or 1", "not 1", "to 2",
                                    "be 2"});
}

TEST_CASE("custom_host: a plug-in directory is loaded whole") {
  scratch home;
  std::filesystem::create_directories(home / "plugins");
  std::filesystem::copy(plugins + "/word_count.so", home / "plugins/wc.so");
  std::ofstream{home / "plugins/bad.so"} << "no library";
  std::ofstream{home / "plugins/readme.txt"} << "text";
  auto options = options_in(home / "data");
  options.custom.plugin_directories = {home / "plugins", home / "none"};
  node node{options};
  auto list = ask<custom_list>(node, list_custom{});
  REQUIRE(list);
  CHECK(list->types.size() == 4);
  CHECK(list->refused.size() == 2);
}

TEST_CASE("custom_host: people load plug-ins from trusted directories only") {
  scratch home;
  namespace fs = std::filesystem;
  fs::create_directory(home / "trusted");
  fs::create_directory(home / "elsewhere");
  fs::copy_file(plugins + "/word_count.so", home / "elsewhere/word_count.so");
  auto options = options_in(home / "data");
  options.custom.plugin_directories = {home / "trusted"};
  node node{options};
  fs::create_symlink(home / "elsewhere/word_count.so",
                     home / "trusted/link.so");
  auto refused = [&](const std::string& file) {
    return refusal<plugin_loaded>(node, load_trusted_plugin{file});
  };
  CHECK(refused("word_count.so").find("there is no such file")
        != std::string::npos);
  CHECK(refused(home / "elsewhere/word_count.so")
          .find("does not lie in " + (home / "trusted"))
        != std::string::npos);
  CHECK(refused("link.so").find("does not lie in") != std::string::npos);
  fs::copy_file(plugins + "/word_count.so", home / "trusted/word_count.so");
  CHECK(refused("word_count.so").empty());
  REQUIRE(ask<custom_changed>(
    node, spawn_custom{{"w", "word_count", {{"from", "in"}, {"to", "out"}}}}));
}

TEST_CASE("custom_host: an actor whose group is paused consumes nothing") {
  scratch home;
  node node{options_in(home / "data")};
  client client{node.broker_port()};
  make_topic(client, "in");
  make_topic(client, "out");
  REQUIRE(ask<custom_changed>(node, spawn_custom{copy}));
  REQUIRE(eventually([&] { return !report(node, "copy").paused; }));
  auto enable = [&](bool consumes) {
    group_config config;
    config.name = "custom-copy";
    config.consume_enable = consumes;
    caf::scoped_actor self{node.system()};
    self->request(node.cast().directory, 5s, update_group{config})
      .receive([](const directory_changed&) {},
               [](const caf::error& e) { FAIL(describe(e)); });
  };
  enable(false);
  REQUIRE(eventually([&] { return report(node, "copy").paused; }));
  // What wakes its queue wakes that of another, who consumes.
  auto other = copy;
  other.name = "other";
  REQUIRE(ask<custom_changed>(node, spawn_custom{other}));
  REQUIRE(eventually([&] { return !report(node, "other").paused; }));
  REQUIRE(client.call(send_of("in", 0, "m")).code == 0);
  REQUIRE(eventually([&] { return report(node, "other").consumed == 1; }));
  CHECK(report(node, "copy").consumed == 0);
  enable(true);
  CHECK(eventually([&] { return report(node, "copy").consumed == 1; }));
}
