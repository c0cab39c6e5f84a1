#include "shell/shell_node.hpp"

#include "app/shell/session.hpp"

#include "support/scratch.hpp"

#include <caf/actor_registry.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/io/middleman.hpp>

#include <cstdlib>
#include <fstream>
#include <optional>

using namespace troupe;
using namespace troupe::test;

namespace {

caf::behavior intruder(caf::event_based_actor* self) {
  // Its system waits for it to end.
  return {[](int x) { return x; }, caf::after(std::chrono::milliseconds{500}) >>
                                     [self] { self->quit(); }};
}

/// Another process, as far as CAF can tell.
struct stranger {
  caf::actor_system_config config;
  caf::actor_system system;

  explicit stranger(const tls_files& tls = {})
    : system(prepared(config, tls)) {}

  static caf::actor_system_config& prepared(caf::actor_system_config& config,
                                            const tls_files& tls) {
    prepare_network(config, tls);
    config.add_actor_type("intruder", intruder);
    return config;
  }
};

/// An authority and what it has signed, in files.
struct authority {
  std::string directory;

  explicit authority(std::string where) : directory(std::move(where)) {
    run("mkdir -p " + directory);
    run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
        "-subj /CN=test-authority -days 1 -keyout "
        + directory + "/ca.key -out " + directory + "/ca.pem");
  }

  tls_files sign(const std::string& name) const {
    auto base = directory + "/" + name;
    run("openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "
        "/CN="
        + name + " -keyout " + base + ".key -out " + base + ".csr");
    run("openssl x509 -req -in " + base + ".csr -CA " + directory
        + "/ca.pem -CAkey " + directory + "/ca.key -CAcreateserial -days 1 "
        + "-out " + base + ".pem");
    return {base + ".pem", base + ".key", directory + "/ca.pem"};
  }

  static void run(const std::string& command) {
    REQUIRE(std::system((command + " >/dev/null 2>&1").c_str()) == 0);
  }
};

} // namespace

TEST_CASE("door: off loopback it opens with mutual TLS only") {
  struct row {
    const char* listen;
    bool good;
  };

  auto x =
    GENERATE(row{"127.0.0.1", true}, row{"127.9.9.9", true}, row{"::1", true},
             row{"localhost", true}, row{"0.0.0.0", false},
             row{"10.0.0.1", false}, row{"::", false},
             row{"example.org", false}, row{"127.evil.example", false});
  CAPTURE(x.listen);
  auto error = check_door({x.listen, 0, {}});
  CHECK(!error == x.good);
  if (!x.good)
    CHECK(context_of(error).find("--shell-certificate") != std::string::npos);
}

TEST_CASE(
  "door: certificates that cannot work are named before anything runs") {
  scratch home;
  std::ofstream{home / "empty.pem"} << "nothing\n";
  std::ofstream{home / "cert.pem"} << "-----BEGIN CERTIFICATE-----\n";
  std::ofstream{home / "key.pem"} << "-----BEGIN PRIVATE KEY-----\n";
  auto says = [](const tls_files& files) {
    auto error = check_tls(files);
    CHECK(is(error, errc::bad_config));
    return context_of(error);
  };
  CHECK(says({home / "cert.pem", "", ""}).find("--shell-key is missing") == 0);
  CHECK(says({home / "missing", home / "key.pem", home / "cert.pem"})
          .find("cannot read")
        != std::string::npos);
  CHECK(says({home / "empty.pem", home / "key.pem", home / "cert.pem"})
          .find("no CERTIFICATE")
        != std::string::npos);
  CHECK_FALSE(
    check_tls({home / "cert.pem", home / "key.pem", home / "cert.pem"}));
}

TEST_CASE("door: a shell on this machine asks over the network") {
  scratch home;
  shell_node node{home.path()};
  app::session session{{"127.0.0.1", node.port(), {}}};
  auto listed = session.ask({"ls", {"/"}});
  REQUIRE(listed);
  CHECK(listed->rows.size() > 5);
  auto refused = session.ask({"topic", {"describe", "nothing"}});
  REQUIRE_FALSE(refused);
  CHECK(is(refused.error(), errc::topic_not_found));
}

