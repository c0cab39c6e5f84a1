/// What handlers work with: ask an actor, append, pull, answer. Owned by the
/// gateway; everything happens on its thread.
#pragma once

#include "gateway/connection_table.hpp"
#include "gateway/filter_cache.hpp"
#include "gateway/gateway.hpp"
#include "gateway/request.hpp"
#include "gateway/views.hpp"

#include "troupe/limits.hpp"
#include "troupe/log.hpp"
#include "troupe/model/unique_keys.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

namespace troupe {

/// A field of an answer.
using answer_field = std::pair<std::string_view, std::string_view>;

class delivery_filters;
class interceptors;

class gateway_context {
public:
  gateway_context(gateway_actor::pointer self, reactor& home,
                  gateway_options options);
  ~gateway_context();

  const gateway_options& options() const { return options_; }

  /// From now on; other roles are told by the handler that changed them.
  void set_live(changed_settings all) {
    options_.live = std::move(all.live);
    options_.settings = std::move(all.shown);
    options_.kept_settings = std::move(all.kept);
  }

  gateway_report& counters() { return counters_; }

  connection_table& connections() { return connections_; }

  /// SQL92 filters, compiled once however often they are told.
  filter_cache& filters() { return filters_; }

  gateway_actor::pointer self() const { return self_; }

  /// The handle by which other actors reach this gateway.
  gateway_actor handle() const;

  /// The link by which other actors reach the client of `from`.
  client_link link_of(const caller& from) const;

  // -- answers ---------------------------------------------------------------

  /// Answers, unless the request was one-way or its connection has gone.
  void answer(const caller& from, remoting::response_code code,
              std::string_view remark = {},
              std::initializer_list<answer_field> fields = {},
              std::string_view body = {});

  /// Answers with fields known only at run time.
  void answer_fields(const caller& from, remoting::response_code code,
                     std::string_view remark,
                     std::span<const answer_field> fields,
                     std::string_view body = {});

  /// Answers with the response code of `error` and its context as remark.
  void fail(const caller& from, const caf::error& error);

  /// The connection to write an answer for `from` to; null when there is
  /// nobody to answer. Counts the request as answered and marks the connection
  /// to be written this round.
  connection* begin_answer(const caller& from);

  // -- asking actors ----------------------------------------------------------

  /// Sends `message` to `to`; `then(reply&)` runs when it is answered. An error
  /// is answered to `from` as it is.
  template <class Handle, class Message, class Then>
  void ask(const caller& from, const Handle& to, Message&& message, Then then) {
    self_->request(to, limits::ask_timeout, std::forward<Message>(message))
      .then(std::move(then),
            [this, from](caf::error& error) { fail(from, error); });
  }

  /// The same without a limit of time, for what is asked with every message:
  /// each limit costs two switches to the thread of CAF's clock and back. Only
  /// for actors of this reactor, which answer whatever becomes of a request.
  template <class Handle, class Message, class Then>
  void ask_untimed(const caller& from, const Handle& to, Message&& message,
                   Then then) {
    self_->request(to, caf::infinite, std::forward<Message>(message))
      .then(std::move(then),
            [this, from](caf::error& error) { fail(from, error); });
  }

  /// The same as ask() with a handler for the error.
  template <class Handle, class Message, class Then, class Else>
  void ask_or(const Handle& to, Message&& message, Then then, Else otherwise) {
    self_->request(to, limits::ask_timeout, std::forward<Message>(message))
      .then(std::move(then), std::move(otherwise));
  }

  /// What is known of a topic or group; null: fetch it, then look again.
  known_topic* find_known_topic(std::string_view topic);
  known_group* find_known_group(std::string_view group);

  /// Asks the directory for a topic, remembers it, then runs `then`. An error
  /// is answered to `from`.
  void fetch_topic(const caller& from, find_topic wish,
                   std::function<void()> then);

  /// The same for a consumer group.
  void fetch_group(const caller& from, find_group wish,
                   std::function<void()> then);

  /// A client that has sent a heartbeat for a producer group here.
  void learn_client(const std::string& client_id, connection& on);
  std::optional<connection_id> find_client(std::string_view client_id);

