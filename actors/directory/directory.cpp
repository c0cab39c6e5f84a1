#include "directory/directory.hpp"

#include "directory/directory_state.hpp"
#include "reactor/gather.hpp"
#include "reactor/quiet.hpp"

#include "troupe/model/names.hpp"

#include <caf/actor_cast.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <map>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

namespace troupe {

namespace {

class directory_impl : public directory_actor::base {
public:
  directory_impl(caf::actor_config& config, directory_options options)
    : directory_actor::base(config),
      options_(std::move(options)),
      state_(options_) {
    for (auto& progress : options_.stored.progress)
      progress_.emplace(progress.group, std::move(progress.rows));
    options_.stored = {};
  }

  const char* name() const override { return "directory"; }

  behavior_type make_behavior() override {
    make_quiet(*this);
    set_down_handler([this](const caf::down_msg& x) { forget_dead(x); });
    send(this, register_tick{});
    return {
      [this](find_topic& x) { return find(x); },
      [this](update_topic& x) { return update({std::move(x.config)}); },
      [this](update_topics& x) { return update(std::move(x.configs)); },
      [this](const delete_topic& x) { return remove(x); },
      [this](const list_topics&) { return topics(); },
      [this](const watch_topics& x) {
        watchers_.push_back(caf::actor_cast<caf::actor_addr>(x.watcher));
      },
      [this](find_group& x) { return find(x); },
      [this](update_group& x) { return update(x); },
      [this](const delete_group& x) { return remove(x); },
      [this](const list_groups&) { return groups(); },
      [this](const find_producer& x) { return find(x); },
      [this](const list_producers&) { return producers(); },
      [this](const list_live&) { return live(); },
      [this](const write_all_rows&) { return write_all(); },
      [this](const trim_all& x) {
        for (const auto& [name, topic] : topic_actors_)
          send(topic, trim_queue{x.min});
      },
      [this](const flush_offsets&) { return flush_all(); },
      [this](const register_tick&) {
        delayed_send(this, limits::register_period, register_tick{});
        tell_all_here();
        tell_elsewhere([] {});
      },
      [this](const announce_tick&) { announce_round(); },
    };
  }

  void on_exit() override {
    auto end_all = [this](const auto& actors) {
      for (const auto& [name, actor] : actors)
        send_exit(actor, caf::exit_reason::user_shutdown);
    };
    end_all(topic_actors_);
    end_all(group_actors_);
    end_all(producer_actors_);
    topic_actors_.clear();
    group_actors_.clear();
    producer_actors_.clear();
    storing_.clear();
    reloading_.clear();
    announcing_.clear();
    options_ = {};
  }

private:
  /// Whose rows are written at the same time: a send waits behind no more.
  static constexpr std::size_t topics_at_once = 8;

  template <class Reply>
  using promise = caf::typed_response_promise<Reply>;

  // -- topics -----------------------------------------------------------------

  /// Spawned on first use.
  const topic_actor& topic_of(const topic_config& config) {
    auto& actor = topic_actors_[config.name];
    if (!actor) {
      actor = options_.make_topic(config);
      monitor(actor);
    }
    return actor;
  }

  void view(promise<topic_view> answer, const topic_config& config) {
    request(topic_of(config), caf::infinite, describe_topic{})
      .then([answer](topic_view& x) mutable { answer.deliver(std::move(x)); },
            [answer](caf::error& e) mutable { answer.deliver(std::move(e)); });
  }

  promise<topic_view> find(find_topic& wish) {
    auto answer = make_response_promise<topic_view>();
    if (const auto* known = state_.find_topic(wish.topic)) {
      if (auto open = storing_.find(wish.topic); open != storing_.end())
        open->second.push_back(answer); // not durable yet
      else
        view(answer, *known);
      return answer;
    }
    auto planned = state_.plan_topic(wish);
    if (!planned) {
      answer.deliver(std::move(planned.error()));
      return answer;
    }
    log::info("directory", "topic created on first use")
      .with("topic", planned->name)
      .with("queues", planned->write_queues);
    auto name = planned->name;
    state_.put_topic(*planned, options_.clock());
    storing_[name].push_back(answer);
    store_topic({state_.topics_version(), {*planned}, {}},
                [this, name](const caf::error& error) { settle(name, error); });
    return answer;
  }