TEST_CASE("door: when nobody is there, that is said at once") {
  app::session session{{"127.0.0.1", 1, {}}};
  auto answer = session.ask({"ls", {}});
  REQUIRE_FALSE(answer);
  CHECK(is(answer.error(), errc::not_ready));
}

TEST_CASE("door: a node that ends meanwhile is noticed") {
  scratch home;
  std::optional<app::session> session;
  {
    shell_node node{home.path()};
    session.emplace(app::node_address{"127.0.0.1", node.port(), {}});
    REQUIRE(session->ask({"ls", {}}));
  }
  auto answer = session->ask({"ls", {}});
  REQUIRE_FALSE(answer);
  CHECK((is(answer.error(), errc::client_gone)
         || is(answer.error(), errc::not_ready)));
}

TEST_CASE("door: nothing but the admin actor is reached, nothing is spawned") {
  scratch home;
  shell_node node{home.path(), {}, [](caf::actor_system_config& config) {
                    config.add_actor_type("intruder", intruder);
                  }};
  stranger other;
  auto& middleman = other.system.middleman();
  auto spawn_at = [&](const caf::node_id& there) {
    return bool{middleman.remote_spawn<caf::actor>(
      there, "intruder", caf::make_message(), std::chrono::seconds{2})};
  };
  // The attack works on a node that takes no care.
  stranger careless;
  caf::scoped_actor bait{careless.system};
  auto open = careless.system.middleman().publish(
    caf::actor_cast<caf::actor>(bait), 0, "127.0.0.1");
  REQUIRE(open);
  auto baited = middleman.remote_actor("127.0.0.1", *open);
  REQUIRE(baited);
  CHECK(spawn_at(baited->node()));
  // And not on ours, which knows the same actor type.
  auto admin = middleman.remote_actor<admin_actor>("127.0.0.1", node.port());
  REQUIRE(admin);
  CHECK_FALSE(spawn_at(admin->node()));
  CHECK(node.system().registry().named_actors().empty());
  // An interface that it does not have.
  CHECK_FALSE(middleman.remote_actor<askable_actor>("127.0.0.1", node.port()));
  // Messages that it does not know leave it as it was.
  caf::scoped_actor self{other.system};
  self->send(caf::actor_cast<caf::actor>(*admin), std::string{"let me in"}, 42);
  self->send_exit(*admin, caf::exit_reason::kill);
  // What comes behind them on the same connection is answered.
  self->request(*admin, std::chrono::seconds{20}, admin_request{"ls", {}})
    .receive([](const table& x) { CHECK(x.rows.size() > 5); },
             [](const caf::error& e) { FAIL(describe(e)); });
  CHECK(node.ask("ls"));
  app::session session{{"127.0.0.1", node.port(), {}}};
  CHECK(session.ask({"ls", {}}));
}

TEST_CASE("door: with TLS only those whom the authority knows are let in") {
  if (std::system("openssl version >/dev/null 2>&1") != 0)
    FAIL("openssl is missing: apt-get install openssl");
  scratch home;
  authority ours{home / "ours"};
  authority theirs{home / "theirs"};
  shell_node node{home / "data", ours.sign("node")};
  auto ask = [&](const tls_files& tls) {
    app::session session{{"127.0.0.1", node.port(), tls}};
    return session.ask({"topic", {"create", "made-by-shell"}});
  };
  // Without a certificate, or with one that somebody else signed, also when it
  // is told to trust our authority.
  CHECK_FALSE(ask({}));
  auto foreign = theirs.sign("shell");
  CHECK_FALSE(ask(foreign));
  foreign.authority = home / "ours/ca.pem";
  CHECK_FALSE(ask(foreign));
  CHECK_FALSE(node.ask("topic", {"describe", "made-by-shell"}));
  // And the door still works for those it is for.
  auto known = ask(ours.sign("shell"));
  if (!known)
    FAIL(describe(known.error()));
  CHECK(node.ask("topic", {"describe", "made-by-shell"}));
}
