#include "state_store/state_store.hpp"

#include "reactor/metered.hpp"

#include "storage/derived_state.hpp"
#include "storage/state_rows.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <map>
#include <utility>

namespace troupe {

namespace {

using storage::table;

constexpr std::string_view topics_version_key = "topics_version";
constexpr std::string_view groups_version_key = "groups_version";

class state_store_impl : public state_store_actor::base {
public:
  state_store_impl(caf::actor_config& config,
                   std::shared_ptr<storage::lmdb> env)
    : state_store_actor::base(config),
      env_(std::move(env)) {}

  const char* name() const override { return "state_store"; }

  behavior_type make_behavior() override {
    make_quiet(*this);
    return {
      [this](const load_stored&) { return load(); },
      [this](const put_topics& x) { return put(x); },
      [this](const put_groups& x) { return put(x); },
      [this](const put_offsets& x) { return put(x); },
      [this](const put_kv& x) { return put(x); },
      [this](const put_delays& x) { return put(x); },
      [this](const put_leases& x) { return put(x); },
      [this](const put_request_modes& x) { return put(x); },
      [this](const put_deadlines& x) { return put(x); },
      [this](const list_deadlines& x) { return list(x); },
      [this](const find_deadline& x) { return find(x); },
      [this](const count_deadlines& x) { return count(x); },
      [this](const find_first_deadline& x) { return find_first(x.kind); },
      [this](const put_custom_spec& x) { return put(x); },
      [this](const remove_custom& x) { return put(x); },
      [this](const put_custom& x) { return put(x); },
      [this](const load_custom& x) { return load(x.name); },
      [this](const commit_state_tick&) { commit(); },
    };
  }

  void on_exit() override { commit(); }

private:
  static constexpr std::chrono::milliseconds retry_delay{500};

  void change(table where, std::string key, std::optional<std::string> value) {
    if (failure_)
      return; // nothing can be stored any more
    rows_[{where, std::move(key)}] = std::move(value);
  }

  /// The answer comes with the commit that takes what was put.
  caf::typed_response_promise<stored> promise() {
    auto result = make_response_promise<stored>();
    if (failure_) {
      result.deliver(failure_);
      return result;
    }
    waiting_.push_back(result);
    arm();
    return result;
  }

  void arm() {
    if (armed_)
      return;
    armed_ = true;
    send(this, commit_state_tick{}); // behind all that is queued already
  }

  caf::typed_response_promise<stored> put(const put_topics& x) {
    for (const auto& topic : x.changed)
      change(table::topics, topic.name, storage::encode_topic(topic));
    for (const auto& name : x.removed) {
      change(table::topics, name, {});
      remove_progress_in(name);
    }
    change(table::meta, std::string{topics_version_key},
           storage::encode_version(x.version));
    return promise();
  }

  caf::typed_response_promise<stored> put(const put_groups& x) {
    for (const auto& group : x.changed)
      change(table::groups, group.name, storage::encode_group(group));
    for (const auto& name : x.removed) {
      change(table::groups, name, {});
      if (x.with_progress)
        remove_prefix(table::offsets, name + '\0');
    }
    change(table::meta, std::string{groups_version_key},
           storage::encode_version(x.version));
    return promise();
  }

  caf::typed_response_promise<stored> put(const put_offsets& x) {
    const auto& group = x.changed.group;
    if (x.remove_all)
      remove_prefix(table::offsets, group + '\0');
    for (const auto& queue : x.removed)
      change(table::offsets, storage::encode_offset_key(group, queue), {});
    for (const auto& row : x.changed.rows)
      change(table::offsets, storage::encode_offset_key(group, row.queue),
             storage::encode_number(row.offset.value));
    return promise();
  }

  /// Every row of `where` whose key begins with `prefix` goes.
  void remove_prefix(table where, const std::string& prefix) {
    remove_where(where, [&prefix](std::string_view key) {
      return key.starts_with(prefix);
    });
  }

