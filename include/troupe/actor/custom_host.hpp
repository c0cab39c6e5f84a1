/// Custom actors: the types that plug-ins and the program itself bring, the
/// actors that were spawned of them, and their supervision. What the shell and
/// an embedding program ask.
/// Spawned by supervisor. Sends to custom_runner, state_store, gateway.
#pragma once

#include "troupe/custom/plugin.hpp"
#include "troupe/custom/report.hpp"
#include "troupe/errc.hpp"
#include "troupe/units.hpp"

#include <caf/actor_control_block.hpp>
#include <caf/typed_actor.hpp>

#include "troupe/type_ids.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace troupe {

/// Loads a shared library. Errors: io_failed, invalid_argument, with one
/// sentence; the node goes on.
struct load_plugin {
  std::string file;
};

/// The same of a library in one of the directories that the node was started
/// with: what the shell may ask for. Errors besides: no_permission (it lies
/// elsewhere), not_supported (there is no such directory).
struct load_trusted_plugin {
  std::string file; ///< its name, or its path
};

struct plugin_loaded {
  std::string name;
  std::string version;
  std::vector<std::string> types;
};

/// Spawns an actor and keeps its spec: it is spawned again when the node
/// starts. Answered when it has started.
struct spawn_custom {
  custom_spec spec;
};

/// Ends an actor; its spec, state and progress go too.
struct unspawn_custom {
  std::string name;
};

/// Makes an actor anew from its arguments, now; also one in quarantine. State
/// and progress stay.
struct restart_custom {
  std::string name;
};

/// Has an actor not called, but for questions, until it is resumed; also after
/// a restart of the node. What others ask it meanwhile is as if it had failed.
struct suspend_custom {
  std::string name;
  bool suspended = true;
};

/// Done, durably.
struct custom_changed {};

/// Asks an actor a question of its own. Errors: not_found and what the actor
/// refuses with, as invalid_argument.
struct ask_custom {
  std::string name;
  std::string question;
  custom::fields arguments;
};

struct custom_answer {
  std::vector<custom::fields> rows;
};

struct list_custom {};

struct custom_list {
  std::vector<custom_report> actors; ///< by name
  /// Those that were not refused, by name.
  std::map<std::string, caf::strong_actor_ptr> runners;
  std::vector<custom_type> types;   ///< by name
  std::vector<std::string> refused; ///< a sentence for each plug-in not loaded
};

/// Ends all actors in order: what they have done is committed. Specs stay.
struct stop_custom {};

struct custom_stopped {
  std::vector<std::string> hanging; ///< names of those that do not return
};

/// Types that the program itself has, and what the node was started with. Once.
struct start_custom {
  std::vector<troupe_plugin_type> types;
  std::vector<std::string> plugins;            ///< files
  std::vector<std::string> plugin_directories; ///< every `.so` in them
  std::vector<custom_spec> specs;              ///< from the configuration
};

struct custom_started {};

using custom_host_actor = caf::typed_actor<
  // What is refused is logged and shown by list_custom; never an error.
  caf::replies_to<start_custom>::with<custom_started>,
  caf::replies_to<load_plugin>::with<plugin_loaded>,
  caf::replies_to<load_trusted_plugin>::with<plugin_loaded>,
  // Errors: invalid_argument, busy, state_write_failed.
  caf::replies_to<spawn_custom>::with<custom_changed>,
  caf::replies_to<unspawn_custom>::with<custom_changed>,
  caf::replies_to<restart_custom>::with<custom_changed>,
  caf::replies_to<suspend_custom>::with<custom_changed>,
  caf::replies_to<ask_custom>::with<custom_answer>,
  caf::replies_to<list_custom>::with<custom_list>,
  caf::replies_to<stop_custom>::with<custom_stopped>>;

} // namespace troupe