  /// A topic that was made on first use is durable, or could not be stored.
  void settle(const std::string& name, const caf::error& error) {
    auto waiting = std::move(storing_[name]);
    storing_.erase(name);
    if (error) {
      for (auto& answer : waiting)
        answer.deliver(error);
      state_.remove_topic(name, options_.clock());
      return;
    }
    topic_was_changed(name);
    tell_elsewhere([this, name, waiting = std::move(waiting)]() mutable {
      const auto* config = state_.find_topic(name);
      for (auto& answer : waiting)
        if (config != nullptr)
          view(answer, *config);
        else
          answer.deliver(make_error(errc::topic_not_found,
                                    "topic[" + name + "] was just deleted"));
    });
  }

  void store_topic(put_topics rows,
                   std::function<void(const caf::error&)> then) {
    for (const auto& topic : rows.changed)
      if (auto error = options_.prepare_topic(topic.name)) {
        then(error);
        return;
      }
    request(options_.store, caf::infinite, std::move(rows))
      .then([then](const stored&) { then(caf::none); },
            [then](caf::error& error) { then(error); });
  }

  promise<directory_changed> update(std::vector<topic_config> configs) {
    auto answer = make_response_promise<directory_changed>();
    if (auto error = state_.check_update(configs)) {
      answer.deliver(std::move(error));
      return answer;
    }
    for (const auto& config : configs)
      state_.put_topic(config, options_.clock());
    store_topic({state_.topics_version(), configs, {}},
                [this, answer, configs](const caf::error& error) mutable {
                  if (error) {
                    answer.deliver(error);
                    return;
                  }
                  for (const auto& config : configs)
                    take_effect(config);
                  tell_elsewhere([answer]() mutable {
                    answer.deliver(directory_changed{});
                  });
                });
    return answer;
  }

  void take_effect(const topic_config& config) {
    if (auto live = topic_actors_.find(config.name);
        live != topic_actors_.end())
      request(live->second, caf::infinite, set_topic_config{config})
        .then([](const topic_view&) {});
    topic_was_changed(config.name);
  }

  promise<directory_changed> remove(const delete_topic& wish) {
    auto answer = make_response_promise<directory_changed>();
    if (auto error = state_.check_delete(wish.topic)) {
      answer.deliver(std::move(error));
      return answer;
    }
    // RocketMQ is content when the topic is already gone.
    auto gone = state_.pop_retry_topics(wish.topic);
    gone.push_back(wish.topic);
    // No group may store progress of it behind the store's removal: it would
    // be that of a later topic of that name.
    for_all_groups(gone, [this, answer, gone] {
      for (const auto& topic : gone)
        state_.remove_topic(topic, options_.clock());
      store_topic({state_.topics_version(), {}, gone},
                  [this, answer, gone](const caf::error& error) mutable {
                    if (error) {
                      answer.deliver(error);
                      return;
                    }
                    for (const auto& topic : gone)
                      drop_topic(topic);
                    answer.deliver(directory_changed{});
                  });
    });
    return answer;
  }

  /// Has all groups forget `topics`, then calls `then`.
  void for_all_groups(const std::vector<std::string>& topics,
                      std::function<void()> then) {
    auto left = std::make_shared<std::size_t>(1);
    auto answered = [left, then = std::move(then)] {
      if (--*left == 0)
        then();
    };
    for (const auto& topic : topics)
      for (const auto& [name, group] : group_actors_) {
        ++*left;
        request(group, caf::infinite, forget_topic{topic})
          .then([answered](const offsets_flushed&) { answered(); },
                [answered](const caf::error&) { answered(); }); // it has ended
      }
    answered();
  }

