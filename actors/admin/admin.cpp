#include "admin/admin.hpp"

#include "admin/admin_context.hpp"
#include "admin/verbs.hpp"
#include "reactor/quiet.hpp"

#include <caf/actor_cast.hpp>
#include <caf/blocking_actor.hpp>
#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <array>
#include <memory>
#include <set>

namespace troupe {

namespace {

using options_ptr = std::shared_ptr<const admin_options>;

/// Answers one request, on a thread of its own, and ends.
void answer_one(caf::blocking_actor* self, const options_ptr& node,
                const path_table& paths) {
  admin_request request;
  caf::typed_response_promise<table> promise;
  self->receive([&](admin_request& x) {
    request = std::move(x);
    promise = self->make_response_promise<table>();
    return promise;
  });
  admin_context context{*self, *node, paths};
  auto answer = run_verb(context, std::move(request));
  if (answer)
    promise.deliver(std::move(*answer));
  else
    promise.deliver(std::move(answer.error()));
}

class admin_impl : public admin_door::base {
public:
  admin_impl(caf::actor_config& config, admin_options options)
    : admin_door::base(config),
      node_(std::make_shared<const admin_options>(std::move(options))) {}

  const char* name() const override { return "admin"; }

  behavior_type make_behavior() override {
    make_quiet(*this);
    set_down_handler([this](const caf::down_msg& x) { forget(x.source); });
    return {
      [this](admin_request& x) { return serve(x); },
      [this](register_path& x) { return put(x); },
      [this](const unregister_path& x) { paths_.erase(x.path); },
      [this](const end_admin&) { end(); },
    };
  }

  /// Takes what the interface names, and news of deaths. Whoever reaches the
  /// door could also send CAF's own messages, such as an exit that kills.
  void enqueue(caf::mailbox_element_ptr element,
               caf::execution_unit* host) override {
    const auto& content = element->content();
    if (content.match_elements<admin_request>()
        || content.match_elements<register_path>()
        || content.match_elements<unregister_path>()
        || content.match_elements<end_admin>()
        || content.match_elements<caf::down_msg>())
      admin_door::base::enqueue(std::move(element), host);
  }

  void enqueue(caf::strong_actor_ptr from, caf::message_id id,
               caf::message content, caf::execution_unit* host) override {
    enqueue(
      caf::make_mailbox_element(std::move(from), id, {}, std::move(content)),
      host);
  }

  void on_exit() override {
    node_.reset();
    paths_.clear();
  }

private:
  caf::result<table> serve(admin_request& request) {
    if (auto why = why_too_big(request); !why.empty())
      return make_error(errc::invalid_argument, why);
    if (workers_.size() >= limits::admin_requests_max)
      return make_error(errc::busy,
                        "the shells of this node have "
                          + std::to_string(limits::admin_requests_max)
                          + " requests open; try again");
    auto worker = system().spawn<caf::detached>(answer_one, node_, paths_);
    monitor(worker);
    workers_.insert(worker.address());
    return delegate(caf::actor_cast<admin_actor>(worker), std::move(request));
  }

  static std::string why_too_big(const admin_request& request) {
    auto bytes = request.verb.size();
    for (const auto& word : request.arguments)
      bytes += word.size();
    if (request.arguments.size() > limits::admin_words_max)
      return "a line has at most " + std::to_string(limits::admin_words_max)
             + " words";
    if (bytes > limits::admin_text_bytes_max)
      return "a line has at most "
             + std::to_string(limits::admin_text_bytes_max) + " bytes";
    return {};
  }

  caf::result<path_registered> put(register_path& wish) {
    if (auto why = why_bad_path(wish.path); !why.empty())
      return make_error(errc::invalid_argument, why);
    if (paths_.size() >= limits::admin_paths_max)
      return make_error(errc::busy, "too many paths are registered");
    monitor(wish.actor);
    paths_.insert_or_assign(
      std::move(wish.path),
      registered_path{std::move(wish.kind), std::move(wish.actor)});
    return path_registered{};
  }

  /// Requests that watch the node for a while end with what they have seen.
  void end() {
    for (const auto& x : workers_)
      if (auto worker = caf::actor_cast<caf::actor>(x))
        caf::anon_send(worker, end_admin{});
    quit();
  }

  void forget(const caf::actor_addr& gone) {
    if (workers_.erase(gone) > 0)
      return;
    std::erase_if(paths_, [&](const auto& entry) {
      return entry.second.actor.address() == gone;
    });
  }

  options_ptr node_;
  path_table paths_;
  std::set<caf::actor_addr> workers_; // requests that are open
};

} // namespace

std::string why_bad_path(std::string_view path) {
  static constexpr std::array own_roots{
    "/topic",   "/queue",       "/group",     "/producer",  "/tx",
    "/log",     "/scheduler",   "/gateway",   "/directory", "/store",
    "/flusher", "/cold-reader", "/key-index", "/registrar", "/supervisor",
    "/admin",   "/name-server", "/retention", "/pop",       "/timers",
    "/backlog",
  };
  if (path.size() < 2 || path.front() != '/' || path.back() == '/'
      || path.find("//") != path.npos)
    return "`" + std::string{path}
           + "` is no path; write one such as /custom/wordcount";
  if (path.find_first_of(" \t\r\n") != path.npos)
    return "a path has no blanks: `" + std::string{path} + "`";
  auto root = path.substr(0, path.find('/', 1));
  if (std::ranges::find(own_roots, root) != own_roots.end())
    return std::string{root} + " belongs to the node; choose another path";
  return {};
}

admin_door spawn_admin(caf::actor_system& system, admin_options options) {
  return system.spawn<admin_impl>(std::move(options));
}

} // namespace troupe
