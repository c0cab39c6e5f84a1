#include "custom_host/custom_host.hpp"

#include "custom_host/plugin_library.hpp"
#include "custom_host/role.hpp"
#include "reactor/quiet.hpp"

#include "troupe/limits.hpp"
#include "troupe/model/names.hpp"

#include <caf/actor_cast.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <utility>

namespace troupe {

namespace {

class custom_host_impl : public custom_host_actor::base {
public:
  custom_host_impl(caf::actor_config& config, custom_host_options options)
    : custom_host_actor::base(config),
      options_(std::move(options)) {}

  const char* name() const override { return "custom_host"; }

  behavior_type make_behavior() override {
    make_quiet(*this);
    set_down_handler([this](const caf::down_msg& x) { bury(x); });
    return {
      [this](start_custom& x) { return start(x); },
      [this](const load_plugin& x) -> caf::result<plugin_loaded> {
        auto loaded = load(x.file);
        if (!loaded)
          return std::move(loaded.error());
        return *loaded;
      },
      [this](const load_trusted_plugin& x) -> caf::result<plugin_loaded> {
        auto file = find_trusted(x.file, directories_);
        if (!file)
          return std::move(file.error());
        auto loaded = load(*file);
        if (!loaded)
          return std::move(loaded.error());
        return *loaded;
      },
      [this](spawn_custom& x) { return spawn(x.spec); },
      [this](const unspawn_custom& x) { return unspawn(x.name); },
      [this](const restart_custom& x) { return restart(x.name); },
      [this](const suspend_custom& x) { return suspend(x); },
      [this](ask_custom& x) { return ask(x); },
      [this](const list_custom&) { return list(); },
      [this](const stop_custom&) { return stop(); },
    };
  }

  // Handles in a ring would keep each other, and their threads, for ever.
  void on_exit() override {
    for (auto& [name, x] : actors_)
      if (x.runner)
        send_exit(x.runner, caf::exit_reason::user_shutdown);
    actors_.clear();
    options_ = {};
  }

private:
  template <class Reply>
  using promise = caf::typed_response_promise<Reply>;

  struct type_entry {
    troupe_plugin_type type{};
    std::string plugin;
  };

  struct actor_entry {
    custom_spec spec;
    custom_runner_actor runner; ///< null: refused
    std::string refused;        ///< why; empty: it runs
    std::string group;
    interceptor_link intercepts; ///< no topics: it does not
    filter_link filters;         ///< no deliveries: likewise
    responder_link checks;       ///< no groups: likewise
    std::size_t asks = 0;        ///< that are open
    bool ending = false;

    /// Whether others send to it of their own accord.
    bool is_asked() const {
      return !intercepts.topics.empty() || !filters.deliveries.empty()
             || !checks.groups.empty();
    }
  };

  using then_fn = std::function<void(const caf::error&)>;

  // -- types ------------------------------------------------------------------

  caf::expected<plugin_loaded> load(const std::string& file) {
    auto library = open_plugin(file);
    if (!library) {
      note_refused(context_of(library.error()));
      return std::move(library.error());
    }
    for (const auto& type : library->types)
      if (auto known = types_.find(type.name); known != types_.end()) {
        auto why = "plug-in " + file + " is refused: a type `" + type.name
                   + "` is already there, from " + known->second.plugin;
        note_refused(why);
        return make_error(errc::invalid_argument, why);
      }
    plugin_loaded result{library->name, library->version, {}};
    for (const auto& type : library->types) {
      types_.emplace(type.name, type_entry{type, file});
      result.types.emplace_back(type.name);
    }
    log::info("custom_host", "plug-in loaded")
      .with("file", file)
      .with("name", library->name)
      .with("version", library->version)
      .with("types", result.types.size());
    return result;
  }

  void note_refused(const std::string& why) {
    log::error("custom_host", "plug-in refused").with("why", why);
    if (refused_.size() < limits::custom_actors_max)
      refused_.push_back(why);
  }

  // -- start ------------------------------------------------------------------