  /// Remembers who pulls a queue, or (-1) pops any, for the backlog.
  static void note_pull(known_group& group, const known_topic& topic,
                        queue_id queue, const pull_note& note);

  pulls_seen list_pulls_of(std::string_view group);

  void forget_topic(std::string_view topic);
  void learn_group(const group_changed& event);

  /// The actor of a group died: its next use asks for the new one.
  void forget_dead_group(const caf::actor_addr& gone);

  // -- the round --------------------------------------------------------------

  /// The rows that go to `queue` of `topic` with this round.
  std::vector<append_row>& appends(known_topic& topic, queue_id queue);
  /// For one pull each; its outcome ends its count in waiting_pulls.
  std::vector<pull_row>& pulls(known_topic& topic, queue_id queue);

  /// New progress, handed to the group with this round.
  void commit(known_group& group, offset_row row);

  /// New progress, answered to `from` when it is durable.
  void commit_durably(const caller& from, known_group& group, offset_row row);

  /// Sends what the round has gathered.
  void send_round();

  /// Writes to every connection that got an answer this round.
  /// @param written  called with each one, whether or not all was taken
  /// @param broken   called with each one whose socket is broken
  void write_dirty(const std::function<void(connection&)>& written,
                   const std::function<void(connection&)>& broken);

  /// Lets go of every actor: handles in a ring would keep each other, and
  /// their threads, for ever.
  void release_actors();

  // -- memory -----------------------------------------------------------------

  /// Bytes that count for memory-max.
  std::int64_t memory_used() const;

  /// Whether `more` bytes may be taken.
  bool has_room(std::size_t more = 0) const {
    return memory_used() + static_cast<std::int64_t>(more)
           <= options_.memory_max;
  }

  /// Refuses a request because memory is short. Says what fills it.
  void refuse_for_memory(const caller& from);

  /// Counts what `which` holds now; with nothing when it is about to go.
  void recount(connection& which);
  void forget_memory(connection& which);

  /// Marks `to` to be written this round.
  void mark_dirty(connection& to);

  // -- interception -----------------------------------------------------------

  /// Sends that custom actors judge.
  interceptors& judges() { return *interceptors_; }

  /// The place of the first one, at or behind `from`, that judges messages of
  /// `topic`.
  std::optional<std::size_t> judge_of(known_topic& topic, std::size_t from);

  /// Pulls that custom actors filter.
  delivery_filters& deliveries() { return *deliveries_; }

  /// Replaces all custom actors that are asked.
  void learn_links(set_custom_links& all);

  void filtered(filter_done& done);

  /// What was gathered is sent with this round.
  void send_soon();

  /// Ends the wait of those that have waited too long.
  void expire_judged();

  /// Sends that wait to be judged.
  std::size_t intercepted() const;

  // -- identity ---------------------------------------------------------------

  /// The broker's address for the client on `on`: as configured, else the one
  /// that the client used, with the broker's port.
  host broker_host(const connection& on) const;

  /// The host that messages name which the node itself sends.
  host own_host() const;

  gateway_ports ports;
  unique_keys keys; ///< for messages that came without one
  std::int64_t open_appends =
    0; ///< requests whose messages are in the log's hands
  std::int64_t waiting_pulls = 0; ///< pulls in the queues' hands

private:
  struct open_append {
    queue_actor to;
    append_batch batch;
    queue_round* round;
  };

  struct open_pull {
    queue_actor to;
    pull_batch batch;
    queue_round* round;
  };

  gateway_actor::pointer self_;
  reactor& home_;
  gateway_options options_;
  gateway_report counters_;
  connection_table connections_;
  filter_cache filters_;
  known_by_name<known_topic> topics_;
  known_by_name<known_group> groups_;
  known_by_name<connection_id> clients_; ///< by client id: producers
  std::vector<open_append> appends_;
  std::vector<open_pull> pulls_;
  std::vector<std::string> committing_; ///< groups with commits this round
  std::vector<connection_id> dirty_;
  std::size_t waiting_ = 0;           ///< requests that wait for a fetch
  std::int64_t connection_bytes_ = 0; ///< sum of connection::counted
  std::unique_ptr<interceptors> interceptors_;
  std::unique_ptr<delivery_filters> deliveries_;
};

} // namespace troupe
