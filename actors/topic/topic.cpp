#include "topic/topic.hpp"

#include "reactor/gather.hpp"
#include "reactor/quiet.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <algorithm>

namespace troupe {

namespace {

class topic_impl : public topic_actor::base {
public:
  topic_impl(caf::actor_config& config, topic_config settings,
             queue_factory make_queue)
    : topic_actor::base(config),
      config_(std::make_shared<const topic_config>(std::move(settings))),
      make_queue_(std::move(make_queue)) {}

  const char* name() const override { return "topic"; }

  behavior_type make_behavior() override {
    make_quiet(*this);
    // A dead queue cannot be replaced in views that others hold: the topic
    // ends with it and is made anew on its next use.
    set_down_handler([this](const caf::down_msg& x) {
      log::error("topic", "a queue died, the topic starts again")
        .with("topic", config_->name);
      quit(x.reason);
    });
    add_queues();
    return {
      [this](const describe_topic&) { return view(); },
      [this](set_topic_config& x) {
        config_ = std::make_shared<const topic_config>(std::move(x.config));
        add_queues();
        return view();
      },
      [this](const describe_queues&) { return describe(); },
      [this](const write_rows&) { return write(); },
      [this](const trim_queue& x) {
        for (const auto& queue : queues_)
          send(queue, x);
      },
      [this](const remove_topic&) {
        for (const auto& queue : queues_) {
          demonitor(queue.address());
          send(queue, remove_queue{});
        }
        queues_.clear();
        quit();
      },
    };
  }

  void on_exit() override {
    for (const auto& queue : queues_)
      send_exit(queue, caf::exit_reason::user_shutdown);
    queues_.clear();
    make_queue_ = nullptr;
  }

private:
  /// Each is a call to the kernel or more, on the reactor.
  static constexpr std::size_t writes_at_once = 8;

  topic_view view() const { return {config_, queues_}; }

  void add_queues() {
    auto wanted = std::max(config_->read_queues, config_->write_queues);
    for (auto i = static_cast<std::int32_t>(queues_.size()); i < wanted; ++i) {
      queues_.push_back(make_queue_({i}));
      monitor(queues_.back());
    }
  }

  caf::typed_response_promise<queue_reports> describe() {
    auto promise = make_response_promise<queue_reports>();
    gather<queue_report>(
      *this, queues_, describe_queue{}, [](const caf::error&) {},
      [promise](std::vector<queue_report>& x) mutable {
        promise.deliver(queue_reports{std::move(x)});
      });
    return promise;
  }

  caf::typed_response_promise<rows_written> write() {
    auto promise = make_response_promise<rows_written>();
    auto failure = std::make_shared<caf::error>();
    gather<rows_written>(
      *this, queues_, write_rows{},
      [failure](const caf::error& error) { *failure = error; },
      [promise, failure](std::vector<rows_written>& all) mutable {
        if (*failure) {
          promise.deliver(*failure);
          return;
        }
        rows_written joined;
        for (auto& x : all) {
          std::ranges::move(x.files, std::back_inserter(joined.files));
          joined.others = joined.others || x.others;
        }
        promise.deliver(std::move(joined));
      },
      writes_at_once);
    return promise;
  }

  std::shared_ptr<const topic_config> config_;
  queue_factory make_queue_;
  std::vector<queue_actor> queues_; // by queue id
};

} // namespace

topic_actor spawn_topic(caf::actor_system& system, placement where,
                        topic_config config, queue_factory make_queue) {
  return spawn_at<topic_impl>(system, where, std::move(config),
                              std::move(make_queue));
}

} // namespace troupe