  /// A topic of that name that comes later begins anew.
  void remove_progress_in(std::string_view topic) {
    remove_where(table::offsets, [topic](std::string_view key) {
      auto queue = storage::decode_offset_key(key);
      return queue && queue->second.topic == topic;
    });
  }

  template <class Matches>
  void remove_where(table where, Matches matches) {
    auto found =
      env_->for_each(where, [&](std::string_view key, std::string_view) {
        if (matches(key))
          change(where, std::string{key}, {});
      });
    if (!found)
      log::error("state_store", "cannot list rows to remove them")
        .with("table", storage::table_name(where))
        .with("why", describe(found.error()));
    for (auto& [key, value] : rows_)
      if (key.first == where && matches(key.second))
        value.reset();
  }

  caf::typed_response_promise<stored> put(const put_kv& x) {
    for (const auto& entry : x.entries)
      change(table::settings, storage::encode_setting_key(entry.ns, entry.key),
             entry.value);
    if (x.of_node) {
      remove_where(table::options, [](std::string_view) { return true; });
      for (const auto& setting : *x.of_node)
        change(table::options, setting.key,
               storage::encode_kept_setting(setting));
    }
    return promise();
  }

  caf::typed_response_promise<stored> put(const put_delays& x) {
    for (const auto& level : x.levels)
      change(table::delays, std::to_string(level.level),
             storage::encode_delivered(level.delivered));
    change(table::meta, storage::applied_key(log_family::delays),
           storage::encode_number(x.applied.value));
    return promise();
  }

  caf::typed_response_promise<stored> put(const put_leases& x) {
    for (const auto& key : x.removed)
      change(table::leases, storage::encode_lease_key(key), {});
    for (const auto& lease : x.changed)
      change(table::leases, storage::encode_lease_key(lease.key),
             storage::encode_lease(lease));
    for (const auto& group : x.progress)
      for (const auto& row : group.rows)
        change(table::offsets,
               storage::encode_offset_key(group.group, row.queue),
               storage::encode_number(row.offset.value));
    return promise();
  }

  caf::typed_response_promise<stored> put(const put_request_modes& x) {
    for (const auto& mode : x.removed)
      change(table::request_modes, storage::encode_request_mode_key(mode), {});
    for (const auto& mode : x.changed)
      change(table::request_modes, storage::encode_request_mode_key(mode),
             storage::encode_request_mode(mode));
    return promise();
  }

  caf::typed_response_promise<stored> put(const put_deadlines& x) {
    for (const auto& one : x.changes) {
      auto key = storage::encode_deadline_key(one.kind, one.row.key);
      std::optional<std::string> row;
      std::optional<std::string> due;
      if (!one.removed) {
        row = storage::encode_deadline(one.row);
        due = storage::encode_number(one.row.key.due.value);
      }
      change(table::deadlines, std::move(key), std::move(row));
      change(table::deadline_ids,
             storage::encode_deadline_id(one.kind, one.row.key.id),
             std::move(due));
    }
    change(table::meta, storage::applied_key(x.family),
           storage::encode_number(x.applied.value));
    return promise();
  }

  /// Reads see what was put before them.
  caf::error settle() {
    commit();
    if (failure_)
      return failure_;
    return rows_.empty() ? caf::error{}
                         : make_error(errc::state_write_failed,
                                      "the state cannot be written; see the "
                                      "node's log");
  }

  caf::result<deadline_page> list(const list_deadlines& x) {
    if (auto error = settle())
      return error;
    deadline_page page;
    auto behind = x.after;
    ++behind.id;
    page.last = true;
    auto error =
      env_->scan(table::deadlines, storage::encode_deadline_key(x.kind, behind),
                 [&](std::string_view key, std::string_view value) {
                   auto row = storage::decode_deadline(x.kind, key, value);
                   if (!row)
                     return false; // the first one of another kind
                   if (page.rows.size() == x.count_max) {
                     page.last = false;
                     return false;
                   }
                   page.rows.push_back(*row);
                   return true;
                 });
    if (error)
      return error;
    return page;
  }

