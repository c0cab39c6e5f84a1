#include "backlog/backlog.hpp"

#include "backlog/backlog_state.hpp"
#include "reactor/quiet.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <deque>
#include <functional>
#include <memory>
#include <tuple>

namespace troupe {

namespace {

class backlog_impl : public backlog_actor::base {
public:
  backlog_impl(caf::actor_config& config, backlog_options options)
    : backlog_actor::base(config),
      options_(std::move(options)) {}

  const char* name() const override { return "backlog"; }

  behavior_type make_behavior() override {
    make_quiet(*this);
    return {
      [this](const describe_backlog& x) { return describe(x); },
      [this](const watch_gateway& x) { gateways_.push_back(x.gateway); },
    };
  }

  // Handles in a ring would keep each other, and their threads, for ever.
  void on_exit() override {
    options_ = {};
    gateways_.clear();
  }

private:
  using report_promise = caf::typed_response_promise<backlog_report>;

  /// One question on its way: group after group, topic after topic, all queues
  /// of a topic at once.
  struct round {
    describe_backlog wish;
    report_promise promise;
    backlog_report report;
    std::deque<std::string> groups; ///< still to be asked
    std::deque<std::string> topics; ///< of the group in `state`
    backlog_state state;
    std::vector<pull_seen> pulls;
    std::vector<pop_queue_report> pops;
    std::size_t open = 0; ///< answers that are awaited before the next step
  };

  using round_ptr = std::shared_ptr<round>;

  report_promise describe(const describe_backlog& wish) {
    auto work = std::make_shared<round>();
    work->wish = wish;
    work->promise = make_response_promise<backlog_report>();
    if (!wish.group.empty()) {
      work->groups.push_back(wish.group);
      next_group(work);
    } else {
      request(options_.directory, limits::ask_timeout, list_groups{})
        .then(
          [this, work](const group_list& all) {
            for (const auto& x : all.groups)
              work->groups.push_back(x.name);
            next_group(work);
          },
          [work](caf::error& error) { work->promise.deliver(error); });
    }
    return work->promise;
  }

  void finish(const round_ptr& work) {
    std::ranges::sort(work->report.rows, {}, [](const backlog_row& x) {
      return std::tie(x.group, x.queue);
    });
    work->promise.deliver(std::move(work->report));
  }

  void next_group(const round_ptr& work) {
    if (work->groups.empty() || work->report.more)
      return finish(work);
    auto name = std::move(work->groups.front());
    work->groups.pop_front();
    auto failed = [this, work](caf::error& error) {
      if (!work->wish.group.empty())
        work->promise.deliver(error);
      else
        next_group(work); // it went meanwhile
    };
    request(options_.directory, limits::ask_timeout, find_group{name, false})
      .then(
        [this, work, failed](const group_found& found) {
          request(found.group, limits::ask_timeout, describe_progress{})
            .then(
              [this, work](const progress_report& x) { ask_gateways(work, x); },
              failed);
        },
        failed);
  }

  void ask_gateways(const round_ptr& work, const progress_report& progress) {
    work->pulls.clear();
    work->pops.clear();
    work->open = gateways_.size() + 1;
    auto arrived = [this, work, progress] {
      if (--work->open == 0)
        begin_group(work, progress);
    };
    auto missing = [arrived](caf::error&) { arrived(); };
    const auto& group = progress.members.snapshot->config.name;
    for (const auto& gateway : gateways_)
      request(gateway, limits::ask_timeout, list_pulls{group})
        .then(
          [work, arrived](const pulls_seen& x) {
            work->pulls.insert(work->pulls.end(), x.rows.begin(), x.rows.end());
            arrived();
          },
          missing);
    request(options_.pop, limits::ask_timeout, describe_pops{group})
      .then(
        [work, arrived](pop_report& x) {
          work->pops = std::move(x.queues);
          arrived();
        },
        missing);
  }

  void begin_group(const round_ptr& work, const progress_report& progress) {
    work->state = backlog_state{progress, work->pulls, work->pops};
    const auto& wish = work->wish;
    auto topics = work->state.topics();
    if (!wish.topic.empty()
        && (!wish.group.empty() || topics.contains(wish.topic)))
      topics = {wish.topic};
    else if (!wish.topic.empty())
      topics.clear();
    work->topics.assign(topics.begin(), topics.end());
    next_topic(work);
  }

  void next_topic(const round_ptr& work) {
    if (work->topics.empty() || work->report.more) {
      work->topics.clear();
      return next_group(work);
    }
    auto name = std::move(work->topics.front());
    work->topics.pop_front();
    request(options_.directory, limits::ask_timeout,
            find_topic{name, {}, false})
      .then([this, work](const topic_view& view) { ask_queues(work, view); },
            [this, work](caf::error&) { next_topic(work); }); // it has gone
  }

  void ask_queues(const round_ptr& work, const topic_view& view) {
    auto readable =
      std::min(view.queues.size(),
               static_cast<std::size_t>(std::max(view.config->read_queues, 0)));
    auto room = limits::backlog_rows_max - work->report.rows.size();
    if (readable > room) {
      work->report.more = true;
      readable = room;
    }
    work->open = readable;
    if (readable == 0)
      return next_topic(work);
    for (std::size_t i = 0; i < readable; ++i)
      ask_queue(work, view.config, view.queues[i]);
  }

  void ask_queue(const round_ptr& work,
                 const std::shared_ptr<const topic_config>& topic,
                 const queue_actor& queue) {
    auto failed = [this, work](caf::error&) { answered(work); };
    request(queue, limits::ask_timeout, describe_queue{})
      .then(
        [=, this](const queue_report& x) {
          date(work, queue, work->state.judge(*topic, x, options_.clock()));
        },
        failed);
  }

  /// Adds a row with the times of its oldest and its last consumed message.
  void date(const round_ptr& work, const queue_actor& queue,
            const backlog_row& row) {
    auto consumed =
      row.committed > row.min ? row.committed + -1 : queue_offset{-1};
    store_time(queue, row.oldest, [=, this](epoch_ms oldest) {
      store_time(queue, consumed, [=, this](epoch_ms time) {
        auto dated = row;
        if (oldest.value > 0)
          dated.oldest_age_ms =
            std::max<std::int64_t>(options_.clock() - oldest, 0);
        dated.consumed_to = time;
        add(work, dated);
      });
    });
  }

  /// 0 when it is not known, or `offset` is -1.
  void store_time(const queue_actor& queue, queue_offset offset,
                  std::function<void(epoch_ms)> then) {
    if (offset.value < 0)
      return then({});
    request(queue, limits::ask_timeout, query_store_time{offset})
      .then(
        [then](const store_time_found& x) {
          then(std::max(x.time, epoch_ms{}));
        },
        [then](caf::error&) { then({}); });
  }

  void add(const round_ptr& work, const backlog_row& row) {
    work->report.rows.push_back(row);
    answered(work);
  }

  void answered(const round_ptr& work) {
    if (--work->open == 0)
      next_topic(work);
  }

  backlog_options options_;
  std::vector<gateway_actor> gateways_;
};

} // namespace

backlog_actor spawn_backlog(caf::actor_system& system, placement where,
                            backlog_options options) {
  return spawn_at<backlog_impl>(system, where, std::move(options));
}

} // namespace troupe
