#include "gateway/gateway.hpp"

#include "gateway/gateway_context.hpp"
#include "gateway/handlers/handlers.hpp"
#include "gateway/judged.hpp"
#include "gateway/listener.hpp"
#include "gateway/pulling.hpp"
#include "gateway/replying.hpp"
#include "gateway/sending.hpp"
#include "reactor/quiet.hpp"
#include "remoting/command_codec.hpp"
#include "remoting/frame.hpp"
#include "storage/open_files.hpp"

#include "troupe/assert.hpp"
#include "troupe/limits.hpp"
#include "troupe/steady_time.hpp"

#include <caf/actor_cast.hpp>
#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>

#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

namespace troupe {

namespace {

constexpr std::uint32_t reading = EPOLLIN | EPOLLRDHUP;

/// A question to a client that waits for its answer.
struct open_call {
  caf::typed_response_promise<client_answer> promise;
  epoch_ms deadline;
};

connection_list list_of(connection_table& all, const list_connections& wish) {
  connection_list result;
  all.for_each([&](const connection& x) {
    auto address = to_string(x.peer());
    if (!wish.address.empty() && address != wish.address)
      return;
    if (result.rows.size() >= wish.count_max) {
      ++result.more;
      return;
    }
    connection_row row;
    row.id = x.id();
    row.address = std::move(address);
    row.client_id = x.client_id;
    row.name_server = x.offers() == service::name_server;
    row.language = x.language;
    row.version = x.version;
    row.opened = x.opened;
    row.last_read = x.last_read;
    row.requests = x.requests;
    row.in_bytes = x.in_bytes;
    row.out_bytes = x.out_bytes;
    row.in_flight = x.in_flight;
    row.out_buffer_bytes = x.out.size();
    result.rows.push_back(std::move(row));
  });
  std::ranges::sort(result.rows, {}, &connection_row::address);
  return result;
}

/// What the store wants of the descriptors that the process may have is its
/// own, and so are some that it needs at once: a flood of connections must not
/// keep a message from its files.
std::size_t connections_allowed() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0)
    return limits::connections_max;
  std::size_t all = files.rlim_cur;
  return std::min(limits::connections_max,
                  all - storage::open_files_wanted(all) - all / 16);
}