  caf::result<deadline_found> find(const find_deadline& x) {
    if (auto error = settle())
      return error;
    auto due = env_->find(table::deadline_ids,
                          storage::encode_deadline_id(x.kind, x.id));
    if (!due)
      return std::move(due.error());
    if (!*due)
      return deadline_found{};
    deadline_key key{{storage::decode_number(**due).value_or(0)}, x.id};
    auto name = storage::encode_deadline_key(x.kind, key);
    auto row = env_->find(table::deadlines, name);
    if (!row)
      return std::move(row.error());
    deadline_found found;
    if (*row)
      found.row = storage::decode_deadline(x.kind, name, **row);
    return found;
  }

  caf::result<deadline_found> find_first(deadline_kind kind) {
    if (auto error = settle())
      return error;
    std::optional<std::int64_t> id;
    auto error =
      env_->scan(table::deadline_ids, storage::encode_deadline_id(kind, 0),
                 [&](std::string_view key, std::string_view) {
                   id = storage::decode_deadline_id(kind, key);
                   return false;
                 });
    if (error)
      return error;
    return id ? find({kind, *id}) : deadline_found{};
  }

  caf::result<deadlines_counted> count(const count_deadlines& x) {
    if (auto error = settle())
      return error;
    deadlines_counted result;
    auto error =
      env_->scan(table::deadlines, storage::encode_deadline_key(x.kind, {}),
                 [&](std::string_view key, std::string_view value) {
                   if (!storage::decode_deadline(x.kind, key, value))
                     return false;
                   ++result.count;
                   return true;
                 });
    if (error)
      return error;
    return result;
  }

  // -- custom actors -----------------------------------------------------------

  caf::typed_response_promise<stored> put(const put_custom_spec& x) {
    change(table::custom, x.spec.name,
           storage::encode_spawned(x.spec.type, x.spec.arguments));
    return promise();
  }

  caf::typed_response_promise<stored> put(const remove_custom& x) {
    change(table::custom, x.name, {});
    remove_prefix(table::custom_state, storage::custom_key_prefix(x.name));
    return promise();
  }

  caf::typed_response_promise<stored> put(const put_custom& x) {
    for (const auto& [key, value] : x.state)
      change(table::custom_state, storage::encode_custom_state_key(x.name, key),
             value);
    for (const auto& row : x.progress)
      change(table::custom_state,
             storage::encode_custom_progress_key(x.name, row.queue),
             storage::encode_number(row.offset.value));
    return promise();
  }

  caf::result<custom_rows> load(const std::string& name) {
    if (auto error = settle())
      return error;
    custom_rows rows;
    auto prefix = storage::custom_key_prefix(name);
    auto read = env_->for_each(
      table::custom_state, [&](std::string_view key, std::string_view value) {
        if (!key.starts_with(prefix))
          return;
        key.remove_prefix(prefix.size());
        auto offset = storage::decode_number(value);
        if (auto queue = storage::decode_custom_progress_key(key);
            queue && offset)
          rows.progress.push_back({std::move(*queue), {*offset}});
        else if (key.starts_with('s'))
          rows.state.emplace_back(key.substr(1), value);
      });
    if (!read)
      return std::move(read.error());
    if (*read > 0)
      return make_error(errc::state_corrupt,
                        std::to_string(*read)
                          + " damaged rows among those of custom actors");
    return rows;
  }

  void commit() {
    armed_ = false;
    if (rows_.empty() && waiting_.empty())
      return;
    std::vector<storage::row_change> changes;
    changes.reserve(rows_.size());
    for (const auto& [key, value] : rows_)
      changes.push_back({key.first, key.second, value});
    auto waiting = std::move(waiting_);
    waiting_.clear();
    auto error = env_->write(changes);
    if (error && is(error, errc::state_corrupt))
      return give_up(std::move(error), waiting);
    if (error) {
      log::error("state_store", "commit failed, its rows are tried again")
        .with("rows", changes.size())
        .with("why", describe(error));
      for (auto& x : waiting)
        x.deliver(error);
      armed_ = true;
      delayed_send(this, retry_delay, commit_state_tick{});
      return;
    }
    rows_.clear();
    for (auto& x : waiting)
      x.deliver(stored{});
  }

