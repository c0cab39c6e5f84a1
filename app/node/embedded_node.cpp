/// troupe::node: the cast within somebody else's program.
#include "troupe/node.hpp"

#include "app/node/config_file.hpp"
#include "app/node/node_main.hpp"

#include "supervisor/supervisor.hpp"

#include "troupe/log.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace troupe {

namespace {

struct quiet_config : caf::actor_system_config {
  quiet_config() {
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-threads", std::size_t{2});
  }
};

std::string sentence_of(const caf::error& error) {
  auto context = context_of(error);
  return context.empty() ? describe(error) : context;
}

/// Directories in use by nodes of this process: the lock on a store holds off
/// other processes only.
class directory_claim {
public:
  explicit directory_claim(const std::string& directory) {
    std::error_code ignored;
    auto path = std::filesystem::weakly_canonical(directory, ignored).string();
    std::scoped_lock hold{mutex()};
    if (all().insert(path).second)
      path_ = path;
  }

  ~directory_claim() {
    std::scoped_lock hold{mutex()};
    all().erase(path_);
  }

  directory_claim(const directory_claim&) = delete;
  directory_claim& operator=(const directory_claim&) = delete;

  bool is_ours() const { return !path_.empty(); }

private:
  static std::mutex& mutex() {
    static std::mutex one;
    return one;
  }

  static std::set<std::string>& all() {
    static std::set<std::string> paths;
    return paths;
  }

  std::string path_; // empty: somebody else's
};

} // namespace

struct node::inside {
  std::unique_ptr<directory_claim> claim; // given back last
  quiet_config config;
  caf::actor_system system{config};
  reactor home{system};
  std::optional<cast_handles> cast;
  std::atomic<bool> failed{false};
  bool hangs = false; // a custom actor does not return from a call

  template <class Reply, class Message>
  caf::expected<Reply> ask(Message message) {
    // Longer than the host's own limits, so that its words arrive.
    constexpr std::chrono::seconds patience{30};
    if (!cast || !cast->custom_host)
      return make_error(errc::shutting_down, "the node has no broker");
    caf::scoped_actor self{system};
    caf::expected<Reply> result = caf::sec::request_timeout;
    self->request(cast->custom_host, patience, std::move(message))
      .receive([&](Reply& x) { result = std::move(x); },
               [&](caf::error& e) { result = std::move(e); });
    return result;
  }

  template <class Reply, class Message>
  std::string tell(Message message) {
    auto done = ask<Reply>(std::move(message));
    return done ? std::string{} : sentence_of(done.error());
  }
};

node::node(std::unique_ptr<inside> in) : in_(std::move(in)) {}

node::started node::start(const custom::fields& options,
                          std::vector<troupe_plugin_type> types) {
  app::node_options wanted;
  // The role decides what other options mean, so it comes first.
  for (auto role_only : {true, false})
    for (const auto& [name, value] : options)
      if ((name == "role") == role_only)
        if (auto error = app::set_option(wanted, name, value, "option"))
          return {nullptr, sentence_of(error)};
  auto cast = app::cast_of(wanted);
  if (!cast)
    return {nullptr, sentence_of(cast.error())};
  cast->custom.types = std::move(types);
  auto claim = std::make_unique<directory_claim>(wanted.data);
  if (!claim->is_ours())
    return {nullptr, "another node of this program has the data directory "
                       + wanted.data};
  auto in = std::make_unique<inside>();
  in->claim = std::move(claim);
  auto* raw = in.get();
  auto handles = start_cast(in->system, in->home, std::move(*cast),
                            [raw] { raw->failed = true; });
  if (!handles)
    return {nullptr, sentence_of(handles.error())};
  in->cast = std::move(*handles);
  return {std::unique_ptr<node>{new node{std::move(in)}}, {}};
}

node::~node() {
  stop();
  // A thread that never ends would be waited for: it is left behind.
  if (in_->hangs)
    static_cast<void>(in_.release());
}

std::uint16_t node::broker_port() const {
  return in_->cast ? in_->cast->ports.broker : std::uint16_t{0};
}

std::uint16_t node::name_server_port() const {
  return in_->cast ? in_->cast->ports.name_server : std::uint16_t{0};
}

bool node::has_failed() const {
  return in_->failed;
}

std::string node::load_plugin(const std::string& file) {
  return in_->tell<plugin_loaded>(troupe::load_plugin{file});
}

std::string node::spawn(const custom_spec& spec) {
  return in_->tell<custom_changed>(spawn_custom{spec});
}

std::string node::unspawn(const std::string& name) {
  return in_->tell<custom_changed>(unspawn_custom{name});
}

std::string node::restart(const std::string& name) {
  return in_->tell<custom_changed>(restart_custom{name});
}

std::string node::pause(const std::string& name) {
  return in_->tell<custom_changed>(suspend_custom{name, true});
}

std::string node::resume(const std::string& name) {
  return in_->tell<custom_changed>(suspend_custom{name, false});
}

node::answered node::ask(const std::string& name, const std::string& question,
                         const custom::fields& arguments) {
  auto answer = in_->ask<custom_answer>(ask_custom{name, question, arguments});
  if (!answer)
    return {{}, sentence_of(answer.error())};
  return {std::move(answer->rows), {}};
}

std::vector<custom_report> node::list() const {
  auto list = in_->ask<custom_list>(list_custom{});
  return list ? std::move(list->actors) : std::vector<custom_report>{};
}

std::string node::stop() {
  if (!in_->cast)
    return {};
  auto error = stop_cast(in_->system, in_->home, *in_->cast);
  in_->cast.reset();
  if (error && is(error, errc::busy)) {
    in_->hangs = true;
    return sentence_of(error);
  }
  return error ? sentence_of(error) : std::string{};
}

} // namespace troupe