  promise<custom_started> start(start_custom& wish) {
    for (const auto& type : wish.types)
      types_.emplace(type.name, type_entry{type, "built in"});
    for (const auto& file : wish.plugins)
      static_cast<void>(load(file)); // a refusal is logged and listed
    directories_ = wish.plugin_directories;
    for (const auto& directory : directories_) {
      auto files = list_plugins(directory);
      if (!files)
        note_refused(context_of(files.error()));
      else
        for (const auto& file : *files)
          static_cast<void>(load(file));
    }
    auto specs = std::move(wish.specs);
    for (const auto& x : specs)
      configured_.insert(x.name);
    for (auto& x : options_.stored) {
      auto same = std::ranges::find(specs, x.name, &custom_spec::name);
      if (same != specs.end()) { // the configuration's come first
        if (is_suspended(x))
          set_suspended(*same, true);
      } else if (!x.type.empty()) {
        specs.push_back(std::move(x));
      }
    }
    options_.stored.clear();
    auto answer = make_response_promise<custom_started>();
    auto open = std::make_shared<std::size_t>(specs.size() + 1);
    auto one_done = [this, open, answer]() mutable {
      if (--*open > 0)
        return;
      tell_links([answer](const caf::error&) mutable { // clients are let in
        answer.deliver(custom_started{});
      });
    };
    for (const auto& spec : specs)
      raise(spec, [this, spec, one_done](const caf::error& error) mutable {
        if (error)
          refuse(spec, context_of(error));
        one_done();
      });
    one_done();
    return answer;
  }

  /// Keeps an actor that could not be spawned, to be seen.
  void refuse(const custom_spec& spec, const std::string& why) {
    log::error("custom_host", "actor cannot be spawned")
      .with("name", spec.name)
      .with("type", spec.type)
      .with("why", why);
    if (actors_.contains(spec.name)
        || actors_.size() >= limits::custom_actors_max)
      return;
    actor_entry entry;
    entry.spec = spec;
    entry.refused = why;
    actors_.emplace(spec.name, std::move(entry));
  }

  // -- spawning ---------------------------------------------------------------

  caf::error check(const custom_spec& spec) const {
    auto bad = [](std::string why) {
      return make_error(errc::invalid_argument, std::move(why));
    };
    if (spec.name.empty() || spec.name.size() > limits::custom_name_bytes_max
        || !names::has_legal_characters(spec.name)
        || spec.name.find_first_of("%|") != spec.name.npos)
      return bad("an actor's name has 1 to "
                 + std::to_string(limits::custom_name_bytes_max)
                 + " letters, digits, `_` and `-`; `" + spec.name
                 + "` has not");
    if (auto known = actors_.find(spec.name);
        known != actors_.end() && known->second.runner)
      return bad("an actor is already called `" + spec.name
                 + "`; `unspawn` ends it");
    if (actors_.size() >= limits::custom_actors_max)
      return make_error(errc::busy, "there are "
                                      + std::to_string(actors_.size())
                                      + " custom actors, the bound");
    if (types_.contains(spec.type))
      return caf::none;
    std::string known;
    for (const auto& [name, type] : types_)
      known += (known.empty() ? "" : ", ") + name;
    return bad(
      "no type is called `" + spec.type + "`; there "
      + (known.empty() ? "is none: load a plug-in first" : "are: " + known));
  }

  /// Spawns and starts a runner; `then` hears how it went.
  void raise(const custom_spec& spec, then_fn then) {
    if (auto error = check(spec))
      return then(error);
    auto role = role_of(spec, types_.at(spec.type).type);
    if (!role)
      return then(role.error());
    actor_entry entry;
    entry.spec = spec;
    auto deadline_ms = role->deadline_ms;
    auto policy = role->policy;
    entry.runner = options_.make_runner(std::move(*role));
    entry.intercepts = {spec.name,
                        {},
                        caf::actor_cast<interceptor_actor>(entry.runner),
                        deadline_ms,
                        policy};
    entry.filters = {spec.name,
                     {},
                     caf::actor_cast<delivery_filter_actor>(entry.runner),
                     deadline_ms,
                     policy};
    entry.checks = {
      spec.name, {}, caf::actor_cast<check_responder_actor>(entry.runner)};
    monitor(entry.runner);
    auto runner = entry.runner;
    auto name = spec.name;
    actors_[name] = std::move(entry);
    request(runner, limits::custom_ask_timeout, start_runner{})
      .then(
        [this, name, then](const runner_started& x) { risen(name, x, then); },
        [this, name, then](const caf::error& error) {
          fall(name);
          then(is_troupe(error) ? error
                                : make_error(errc::invalid_argument,
                                             "it did not start within 10 s"));
        });
  }

