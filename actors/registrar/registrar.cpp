#include "registrar/registrar.hpp"

#include "reactor/gather.hpp"
#include "reactor/quiet.hpp"
#include "registrar/announcements.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <deque>
#include <utility>

namespace troupe {

namespace {

class registrar_impl : public registrar_actor::base {
public:
  registrar_impl(caf::actor_config& config, registrar_options options)
    : registrar_actor::base(config),
      links_(std::move(options.links)),
      announcements_(links_.size(), options.wait) {}

  const char* name() const override { return "registrar"; }

  behavior_type make_behavior() override {
    make_quiet(*this);
    for (const auto& link : links_)
      link_to(link);
    return {
      [this](announce& x) {
        auto answer = make_response_promise<announced>();
        newest_ = std::move(x.says);
        announcements_.add(clock::now());
        waiting_.push_back(answer);
        for (std::size_t i = 0; i < links_.size(); ++i)
          tell(i);
        settle();
        return answer;
      },
      [this](const withdraw&) {
        ended_ = true;
        auto answer = make_response_promise<withdrawn>();
        gather<withdrawn>(
          *this, links_, withdraw{}, [](const caf::error&) {},
          [answer](std::vector<withdrawn>&) mutable {
            answer.deliver(withdrawn{});
          });
        return answer;
      },
      [this](const register_wait_tick&) {
        timer_runs_ = false;
        settle();
      },
    };
  }

  void on_exit() override {
    links_.clear();
    waiting_.clear();
  }

private:
  using clock = announcements::clock;

  void tell(std::size_t link) {
    if (ended_ || !announcements_.begin(link))
      return;
    auto ended = [this, link](announcements::outcome how) {
      announcements_.end(link, how);
      tell(link); // what came meanwhile
      settle();
    };
    request(links_[link], caf::infinite, announce{newest_})
      .then(
        [ended](const announced&) { ended(announcements::outcome::told); },
        // The link has logged it.
        [ended](const caf::error&) { ended(announcements::outcome::failed); });
  }

  /// Answers those who wait no more, and looks again when the next one has
  /// waited long enough.
  void settle() {
    auto now = clock::now();
    for (auto left = announcements_.take_settled(now); left > 0; --left) {
      waiting_.front().deliver(announced{});
      waiting_.pop_front();
    }
    auto deadline = announcements_.deadline();
    if (!deadline || timer_runs_)
      return;
    timer_runs_ = true;
    delayed_send(this, *deadline - now, register_wait_tick{});
  }

  std::vector<name_server_link_actor> links_;
  announcements announcements_;
  /// In the order in which they asked, as announcements_ counts them.
  std::deque<caf::typed_response_promise<announced>> waiting_;
  broker_registration newest_;
  bool timer_runs_ = false;
  bool ended_ = false; // the node ends: nothing is told any more
};

} // namespace

registrar_actor spawn_registrar(caf::actor_system& system, placement where,
                                registrar_options options) {
  return spawn_at<registrar_impl>(system, where, std::move(options));
}

} // namespace troupe