  /// What is there can be read still; what comes is refused.
  void give_up(caf::error error,
               std::vector<caf::typed_response_promise<stored>>& waiting) {
    failure_ = std::move(error);
    log::error("state_store", "nothing more is stored")
      .with("why", describe(failure_));
    rows_.clear();
    for (auto& x : waiting)
      x.deliver(failure_);
  }

  caf::result<stored_state> load() {
    stored_state state;
    std::map<std::string, group_progress> progress;
    std::size_t unreadable = 0;
    auto each = [&](table where, auto&& visit) {
      return env_->for_each(where,
                            [&](std::string_view key, std::string_view value) {
                              if (!visit(key, value))
                                ++unreadable;
                            });
    };
    auto keep = [](auto& list, auto decoded) {
      if (decoded)
        list.push_back(std::move(*decoded));
      return decoded.has_value();
    };
    auto read = each(table::topics, [&](auto key, auto value) {
      return keep(state.topics, storage::decode_topic(key, value));
    });
    if (read)
      read = each(table::groups, [&](auto key, auto value) {
        return keep(state.groups, storage::decode_group(key, value));
      });
    if (read)
      read = each(table::offsets, [&](auto key, auto value) {
        auto queue = storage::decode_offset_key(key);
        auto offset = storage::decode_number(value);
        if (!queue || !offset)
          return false;
        auto& of_group = progress[queue->first];
        of_group.group = queue->first;
        of_group.rows.push_back({queue->second, {*offset}});
        return true;
      });
    if (read)
      read = each(table::settings, [&](auto key, auto value) {
        auto names = storage::decode_setting_key(key);
        if (names)
          state.kv.push_back({names->first, names->second, std::string{value}});
        return names.has_value();
      });
    if (read)
      read = each(table::delays, [&](auto key, auto value) {
        delay_progress level;
        auto delivered = storage::decode_delivered(value);
        auto [end, code] =
          std::from_chars(key.data(), key.data() + key.size(), level.level);
        if (!delivered || code != std::errc{})
          return false;
        level.delivered = std::move(*delivered);
        state.delays.push_back(std::move(level));
        return true;
      });
    if (read)
      read = each(table::leases, [&](auto key, auto value) {
        return keep(state.leases, storage::decode_lease(key, value));
      });
    if (read)
      read = each(table::request_modes, [&](auto key, auto value) {
        return keep(state.request_modes,
                    storage::decode_request_mode(key, value));
      });
    if (read)
      read = each(table::custom, [&](auto key, auto value) {
        auto spawned = storage::decode_spawned(value);
        if (spawned)
          state.custom.push_back({std::string{key}, std::move(spawned->first),
                                  std::move(spawned->second)});
        return spawned.has_value();
      });
    if (read)
      read = each(table::meta, [&](auto key, auto value) {
        auto version = storage::decode_version(value);
        if (key == topics_version_key && version)
          state.topics_version = *version;
        if (key == groups_version_key && version)
          state.groups_version = *version;
        return true;
      });
    if (!read)
      return std::move(read.error());
    if (unreadable > 0)
      log::error("state_store", "rows that do not decode were passed over")
        .with("rows", unreadable);
    for (auto& [name, of_group] : progress)
      state.progress.push_back(std::move(of_group));
    return state;
  }

  std::shared_ptr<storage::lmdb> env_;
  std::map<std::pair<table, std::string>, std::optional<std::string>> rows_;
  std::vector<caf::typed_response_promise<stored>> waiting_;
  bool armed_ = false; // a commit_state_tick is under way
  caf::error failure_; // final
};

} // namespace

state_store_actor spawn_state_store(caf::actor_system& system, threading how,
                                    std::shared_ptr<storage::lmdb> env) {
  if (how == threading::detached)
    return system.spawn<metered<state_store_impl>, caf::detached>(
      std::move(env));
  return system.spawn<state_store_impl>(std::move(env));
}

} // namespace troupe