  static bool is_troupe(const caf::error& error) {
    return error.category() == errc_category;
  }

  void risen(const std::string& name, const runner_started& x,
             const then_fn& then) {
    auto found = actors_.find(name);
    if (found == actors_.end())
      return then(make_error(errc::invalid_argument, "it was just ended"));
    for (const auto& [other, entry] : actors_)
      if (other != name && !x.group.empty() && entry.group == x.group) {
        fall(name);
        return then(make_error(errc::invalid_argument,
                               "group " + x.group + " is consumed by actor `"
                                 + other + "`; each has a group of its own"));
      }
    found->second.group = x.group;
    log::info("custom_host", "actor spawned")
      .with("name", name)
      .with("type", found->second.spec.type);
    auto& entry = found->second;
    entry.intercepts.topics = x.intercepts;
    entry.filters.deliveries = x.filters;
    entry.checks.groups = x.checks;
    if (!entry.is_asked())
      return then(caf::none);
    tell_links(then);
  }

  /// Those who ask custom actors learn anew whom, by name.
  void tell_links(const then_fn& then) {
    set_custom_links links;
    set_check_responders responders;
    for (const auto& [name, x] : actors_) {
      if (!x.runner || x.ending)
        continue;
      if (!x.intercepts.topics.empty())
        links.interceptors.push_back(x.intercepts);
      if (!x.filters.deliveries.empty())
        links.filters.push_back(x.filters);
      if (!x.checks.groups.empty())
        responders.links.push_back(x.checks);
    }
    if (options_.transactions) // sees the new ones before a client can
      request(options_.transactions, limits::ask_timeout, std::move(responders))
        .then([](const check_responders_set&) {});
    request(options_.gateway, limits::ask_timeout, std::move(links))
      .then([then](const custom_links_set&) { then(caf::none); },
            [then](const caf::error& error) { then(error); });
  }

  void fall(const std::string& name) {
    auto found = actors_.find(name);
    if (found == actors_.end())
      return;
    auto runner = found->second.runner;
    auto was_asked = found->second.is_asked();
    demonitor(runner.address());
    actors_.erase(found);
    if (was_asked) // the gateway first, or what it sends would be dropped
      tell_links([this, runner](const caf::error&) {
        send_exit(runner, caf::exit_reason::user_shutdown);
      });
    else
      send_exit(runner, caf::exit_reason::user_shutdown);
  }

  promise<custom_changed> spawn(const custom_spec& spec) {
    auto answer = make_response_promise<custom_changed>();
    // One that was refused at start may be spawned again, rightly.
    if (auto known = actors_.find(spec.name);
        known != actors_.end() && !known->second.runner)
      actors_.erase(known);
    raise(spec, [this, answer, spec](const caf::error& error) mutable {
      if (error) {
        answer.deliver(error);
        return;
      }
      request(options_.store, caf::infinite, put_custom_spec{spec})
        .then(
          [answer](const stored&) mutable { answer.deliver(custom_changed{}); },
          [answer](caf::error& e) mutable { answer.deliver(std::move(e)); });
    });
    return answer;
  }

  actor_entry* find(const std::string& name) {
    auto found = actors_.find(name);
    return found == actors_.end() ? nullptr : &found->second;
  }

  static caf::error not_there(const std::string& name) {
    return make_error(errc::invalid_argument,
                      "no custom actor is called `" + name
                        + "`; `ls /custom` in the shell lists those there "
                          "are");
  }

  promise<custom_changed> unspawn(const std::string& name) {
    auto answer = make_response_promise<custom_changed>();
    auto* found = find(name);
    if (found == nullptr || found->ending) {
      answer.deliver(not_there(name));
      return answer;
    }
    if (!found->runner) {
      actors_.erase(name);
      forget(name, answer);
      return answer;
    }
    found->ending = true;
    if (!found->is_asked()) {
      end(name, answer);
      return answer;
    }
    // The gateway first, or what it sends to a runner that ends is refused.
    tell_links([this, name, answer](const caf::error&) { end(name, answer); });
    return answer;
  }