  void drop_topic(const std::string& topic) {
    log::info("directory", "topic deleted").with("topic", topic);
    // Also when it was not used yet: its actor knows how to remove the files.
    topic_config config;
    config.name = topic;
    auto actor = topic_of(config);
    demonitor(actor.address());
    topic_actors_.erase(topic);
    send(actor, remove_topic{});
    // Its rows went with the topic's.
    for (auto& [group, rows] : progress_)
      std::erase_if(
        rows, [&](const offset_row& row) { return row.queue.topic == topic; });
    topic_was_changed(topic);
    tell_elsewhere([] {});
  }

  void topic_was_changed(const std::string& topic) {
    std::erase_if(watchers_, [&](const caf::actor_addr& x) {
      auto watcher = caf::actor_cast<caf::strong_actor_ptr>(x);
      if (!watcher)
        return true;
      send(caf::actor_cast<topic_watcher>(watcher), topic_changed{topic});
      return false;
    });
    tell_here(topic);
  }

  topic_list topics() const {
    topic_list result{state_.topics_version(), {}};
    for (const auto& [name, topic] : state_.topics())
      result.topics.push_back(topic);
    return result;
  }

  /// One topic was changed or deleted.
  void tell_here(const std::string& topic) {
    if (options_.names)
      request(options_.names, limits::ask_timeout,
              state_.registration_of(topic))
        .then([](const broker_registered&) {},
              [this](const caf::error&) { tell_all_here(); });
  }

  void tell_all_here() {
    if (options_.names)
      request(options_.names, limits::ask_timeout,
              register_broker{state_.registration(), {}, true, false, {}})
        .then([](const broker_registered&) {});
  }

  /// Calls `then` when name servers elsewhere know what there is now.
  void tell_elsewhere(std::function<void()> then) {
    if (!options_.registrar) {
      then();
      return;
    }
    announcing_.push_back(std::move(then));
    if (announcing_.size() == 1)
      send(this, announce_tick{});
  }

  void announce_round() {
    auto round = std::make_shared<std::vector<std::function<void()>>>(
      std::exchange(announcing_, {}));
    auto go_on = [round] {
      for (const auto& then : *round)
        then();
    };
    request(options_.registrar, caf::infinite, announce{state_.registration()})
      .then([go_on](const announced&) { go_on(); },
            [go_on](const caf::error&) { go_on(); }); // the node ends
  }

  // -- groups -----------------------------------------------------------------

  const consumer_group_actor& group_of(const group_config& config) {
    auto& actor = group_actors_[config.name];
    if (!actor) {
      std::vector<offset_row> rows;
      if (auto found = progress_.find(config.name); found != progress_.end()) {
        rows = std::move(found->second);
        progress_.erase(found);
      }
      actor = options_.make_group(config, std::move(rows));
      monitor(actor);
    }
    return actor;
  }

  promise<group_found> find(find_group& wish) {
    auto answer = make_response_promise<group_found>();
    if (const auto* known = state_.find_group(wish.group)) {
      if (auto open = reloading_.find(wish.group); open != reloading_.end())
        open->second.push_back(answer); // its progress is being read
      else
        answer.deliver(group_found{group_of(*known)});
      return answer;
    }
    auto planned = state_.plan_group(wish);
    if (!planned) {
      answer.deliver(std::move(planned.error()));
      return answer;
    }
    // Default settings are made again by the next use: no need to wait.
    state_.put_group(*planned, options_.clock());
    request(options_.store, caf::infinite,
            put_groups{state_.groups_version(), {*planned}, {}})
      .then([](const stored&) {});
    answer.deliver(group_found{group_of(*planned)});
    return answer;
  }

  promise<directory_changed> update(update_group& wish) {
    auto answer = make_response_promise<directory_changed>();
    if (auto error = state_.check_update(wish.config)) {
      answer.deliver(std::move(error));
      return answer;
    }
    auto config = wish.config;
    state_.put_group(config, options_.clock());
    if (auto live = group_actors_.find(config.name);
        live != group_actors_.end())
      request(live->second, caf::infinite, set_group_config{config})
        .then([](const group_watched&) {});
    store_groups(answer, {state_.groups_version(), {config}, {}});
    return answer;
  }

