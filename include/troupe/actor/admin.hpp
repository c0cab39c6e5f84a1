/// The typed door of the shell: a verb and its words in, a table out. The only
/// actor that other processes can reach.
/// Spawned by supervisor. Asks every role. Each request has a thread of its
/// own while it lasts, so a slow one holds up nobody.
#pragma once

#include "troupe/model/table.hpp"

#include <caf/typed_actor.hpp>

#include "troupe/type_ids.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace troupe {

/// A line of the shell, already cut into words: `topic create orders --queues
/// 4` is the verb `topic` and five arguments.
struct admin_request {
  std::string verb;
  std::vector<std::string> arguments;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, admin_request& x) {
  return f(caf::meta::type_name("troupe.admin_request"), x.verb, x.arguments);
}

/// What is published: the whole of what another process can ask.
using admin_actor = caf::typed_actor<
  // Errors: invalid_argument, path_not_found, busy and those of the actors
  // that were asked.
  caf::replies_to<admin_request>::with<table>>;

/// A question in words to an actor of its own path, `ask PATH WORD ARGS`. Every
/// such actor should know the word `show`: its live state as fields.
struct actor_question {
  std::string word;
  std::vector<std::string> arguments;
};

/// An actor that answers the shell itself, such as a custom one.
using askable_actor = caf::typed_actor<
  // Errors: not_supported for a word that it does not know.
  caf::replies_to<actor_question>::with<table>>;

/// Puts an actor at a path, such as `/custom/wordcount`, until it dies or
/// unregister_path. A second one at the same path takes its place.
///
/// The actor at the first part of a path (`/custom`), when there is one, is the
/// manager of all below it: it is asked `spawn TYPE NAME ARGS`, `unspawn PATH`,
/// `kill PATH`, `pause PATH` and `resume PATH`, and `ps` for rows with the
/// columns that it shares with `ps` of the shell (path, kind, state, mailbox,
/// ...).
struct register_path {
  std::string path; ///< begins with `/`, no blanks
  std::string kind; ///< a word for lists: `custom`
  askable_actor actor;
};

struct path_registered {};

struct unregister_path {
  std::string path;
};

/// Ends the admin actor. It hears of nothing else: exit messages can come from
/// other processes and are dropped.
struct end_admin {};

/// The admin actor within the process.
using admin_door = admin_actor::extend<
  // Errors: invalid_argument (a bad path, or one of the node's own), busy.
  caf::replies_to<register_path>::with<path_registered>,
  caf::reacts_to<unregister_path>, caf::reacts_to<end_admin>>;

} // namespace troupe