  /// Ends a runner that nobody asks any more; what it kept goes too.
  void end(const std::string& name, promise<custom_changed> answer) {
    auto* found = find(name);
    if (found == nullptr || !found->runner) {
      answer.deliver(not_there(name));
      return;
    }
    request(found->runner, limits::custom_ask_timeout, stop_runner{})
      .then(
        [this, name, answer](const runner_stopped&) {
          fall(name);
          log::info("custom_host", "actor ended").with("name", name);
          forget(name, answer);
        },
        [this, name, answer](const caf::error&) mutable {
          if (auto* entry = find(name)) {
            entry->ending = false;
            if (entry->is_asked()) // as before: it goes on
              tell_links([](const caf::error&) {});
          }
          answer.deliver(make_error(
            errc::busy, "a call of `" + name
                          + "` does not return, or what it did cannot be "
                            "stored; it is not ended"));
        });
  }

  /// Spec, state and progress go.
  void forget(const std::string& name, promise<custom_changed> answer) {
    request(options_.store, caf::infinite, remove_custom{name})
      .then(
        [answer](const stored&) mutable { answer.deliver(custom_changed{}); },
        [answer](caf::error& e) mutable { answer.deliver(std::move(e)); });
  }

  promise<custom_changed> restart(const std::string& name) {
    auto answer = make_response_promise<custom_changed>();
    auto* found = find(name);
    if (found == nullptr) {
      answer.deliver(not_there(name));
      return answer;
    }
    if (!found->runner) {
      auto spec = found->spec;
      actors_.erase(name);
      raise(spec, [this, spec, answer](const caf::error& error) mutable {
        if (error) {
          refuse(spec, context_of(error));
          answer.deliver(error);
        } else {
          answer.deliver(custom_changed{});
        }
      });
      return answer;
    }
    request(found->runner, limits::ask_timeout, restart_runner{})
      .then(
        [answer](const runner_restarted&) mutable {
          answer.deliver(custom_changed{});
        },
        [answer, name](const caf::error&) mutable {
          answer.deliver(
            make_error(errc::busy, "a call of `" + name + "` does not return"));
        });
    return answer;
  }

  promise<custom_changed> suspend(const suspend_custom& x) {
    auto answer = make_response_promise<custom_changed>();
    auto* found = find(x.name);
    if (found == nullptr || found->ending) {
      answer.deliver(not_there(x.name));
      return answer;
    }
    if (!found->runner) {
      answer.deliver(
        make_error(errc::invalid_argument, "refused: " + found->refused));
      return answer;
    }
    auto kept = found->spec;
    if (configured_.contains(x.name)) { // it is spawned by that: only a mark
      kept.type.clear();
      kept.arguments.clear();
    }
    set_suspended(kept, x.suspended);
    request(options_.store, caf::infinite, put_custom_spec{std::move(kept)})
      .then(
        [this, x, answer](const stored&) mutable {
          if (auto* entry = find(x.name); entry != nullptr && entry->runner) {
            set_suspended(entry->spec, x.suspended);
            send(entry->runner, suspend_runner{x.suspended});
          }
          log::info("custom_host",
                    x.suspended ? "actor paused" : "actor goes on")
            .with("name", x.name);
          answer.deliver(custom_changed{});
        },
        [answer](caf::error& e) mutable { answer.deliver(std::move(e)); });
    return answer;
  }

  /// A runner guards itself; if it dies all the same, that is seen.
  void bury(const caf::down_msg& x) {
    for (auto& [name, entry] : actors_)
      if (entry.runner && entry.runner.address() == x.source) {
        log::error("custom_host", "runner died").with("name", name);
        entry.runner = custom_runner_actor{};
        entry.intercepts.actor = interceptor_actor{};
        entry.filters.actor = delivery_filter_actor{};
        entry.checks.actor = check_responder_actor{};
        entry.refused = "its runner died: " + describe(x.reason);
        tell_links([](const caf::error&) {});
      }
  }

  // -- questions --------------------------------------------------------------