class gateway_impl : public gateway_actor::base,
                     public connection_events,
                     public round_handler {
public:
  gateway_impl(caf::actor_config& config, reactor* home,
               gateway_options options)
    : gateway_actor::base(config),
      home_(*home),
      context_(this, *home, std::move(options)) {}

  const char* name() const override { return "gateway"; }

  /// Binds the ports. Before the reactor runs, or on its thread.
  caf::error listen() {
    const auto& options = context_.options();
    auto accept = [this](int fd, service offers) { accepted(fd, offers); };
    auto open = [&](std::optional<std::uint16_t> port, service offers,
                    std::uint16_t& bound) -> caf::error {
      if (!port)
        return caf::none;
      auto made = listener::open(home_, options.listen, *port, offers, accept);
      if (!made)
        return std::move(made.error());
      bound = (*made)->port();
      listeners_.push_back(std::move(*made));
      return caf::none;
    };
    auto& ports = context_.ports;
    if (auto error = open(options.broker_port, service::broker, ports.broker))
      return error;
    return open(options.name_server_port, service::name_server,
                ports.name_server);
  }

  gateway_ports ports() const { return context_.ports; }

  behavior_type make_behavior() override {
    make_quiet(*this);
    set_down_handler(
      [this](const caf::down_msg& x) { context_.forget_dead_group(x.source); });
    home_.set_round_handler(this);
    delayed_send(this, tick_period, gateway_tick{});
    return {
      [this](push_command& x) {
        static_cast<void>(push(x.connection, x.command));
      },
      [this](push_and_confirm& x) -> caf::result<command_pushed> {
        if (auto error = push(x.connection, x.command))
          return error;
        return command_pushed{};
      },
      [this](call_client& x) { return call(x); },
      [this](const close_connection& x) {
        if (auto* found = context_.connections().find(x.connection))
          close(*found, "no heartbeat, or ended by the shell");
      },
      [this](append_done& x) { answer_appends(context_, x); },
      [this](pull_done& x) { answer_pulls(context_, x); },
      [this](intercept_done& x) { settle(context_, x); },
      [this](filter_done& x) { context_.filtered(x); },
      [this](set_custom_links& x) {
        context_.learn_links(x);
        return custom_links_set{};
      },
      [this](push_reply& x) { return push_to_client(x); },
      [this](const topic_changed& x) { context_.forget_topic(x.topic); },
      [this](const group_changed& x) { context_.learn_group(x); },
      [this](const drain_gateway&) { return drain(); },
      [this](const gateway_tick&) { tick(); },
      [this](const describe_gateway&) {
        auto report = context_.counters();
        report.connections = context_.connections().size();
        report.memory_used = context_.memory_used();
        report.memory_max = context_.options().memory_max;
        report.waiting_pulls = context_.waiting_pulls;
        report.settings = context_.options().settings;
        report.kept_settings = context_.options().kept_settings;
        return report;
      },
      [this](const list_pulls& x) { return context_.list_pulls_of(x.group); },
      [this](const list_connections& x) {
        return list_of(context_.connections(), x);
      },
    };
  }

  void on_exit() override {
    home_.set_round_handler(nullptr);
    listeners_.clear();
    context_.connections().for_each(
      [this](connection& x) { close(x, "the node ends"); });
    for (auto& [key, open] : calls_)
      open.promise.deliver(make_error(errc::shutting_down, "the node ends"));
    context_.release_actors();
  }

  // -- sockets ----------------------------------------------------------------

  void on_readable(connection& from) override {
    context(&home_);
    from.last_read = now_ms();
    if (draining_) {
      set_interest(from, from.interest & ~reading);
      return;
    }
    if (from.skip > 0)
      return skip_refused(from);
    from.large ? read_large(from) : read_small(from);
  }

  void on_writable(connection& to) override {
    context(&home_);
    context_.mark_dirty(to);
  }

  void on_broken(connection& which) override {
    context(&home_);
    close(which, "reset by peer");
  }

  // -- the round --------------------------------------------------------------

  void on_polled() override {
    context(&home_);
    serve_unfinished();
    context_.send_round();
  }

  void on_ran() override {
    context(&home_);
    context_.send_round();
    context_.write_dirty([this](connection& x) { update_interest(x); },
                         [this](connection& x) { close(x, "write failed"); });
    if (chunk_ && chunk_->unique())
      chunk_used_ = 0; // nobody holds a slice: begin again without allocating
    finish_drain();
  }

private:
  static constexpr std::chrono::seconds tick_period{1};
  static constexpr std::size_t read_room_min = 64u << 10;

  void accepted(int fd, service offers) {
    auto& table = context_.connections();
    if (table.size() >= connections_max_) {
      refuse(fd);
      return;
    }
    auto& made = table.add(*this, fd, offers);
    ++context_.counters().accepted;
    made.interest = reading;
    if (home_.watch(fd, reading, &made) != 0)
      table.remove(made.id());
  }

  /// Told once a second: a flood must not fill the log.
  void refuse(int fd) {
    ::close(fd);
    ++context_.counters().refused_connections;
    if (now_ms() < refusal_told_at_ + 1000)
      return;
    refusal_told_at_ = now_ms();
    log::warning("gateway", "connections are refused: there are as many as may "
                            "be; close some, or allow more open files")
      .with("connections", context_.connections().size())
      .with("refused_since_start", context_.counters().refused_connections);
  }

  void close(connection& which, const char* why) {
    log::debug("gateway", "connection closed")
      .with("peer", to_string(which.peer()))
      .with("why", why);
    home_.unwatch(which.fd());
    auto id = which.id();
    auto leavers = std::move(which.leavers);
    context_.forget_memory(which);
    context_.connections().remove(id);
    client_link link{context_.handle(), id};
    for (auto& [name, leave] : leavers)
      leave(link);
    for (auto i = calls_.begin(); i != calls_.end();) {
      if (i->first.first == id) {
        i->second.promise.deliver(
          make_error(errc::client_gone, "the client closed its connection"));
        i = calls_.erase(i);
      } else {
        ++i;
      }
    }
  }

  void set_interest(connection& which, std::uint32_t events) {
    if (which.interest == events)
      return;
    which.interest = events;
    home_.rewatch(which.fd(), events, &which);
  }

  void update_interest(connection& which) {
    std::uint32_t events = 0;
    if (!which.out.empty())
      events |= EPOLLOUT;
    auto held = which.held_back;
    if (held && which.out.size() < limits::out_low_bytes
        && which.in_flight < limits::in_flight_per_connection_max / 2) {
      which.held_back = held = false;
      if (!which.unread.empty())
        add_unfinished(which);
    }
    if (!held && !draining_)
      events |= reading;
    set_interest(which, events);
  }

  // -- reading ----------------------------------------------------------------

  /// Makes room for `bytes` (and a byte behind them) in the shared chunk.
  void make_room(std::size_t bytes) {
    if (chunk_ && chunk_used_ + bytes < chunk_->size())
      return;
    if (chunk_ && chunk_->unique() && bytes < chunk_->size()) {
      chunk_used_ = 0;
      return;
    }
    chunk_ =
      caf::make_counted<buffer>(std::max(limits::read_chunk_bytes, bytes + 1));
    chunk_used_ = 0;
  }

  void read_small(connection& from) {
    make_room(from.unread.size() + read_room_min);
    auto* begin = chunk_->data() + chunk_used_;
    std::memcpy(begin, from.unread.data(), from.unread.size());
    auto room = chunk_->size() - chunk_used_ - from.unread.size() - 1;
    auto got = ::recv(from.fd(), begin + from.unread.size(), room, 0);
    if (got <= 0) {
      if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
      close(from, got == 0 ? "closed by peer" : std::strerror(errno));
      return;
    }
    from.in_bytes += got;
    auto size = from.unread.size() + static_cast<std::size_t>(got);
    auto offset = chunk_used_;
    chunk_used_ += size;
    from.unread.clear();
    serve_bytes(from, offset, size);
  }

  /// Reads on into the buffer of a frame that is too long for the chunk.
  void read_large(connection& from) {
    auto& whole = *from.large;
    auto got = ::recv(from.fd(), whole.data() + from.large_filled,
                      whole.size() - 1 - from.large_filled, 0);
    if (got <= 0) {
      if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
      close(from, got == 0 ? "closed by peer" : std::strerror(errno));
      return;
    }
    from.in_bytes += got;
    from.large_filled += static_cast<std::size_t>(got);
    if (from.large_filled < whole.size() - 1)
      return;
    auto frame = std::move(from.large);
    from.large_filled = 0;
    serve_frame(from, frame, frame->data(), frame->size() - 1);
  }

  /// Serves the frames in `size` bytes of the chunk at `offset`; keeps the
  /// rest.
  void serve_bytes(connection& from, std::size_t offset, std::size_t size) {
    auto id = from.id();
    auto chunk = chunk_; // a handler may make room for another connection
    std::size_t served = 0;
    while (size > 0) {
      std::string_view bytes{chunk->data() + offset, size};
      auto frame = remoting::find_frame(bytes);
      if (frame.state == remoting::frame_state::malformed) {
        log::warning("gateway", "malformed frame, connection closed")
          .with("peer", to_string(from.peer()))
          .with("why", frame.why);
        close(from, "malformed frame");
        return;
      }
      if (frame.state == remoting::frame_state::incomplete) {
        keep_partial(from, bytes, frame.size);
        return;
      }
      if (must_hold_back(from) || served == limits::frames_per_round_max) {
        from.unread.assign(bytes);
        if (!from.held_back)
          add_unfinished(from);
        return;
      }
      serve_frame(from, chunk, chunk->data() + offset, frame.size);
      ++served;
      if (context_.connections().find(id) == nullptr)
        return; // the frame ended its connection
      offset += frame.size;
      size -= frame.size;
    }
  }

  void keep_partial(connection& from, std::string_view bytes,
                    std::size_t frame_size) {
    if (frame_size < read_room_min) {
      from.unread.assign(bytes);
      context_.recount(from);
      return;
    }
    if (!context_.has_room(frame_size)) {
      refuse_large(from, bytes, frame_size);
      return;
    }
    from.large = caf::make_counted<buffer>(frame_size + 1);
    from.large_filled = bytes.size();
    std::memcpy(from.large->data(), bytes.data(), bytes.size());
  }

  /// There is no memory for a long frame: its header, which has come already,
  /// is answered, the rest of it is passed over.
  void refuse_large(connection& from, std::string_view bytes,
                    std::size_t frame_size) {
    auto head = remoting::head_of(bytes);
    if (head.empty() || command_.decode(head.data(), head.size() - 1)) {
      ++context_.counters().refused_memory;
      close(from, "no memory for its frame");
      return;
    }
    caller who{from.id(), command_.opaque(), command_.encoding(),
               (command_.flag() & remoting::flag_oneway) != 0};
    if (!who.oneway)
      ++from.in_flight;
    from.skip = frame_size - bytes.size();
    context_.refuse_for_memory(who);
  }

  void skip_refused(connection& from) {
    make_room(read_room_min);
    auto room = std::min(chunk_->size() - chunk_used_ - 1, from.skip);
    auto got = ::recv(from.fd(), chunk_->data() + chunk_used_, room, 0);
    if (got <= 0) {
      if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
      close(from, got == 0 ? "closed by peer" : std::strerror(errno));
      return;
    }
    from.in_bytes += got;
    from.skip -= static_cast<std::size_t>(got);
  }

  /// What is served however short memory is: it frees memory, or keeps members
  /// and progress of groups.
  static bool is_vital(std::int32_t code) {
    using enum remoting::request_code;
    static constexpr std::array vital{
      heart_beat,       unregister_client, update_consumer_offset,
      lock_batch_mq,    unlock_batch_mq,   get_broker_runtime_info,
      broker_heartbeat, register_broker,   unregister_broker};
    return std::ranges::any_of(
      vital, [code](auto x) { return static_cast<std::int32_t>(x) == code; });
  }

  /// Whether a connection must read its answers before it may ask more.
  bool must_hold_back(connection& from) {
    if (from.in_flight < limits::in_flight_per_connection_max
        && from.out.size() < limits::out_high_bytes)
      return false;
    from.held_back = true;
    set_interest(from, from.interest & ~reading);
    return true;
  }

  void add_unfinished(connection& from) {
    unfinished_.push_back(from.id());
    home_.run_soon();
  }

  void serve_unfinished() {
    std::vector<connection_id> round;
    round.swap(unfinished_);
    for (auto id : round) {
      auto* from = context_.connections().find(id);
      if (from == nullptr || from->held_back || from->unread.empty())
        continue;
      make_room(from->unread.size());
      auto offset = chunk_used_;
      auto size = from->unread.size();
      std::memcpy(chunk_->data() + offset, from->unread.data(), size);
      chunk_used_ += size;
      from->unread.clear();
      serve_bytes(*from, offset, size);
    }
  }

  void serve_frame(connection& from, const buffer_ptr& chunk, char* data,
                   std::size_t size) {
    if (auto error = command_.decode(data, size)) {
      log::warning("gateway", "frame without a header, connection closed")
        .with("peer", to_string(from.peer()))
        .with("why", describe(error));
      close(from, "malformed header");
      return;
    }
    if ((command_.flag() & remoting::flag_response) != 0) {
      settle_call(from, chunk);
      return;
    }
    caller who{from.id(), command_.opaque(), command_.encoding(),
               (command_.flag() & remoting::flag_oneway) != 0};
    ++context_.counters().requests;
    if (from.requests++ == 0) {
      from.language = command_.language();
      from.version = command_.version();
    }
    if (!who.oneway)
      ++from.in_flight;
    if (!context_.has_room() && !is_vital(command_.code())) {
      context_.refuse_for_memory(who);
      return;
    }
    troupe::request asked{who, from, command_, chunk};
    if (auto* serve = handlers::find_handler(from.offers(), command_.code())) {
      serve(context_, asked);
      return;
    }
    refuse_unserved(from, who);
  }

  void refuse_unserved(const connection& from, const caller& who) {
    ++context_.counters().refused;
    std::string remark =
      " request type " + std::to_string(command_.code())
      + " not supported by this "
      + (from.offers() == service::broker ? "broker" : "name server");
    if (auto why = handlers::why_unserved(command_.code()); !why.empty())
      remark.append(": ").append(why);
    context_.answer(who, remoting::response_code::request_code_not_supported,
                    remark);
  }

  // -- questions to clients ---------------------------------------------------

  [[nodiscard]] caf::error push(connection_id to, remoting::command& command) {
    auto* found = context_.connections().find(to);
    if (found == nullptr)
      return make_error(errc::client_gone,
                        "the client has closed its connection");
    if (auto error = why_full(*found))
      return error;
    command.opaque = ++opaque_;
    command.flag |= remoting::flag_oneway;
    write_to(*found, command);
    return caf::none;
  }

  /// A client that does not read what it never asked for gets no more of it.
  [[nodiscard]] caf::error why_full(const connection& to) const {
    if (to.out.text_bytes() >= limits::out_unasked_bytes_max)
      return make_error(errc::busy, "the client has not read "
                                      + std::to_string(to.out.text_bytes())
                                      + " bytes; retry when it has");
    if (context_.memory_used() >= context_.options().memory_max)
      return make_error(errc::busy,
                        "--memory-max is in use; retry in a second");
    return caf::none;
  }

  void write_to(connection& to, const remoting::command& command) {
    remoting::append_command(to.out.tail(), remoting::header_encoding::json,
                             command);
    context_.recount(to);
    context_.mark_dirty(to);
  }

  caf::typed_response_promise<client_answer> call(call_client& question) {
    auto promise = make_response_promise<client_answer>();
    auto* found = context_.connections().find(question.connection);
    if (found == nullptr) {
      promise.deliver(
        make_error(errc::client_gone, "the client has closed its connection"));
      return promise;
    }
    if (calls_.size() >= limits::client_calls_max) {
      promise.deliver(make_error(errc::busy,
                                 "too many questions to clients are open; "
                                 "retry in some seconds"));
      return promise;
    }
    if (auto error = why_full(*found)) {
      promise.deliver(std::move(error));
      return promise;
    }
    question.command.opaque = ++opaque_;
    write_to(*found, question.command);
    auto deadline =
      now_ms() + std::chrono::milliseconds{limits::client_call_timeout}.count();
    calls_.emplace(std::pair{question.connection, opaque_},
                   open_call{promise, deadline});
    return promise;
  }

  caf::typed_response_promise<reply_pushed> push_to_client(push_reply& x) {
    auto promise = make_response_promise<reply_pushed>();
    reply(context_, x, [promise](const caf::error& error) mutable {
      if (error)
        promise.deliver(error);
      else
        promise.deliver(reply_pushed{});
    });
    return promise;
  }

  void settle_call(connection& from, const buffer_ptr&) {
    auto found = calls_.find({from.id(), command_.opaque()});
    if (found == calls_.end())
      return; // too late, or never asked
    found->second.promise.deliver(client_answer{command_.to_command()});
    calls_.erase(found);
  }

  // -- time -------------------------------------------------------------------

  void tick() {
    delayed_send(this, tick_period, gateway_tick{});
    for (auto& x : listeners_)
      x->resume();
    context_.expire_judged();
    auto now = now_ms();
    forgive_jump(now);
    std::erase_if(calls_, [now](const auto& entry) {
      if (entry.second.deadline > now)
        return false;
      auto promise = entry.second.promise;
      promise.deliver(
        make_error(errc::client_timeout, "the client did not answer in 10 s"));
      return true;
    });
    auto idle = std::chrono::milliseconds{limits::idle_close}.count();
    // When memory is short, those that hold some of it idly go first.
    auto is_short =
      context_.memory_used() > context_.options().memory_max / 4 * 3;
    auto stall =
      std::chrono::milliseconds{is_short ? limits::write_stall_close_short
                                         : limits::write_stall_close}
        .count();
    context_.connections().for_each([&](connection& x) {
      if (x.out.empty()) {
        x.last_write_progress = now;
        x.out.shrink(); // it will grow again if it is used
      }
      if (now - x.last_write_progress > stall) {
        ++context_.counters().closed_stalled;
        close(x, "takes no answers");
      } else if (is_short && x.large && now - x.last_read > stall) {
        ++context_.counters().closed_stalled;
        close(x, "its frame does not go on");
      } else if (now - x.last_read > idle && x.in_flight == 0)
        close(x, "idle");
    });
  }

  /// A wall clock that jumps has made nobody silent or late.
  void forgive_jump(epoch_ms now) {
    auto lead = now - steady_ms();
    auto jumped = lead - clock_lead_ms_;
    constexpr std::int64_t slew_ms = 1000; // what a clock that is set may drift
    if (std::abs(jumped) < slew_ms)
      return;
    clock_lead_ms_ = lead;
    log::warning("gateway", "the wall clock has jumped").with("ms", jumped);
    for (auto& [key, call] : calls_)
      call.deadline += jumped;
    // What was read since the jump is right already.
    auto moved = [=](epoch_ms at) {
      return at > now || jumped > 0 ? std::min(at + jumped, now) : at;
    };
    context_.connections().for_each([moved](connection& x) {
      x.last_read = moved(x.last_read);
      x.last_write_progress = moved(x.last_write_progress);
    });
  }

  // -- the end ----------------------------------------------------------------

  caf::typed_response_promise<gateway_drained> drain() {
    drained_ = make_response_promise<gateway_drained>();
    draining_ = true;
    drain_until_ =
      now_ms() + std::chrono::milliseconds{limits::drain_timeout}.count();
    listeners_.clear();
    context_.connections().for_each(
      [this](connection& x) { update_interest(x); });
    home_.run_soon();
    return drained_;
  }

  void finish_drain() {
    if (!draining_ || !drained_.pending())
      return;
    auto open = context_.open_appends > 0 || context_.intercepted() > 0;
    if (open && now_ms() < drain_until_)
      return;
    context_.connections().for_each(
      [this](connection& x) { close(x, "the node ends"); });
    drained_.deliver(gateway_drained{});
  }

  reactor& home_;
  const std::size_t connections_max_ = connections_allowed();
  epoch_ms refusal_told_at_; // in the log
  // What the wall clock is ahead of steady_ms().
  std::int64_t clock_lead_ms_ = now_ms() - steady_ms();
  gateway_context context_;
  std::vector<std::unique_ptr<listener>> listeners_;
  remoting::command_view command_;
  buffer_ptr chunk_;
  std::size_t chunk_used_ = 0;
  std::vector<connection_id> unfinished_;
  std::map<std::pair<connection_id, std::int32_t>, open_call> calls_;
  std::int32_t opaque_ = 0;
  bool draining_ = false;
  epoch_ms drain_until_;
  caf::typed_response_promise<gateway_drained> drained_;
};

} // namespace

caf::expected<gateway_spawned> spawn_gateway(caf::actor_system& system,
                                             reactor& home,
                                             gateway_options options) {
  auto watched = options.directory;
  caf::actor_config config{&home};
  auto handle = system.spawn_class<pinned<gateway_impl>, caf::no_spawn_options>(
    config, &home, std::move(options));
  // Bound here, so that a port in use ends the start with a sentence. The
  // actor is known to nobody yet, and the reactor does not run.
  auto* impl =
    dynamic_cast<gateway_impl*>(caf::actor_cast<caf::abstract_actor*>(handle));
  TROUPE_ASSERT(impl != nullptr, "what was just spawned is a gateway");
  if (auto error = impl->listen()) {
    caf::anon_send_exit(handle, caf::exit_reason::user_shutdown);
    return error;
  }
  if (watched)
    caf::anon_send(watched, watch_topics{handle});
  return gateway_spawned{handle, impl->ports()};
}

} // namespace troupe
