#include "retention/retention.hpp"

#include "reactor/metered.hpp"
#include "retention/retention_state.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <ctime>
#include <deque>
#include <vector>

namespace troupe {

namespace {

/// The hour of the day where the node runs.
int hour_of(epoch_ms time) {
  auto seconds = static_cast<std::time_t>(time.value / 1000);
  std::tm parts{};
  ::localtime_r(&seconds, &parts);
  return parts.tm_hour;
}

struct named_follower {
  std::string name;
  log_follower actor;
};

class retention_impl : public retention_actor::base {
public:
  retention_impl(caf::actor_config& config, retention_options options)
    : retention_actor::base(config),
      options_(std::move(options)) {}

  const char* name() const override { return "retention"; }

  behavior_type make_behavior() override {
    make_quiet(*this);
    watch();
    delayed_send(this, options_.period, retention_tick{});
    return {
      [this](const add_log_follower& x) {
        followers_.push_back({x.name, x.follower});
      },
      [this](const watch_disk_tick&) { watch(); },
      [this](const retention_tick&) {
        delayed_send(this, options_.period, retention_tick{});
        clean();
      },
      [this](const remove_segment_tick&) {
        removal_armed_ = false;
        remove_one();
      },
      [this](const clean_now&) {
        at_any_hour_ = true;
        clean();
      },
      [this](change_retention& x) {
        options_.rules = std::move(x.rules);
        clean();
      },
    };
  }

  // Handles in a ring would keep each other, and their threads, for ever.
  void on_exit() override {
    followers_.clear();
    options_ = {};
  }

private:
  // -- the disk ---------------------------------------------------------------

  void watch() {
    delayed_send(this, options_.watch_period, watch_disk_tick{});
    auto space = storage::space_of(options_.directory);
    if (!space) {
      log::error("retention", "cannot see how full the disk is")
        .with("why", describe(space.error()));
      return;
    }
    auto level = level_of(options_.rules, *space);
    auto refusal = refusal_of(options_.rules, *space, options_.directory);
    if (level == disk_level::full && level_ != level)
      log::error("retention", "nothing more is stored").with("why", refusal);
    if (level_ == disk_level::full && level_ != level)
      log::info("retention", "there is room again, messages are stored")
        .with("free_bytes", space->free);
    auto rose = level > level_;
    level_ = level;
    send(options_.log, disk_state{space->total, space->free, refusal});
    if (rose)
      clean();
  }

  // -- segments ---------------------------------------------------------------

  /// One round: what the rules want to go, as far as nobody needs it.
  void clean() {
    if (cleaning_)
      return;
    cleaning_ = true;
    request(options_.log, limits::ask_timeout, list_segments{})
      .then([this](const segment_list& x) { plan(x); },
            [this](caf::error& error) { give_up("the log", error); });
  }

  void give_up(const std::string& who, const caf::error& error) {
    cleaning_ = false;
    log::warning("retention", "nothing is removed, there is no answer")
      .with("from", who)
      .with("why", describe(error));
  }

  void plan(const segment_list& known) {
    std::vector<aged_segment> aged;
    for (const auto& x : known.segments) {
      auto modified = storage::modified_at(x.path);
      if (!modified)
        return give_up(x.path, modified.error());
      aged.push_back({x.end, x.bytes, *modified});
    }
    auto now = options_.clock();
    auto level =
      at_any_hour_ ? std::max(level_, disk_level::expired_must_go) : level_;
    auto cut = wanted_cut(options_.rules, aged, level, now, hour_of(now));
    if (!cut) {
      at_any_hour_ = false;
      cleaning_ = false;
      return;
    }
    // A round removes few, so that the disk has time for messages too.
    auto most = aged[static_cast<std::size_t>(
      std::min(limits::segments_removed_per_round_max,
               static_cast<std::int64_t>(aged.size()))
      - 1)];
    ask_followers(std::min({*cut, most.end, known.derived_end}), 0);
  }

  /// Asks the followers one after the other, then drops.
  void ask_followers(log_offset cut, std::size_t next) {
    if (next == followers_.size())
      return drop(cut);
    const auto& follower = followers_[next];
    request(follower.actor, limits::ask_timeout, query_oldest_needed{})
      .then(
        [this, cut, next](const oldest_needed& x) {
          if (x.position < cut && held_by_ != followers_[next].name) {
            held_by_ = followers_[next].name;
            log::info("retention", "old segments are kept, somebody needs them")
              .with("who", held_by_)
              .with("from_log_offset", x.position.value);
          }
          ask_followers(std::min(cut, x.position), next + 1);
        },
        [this, next](caf::error& error) {
          give_up(followers_[next].name, error);
        });
  }

  void drop(log_offset cut) {
    // No time limit: an answer that came too late would be lost, and with it
    // the files that must go and the word to the queues.
    request(options_.log, caf::infinite, drop_segments{cut})
      .then(
        [this](segments_dropped& x) {
          cleaning_ = false;
          if (x.paths.empty())
            return;
          held_by_.clear();
          std::ranges::move(x.paths, std::back_inserter(doomed_));
          arm_removal();
          send(options_.directory_of_topics, trim_all{x.min});
          send(options_.index, trim_index{x.min});
        },
        [this](caf::error& error) { give_up("the log", error); });
  }

  void arm_removal() {
    if (removal_armed_ || doomed_.empty())
      return;
    removal_armed_ = true;
    delayed_send(this, limits::segment_remove_pause, remove_segment_tick{});
  }

  /// Oldest first, and none before those older than it are gone: after a crash
  /// the log must not have a hole. A file that could not be removed is tried
  /// again; what the process leaves behind, the next start takes back.
  void remove_one() {
    const auto& path = doomed_.front();
    if (auto error = storage::remove_durably(path)) {
      log::error("retention", "cannot remove a segment, it is tried again")
        .with("file", path)
        .with("why", describe(error));
      removal_armed_ = true;
      delayed_send(this, options_.period, remove_segment_tick{});
      return;
    }
    log::info("retention", "segment removed").with("file", path);
    doomed_.pop_front();
    arm_removal();
  }

  retention_options options_;
  std::vector<named_follower> followers_;
  disk_level level_ = disk_level::roomy;
  bool cleaning_ = false;          // a round is under way
  bool at_any_hour_ = false;       // until a round finds nothing to remove
  std::string held_by_;            // told once
  std::deque<std::string> doomed_; // files that the log has forgotten
  bool removal_armed_ = false;     // a remove_segment_tick is under way
};

} // namespace

retention_actor spawn_retention(caf::actor_system& system, threading how,
                                retention_options options) {
  if (how == threading::detached)
    return system.spawn<metered<retention_impl>, caf::detached>(
      std::move(options));
  return system.spawn<retention_impl>(std::move(options));
}

} // namespace troupe