  promise<custom_answer> ask(ask_custom& x) {
    auto answer = make_response_promise<custom_answer>();
    auto* found = find(x.name);
    if (found == nullptr) {
      answer.deliver(not_there(x.name));
      return answer;
    }
    if (!found->runner) {
      answer.deliver(
        make_error(errc::invalid_argument, "refused: " + found->refused));
      return answer;
    }
    if (found->asks >= limits::custom_asks_max) {
      answer.deliver(make_error(errc::busy, std::to_string(found->asks)
                                              + " questions to `" + x.name
                                              + "` are open"));
      return answer;
    }
    ++found->asks;
    auto name = x.name;
    auto settle = [this, name] {
      if (auto* entry = find(name))
        --entry->asks;
    };
    request(found->runner, limits::custom_ask_timeout,
            ask_runner{std::move(x.question), std::move(x.arguments)})
      .then(
        [answer, settle](custom_answer& rows) mutable {
          settle();
          answer.deliver(std::move(rows));
        },
        [answer, settle](caf::error& error) mutable {
          settle();
          if (is_troupe(error))
            answer.deliver(std::move(error));
          else
            answer.deliver(
              make_error(errc::busy, "it did not answer within 10 s"));
        });
    return answer;
  }

  promise<custom_list> list() {
    auto answer = make_response_promise<custom_list>();

    struct round {
      custom_list list;
      std::size_t open = 1;
      promise<custom_list> answer;

      void settle() {
        if (--open > 0)
          return;
        std::ranges::sort(list.actors, {}, [](const custom_report& x) {
          return std::string_view{x.spec.name};
        });
        answer.deliver(std::move(list));
      }
    };

    auto state = std::make_shared<round>();
    state->answer = answer;
    state->list.refused = refused_;
    for (const auto& [name, x] : types_)
      state->list.types.push_back({name, x.type.arguments, x.plugin});
    for (const auto& [name, x] : actors_) {
      custom_report lone;
      lone.spec = x.spec;
      lone.group = x.group;
      lone.is_asked = x.is_asked();
      lone.state = x.runner ? custom_state::silent : custom_state::refused;
      lone.last_error = x.runner ? "a call does not return" : x.refused;
      if (!x.runner) {
        state->list.actors.push_back(std::move(lone));
        continue;
      }
      state->list.runners.emplace(
        name, caf::actor_cast<caf::strong_actor_ptr>(x.runner));
      ++state->open;
      request(x.runner, limits::custom_describe_timeout, describe_runner{})
        .then(
          [state, lone](custom_report& report) {
            report.spec = lone.spec; // as it is now
            report.is_asked = lone.is_asked;
            state->list.actors.push_back(std::move(report));
            state->settle();
          },
          [state, lone](const caf::error&) {
            state->list.actors.push_back(lone);
            state->settle();
          });
    }
    state->settle();
    return answer;
  }

  // -- end --------------------------------------------------------------------

  promise<custom_stopped> stop() {
    struct round {
      custom_stopped stopped;
      std::size_t open = 1;
      promise<custom_stopped> answer;

      void settle() {
        if (--open == 0)
          answer.deliver(std::move(stopped));
      }
    };

    auto state = std::make_shared<round>();
    state->answer = make_response_promise<custom_stopped>();
    for (const auto& [name, x] : actors_) {
      if (!x.runner)
        continue;
      demonitor(x.runner.address());
      ++state->open;
      auto runner = x.runner;
      request(runner, limits::custom_stop_timeout, stop_runner{})
        .then(
          [this, state, runner](const runner_stopped&) {
            send_exit(runner, caf::exit_reason::user_shutdown);
            state->settle();
          },
          [this, state, runner, name = name](const caf::error&) {
            send_exit(runner, caf::exit_reason::user_shutdown);
            state->stopped.hanging.push_back(name);
            state->settle();
          });
    }
    auto answer = state->answer;
    state->settle();
    return answer;
  }

  custom_host_options options_;
  std::map<std::string, type_entry, std::less<>> types_;
  std::map<std::string, actor_entry, std::less<>> actors_;
  std::set<std::string> configured_;     // names, from the configuration
  std::vector<std::string> refused_;     // plug-ins
  std::vector<std::string> directories_; // whose libraries people may load
};

} // namespace

custom_host_actor spawn_custom_host(caf::actor_system& system,
                                    custom_host_options options) {
  return system.spawn<custom_host_impl>(std::move(options));
}

} // namespace troupe
