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
    };
  }

  // Handles in a ring would keep each other, and their threads, for ever.
  void on_exit() override { options_ = {}; }

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
    work->open = options_.gateways.size();
    auto arrived = [this, work, progress](const std::vector<pull_seen>& rows) {
      work->pulls.insert(work->pulls.end(), rows.begin(), rows.end());
      if (--work->open == 0)
        begin_group(work, progress);
    };
    const auto& group = progress.members.snapshot->config.name;
    for (const auto& gateway : options_.gateways)
      request(gateway, limits::ask_timeout, list_pulls{group})
        .then([arrived](const pulls_seen& x) { arrived(x.rows); },
              [arrived](caf::error&) { arrived({}); });
  }

  void begin_group(const round_ptr& work, const progress_report& progress) {
    work->state = backlog_state{progress, work->pulls};
    for (const auto& topic : work->state.topics())
      if (work->wish.topic.empty() || work->wish.topic == topic)
        work->topics.push_back(topic);
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
          auto row = work->state.judge(*topic, x, options_.clock());
          if (row.behind == 0)
            return add(work, row);
          request(queue, limits::ask_timeout,
                  query_store_time{std::max(row.committed, row.min)})
            .then(
              [=, this](const store_time_found& at) {
                auto dated = row;
                if (at.time.value > 0)
                  dated.oldest_age_ms =
                    std::max<std::int64_t>(options_.clock() - at.time, 0);
                add(work, dated);
              },
              [=, this](caf::error&) { add(work, row); }); // age unknown
        },
        failed);
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
};

} // namespace

backlog_actor spawn_backlog(caf::actor_system& system, placement where,
                            backlog_options options) {
  return spawn_at<backlog_impl>(system, where, std::move(options));
}

} // namespace troupe
