/// A whole node within a program: broker, name server and custom actors, as
/// `troupe node` is. Link `troupe::node`. The header needs nothing but the
/// standard library.
///
///     auto made = troupe::node::start({{"data", "./data"}, {"broker-port",
///     "0"}}); if (!made.running)
///       return fail(made.refused);
///     made.running->broker_port();
#pragma once

#include "troupe/custom/plugin.hpp"
#include "troupe/custom/report.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// All calls block, and may come from any thread but a custom actor's own.
class node {
public:
  struct started {
    std::unique_ptr<node> running; ///< null: it could not be started
    std::string refused;           ///< why, in one sentence
  };

  /// Starts a node and returns when it serves.
  /// @param options  names and values as `troupe node --help` lists them,
  ///                 without the dashes; `plugin`, `plugin-dir` and
  ///                 `custom.NAME` may be repeated. Port 0: any free one.
  /// @param types    custom actors of the program itself
  static started start(const custom::fields& options,
                       std::vector<troupe_plugin_type> types = {});

  /// Stops it, unless that was done.
  ~node();

  node(const node&) = delete;
  node& operator=(const node&) = delete;

  std::uint16_t broker_port() const;
  std::uint16_t name_server_port() const;

  /// Whether an actor died that the node cannot do without; it is to be stopped
  /// and started again then.
  bool has_failed() const;

  // -- custom actors: each call returns why not, empty when it was done -------

  std::string load_plugin(const std::string& file);
  std::string spawn(const custom_spec& spec);
  std::string unspawn(const std::string& name);
  std::string restart(const std::string& name);

  /// Has it not called, but for questions, until resume; also after a start.
  /// What it would judge meanwhile is as if it had failed.
  std::string pause(const std::string& name);
  std::string resume(const std::string& name);

  struct answered {
    std::vector<custom::fields> rows;
    std::string refused; ///< empty: it was answered
  };

  /// Asks a custom actor a question of its own.
  answered ask(const std::string& name, const std::string& question,
               const custom::fields& arguments = {});

  /// By name; empty when the node does not answer.
  std::vector<custom_report> list() const;

  /// Answers what is in flight, makes everything durable, ends.
  /// @returns what could not be done in order; empty: everything was
  std::string stop();

private:
  struct inside;

  explicit node(std::unique_ptr<inside> in);

  std::unique_ptr<inside> in_;
};

} // namespace troupe