  promise<directory_changed> remove(const delete_group& wish) {
    auto answer = make_response_promise<directory_changed>();
    auto remove_rows = [this, answer, wish] {
      if (wish.clean_offsets)
        progress_.erase(wish.group);
      store_groups(
        answer,
        {state_.groups_version(), {}, {wish.group}, wish.clean_offsets});
    };
    const auto* known = state_.find_group(wish.group);
    if (known == nullptr) {
      remove_rows();
      return answer;
    }
    auto actor = group_of(*known);
    demonitor(actor.address());
    request(actor, caf::infinite, troupe::remove_group{wish.clean_offsets})
      .then(
        [this, wish, remove_rows](group_offsets& x) {
          forget_group(wish.group);
          // What stays is that of a group of this name that comes later.
          progress_[wish.group] = std::move(x.rows);
          remove_rows();
        },
        [this, wish, remove_rows](const caf::error&) {
          forget_group(wish.group); // it had ended
          remove_rows();
        });
    return answer;
  }

  void forget_group(const std::string& name) {
    group_actors_.erase(name);
    state_.remove_group(name, options_.clock());
  }

  void store_groups(promise<directory_changed> answer, put_groups rows) {
    request(options_.store, caf::infinite, std::move(rows))
      .then([answer](
              const stored&) mutable { answer.deliver(directory_changed{}); },
            [answer](caf::error& e) mutable { answer.deliver(std::move(e)); });
  }

  group_list groups() const {
    group_list result{state_.groups_version(), {}};
    for (const auto& [name, group] : state_.groups())
      result.groups.push_back(group);
    return result;
  }

  // -- producers --------------------------------------------------------------

  caf::result<producer_found> find(const find_producer& wish) {
    auto found = producer_actors_.find(wish.group);
    if (found != producer_actors_.end())
      return producer_found{found->second};
    if (!wish.make)
      return make_error(errc::producer_not_online,
                        "producer group[" + wish.group + "] is not online");
    if (producer_actors_.size() >= limits::groups_max)
      return make_error(errc::busy, "too many producer groups are online");
    auto actor = options_.make_producer(wish.group);
    monitor(actor);
    producer_actors_.emplace(wish.group, actor);
    return producer_found{actor};
  }

  producer_list producers() const {
    producer_list result;
    for (const auto& [name, actor] : producer_actors_) {
      result.groups.push_back(name);
      result.producers.push_back(actor);
    }
    return result;
  }

  // -- for people -------------------------------------------------------------

  live_actors live() const {
    live_actors result;
    auto add = [this](const auto& actors, const char* kind,
                      std::vector<live_actor>& to) {
      for (const auto& [name, actor] : actors) {
        auto died = deaths_.find({kind, name});
        to.push_back({name, caf::actor_cast<caf::strong_actor_ptr>(actor),
                      died == deaths_.end() ? 0 : died->second});
      }
    };
    add(topic_actors_, kind_topic, result.topics);
    add(group_actors_, kind_group, result.groups);
    add(producer_actors_, kind_producer, result.producers);
    return result;
  }

  // -- all of them ------------------------------------------------------------

  promise<rows_written> write_all() {
    auto answer = make_response_promise<rows_written>();
    std::vector<topic_actor> live;
    for (const auto& [name, topic] : topic_actors_)
      live.push_back(topic);
    auto failure = std::make_shared<caf::error>();
    gather<rows_written>(
      *this, live, write_rows{},
      [failure](const caf::error& error) { *failure = error; },
      [answer, failure](std::vector<rows_written>& all) mutable {
        if (*failure) {
          answer.deliver(*failure);
          return;
        }
        rows_written joined;
        for (auto& x : all) {
          std::ranges::move(x.files, std::back_inserter(joined.files));
          joined.others = joined.others || x.others;
        }
        answer.deliver(std::move(joined));
      },
      topics_at_once);
    return answer;
  }

  promise<offsets_flushed> flush_all() {
    auto answer = make_response_promise<offsets_flushed>();
    std::vector<consumer_group_actor> live;
    for (const auto& [name, group] : group_actors_)
      live.push_back(group);
    auto failure = std::make_shared<caf::error>();
    gather<offsets_flushed>(
      *this, live, flush_offsets{},
      [failure](const caf::error& error) { *failure = error; },
      [answer, failure](std::vector<offsets_flushed>&) mutable {
        if (*failure)
          answer.deliver(*failure);
        else
          answer.deliver(offsets_flushed{});
      });
    return answer;
  }

  /// Reads the stored progress of a group whose actor died: the next one must
  /// not begin without it.
  void reload(const std::string& group) {
    reloading_.try_emplace(group);
    auto settle = [this, group](const caf::error& error) {
      auto waiting = std::move(reloading_[group]);
      reloading_.erase(group);
      const auto* known = state_.find_group(group);
      for (auto& answer : waiting)
        if (error)
          answer.deliver(error);
        else if (known != nullptr)
          answer.deliver(group_found{group_of(*known)});
        else
          answer.deliver(make_error(errc::group_not_found,
                                    "group[" + group + "] was just deleted"));
    };
    request(options_.store, caf::infinite, load_stored{})
      .then(
        [this, group, settle](stored_state& stored) {
          for (auto& x : stored.progress)
            if (x.group == group)
              progress_[group] = std::move(x.rows);
          settle(caf::none);
        },
        [this, settle](caf::error& error) {
          log::error("directory", "cannot read a group's progress again")
            .with("why", describe(error));
          settle(error);
          quit(error); // without it the group would begin anew
        });
  }

  /// An actor died: its name is made anew on its next use. But for topics:
  /// places of messages that only its queues knew are derived from the log
  /// when the node starts, so the node ends.
  void forget_dead(const caf::down_msg& x) {
    auto forget = [&](auto& actors, const char* kind) {
      for (auto i = actors.begin(); i != actors.end(); ++i)
        if (i->second.address() == x.source) {
          log::error("directory", "an actor died and is made anew on next use")
            .with("kind", kind)
            .with("name", i->first);
          if (deaths_.size() < limits::deaths_kept_max)
            ++deaths_[{kind, i->first}];
          actors.erase(i);
          return true;
        }
      return false;
    };
    auto name_of = [&](const auto& actors) {
      for (const auto& [name, actor] : actors)
        if (actor.address() == x.source)
          return name;
      return std::string{};
    };
    if (forget(topic_actors_, kind_topic)) {
      quit(x.reason);
      return;
    }
    if (auto group = name_of(group_actors_); !group.empty()) {
      forget(group_actors_, kind_group);
      reload(group);
      return;
    }
    forget(producer_actors_, kind_producer);
  }

  static constexpr const char* kind_topic = "topic";
  static constexpr const char* kind_group = "consumer group";
  static constexpr const char* kind_producer = "producer group";

  directory_options options_;
  directory_state state_;
  std::map<std::string, topic_actor> topic_actors_; // those in use
  std::map<std::string, consumer_group_actor> group_actors_;
  std::map<std::string, producer_actor> producer_actors_;
  /// Stored progress of groups that are not in use yet.
  std::map<std::string, std::vector<offset_row>> progress_;
  /// Who waits for a topic that was just made to be durable.
  std::map<std::string, std::vector<promise<topic_view>>> storing_;
  /// Who waits for a group whose progress is being read again.
  std::map<std::string, std::vector<promise<group_found>>> reloading_;
  /// What is to be done when name servers elsewhere have been told.
  std::vector<std::function<void()>> announcing_;
  std::vector<caf::actor_addr> watchers_;
  /// How often the actor of a kind and name died.
  std::map<std::pair<std::string, std::string>, std::int64_t> deaths_;
};

} // namespace

directory_actor spawn_directory(caf::actor_system& system, placement where,
                                directory_options options) {
  return spawn_at<directory_impl>(system, where, std::move(options));
}

} // namespace troupe
