#include "gateway/gateway_context.hpp"

#include "gateway/judged.hpp"
#include "gateway/pulling.hpp"
#include "remoting/command_codec.hpp"
#include "remoting/response_code_of.hpp"

#include "troupe/model/message_id.hpp"

#include <caf/actor_cast.hpp>

#include <array>
#include <charconv>
#include <cstring>

namespace troupe {

gateway_context::gateway_context(gateway_actor::pointer self, reactor& home,
                                 gateway_options options)
  : self_(self),
    home_(home),
    options_(std::move(options)),
    filters_(options_.property_filter),
    interceptors_(std::make_unique<interceptors>()),
    deliveries_(std::make_unique<delivery_filters>()) {}

gateway_context::~gateway_context() = default;

gateway_actor gateway_context::handle() const {
  return caf::actor_cast<gateway_actor>(self_);
}

client_link gateway_context::link_of(const caller& from) const {
  return {handle(), from.connection};
}

// -- answers -----------------------------------------------------------------

void gateway_context::answer(const caller& from, remoting::response_code code,
                             std::string_view remark,
                             std::initializer_list<answer_field> fields,
                             std::string_view body) {
  answer_fields(from, code, remark, {fields.begin(), fields.size()}, body);
}

void gateway_context::answer_fields(const caller& from,
                                    remoting::response_code code,
                                    std::string_view remark,
                                    std::span<const answer_field> fields,
                                    std::string_view body) {
  constexpr std::size_t small = 64u << 10; // always answered
  if (body.size() > small && !has_room(body.size()))
    return refuse_for_memory(from);
  if (auto* to = begin_answer(from)) {
    remoting::append_response(to->out.tail(), from.encoding, from.opaque, code,
                              remark, fields, body);
    recount(*to);
  }
}

void gateway_context::fail(const caller& from, const caf::error& error) {
  ++counters_.refused;
  answer(from, remoting::response_code_of(error), remoting::refusal_of(error));
}

connection* gateway_context::begin_answer(const caller& from) {
  auto* to = connections_.find(from.connection);
  if (to == nullptr || from.oneway)
    return nullptr;
  --to->in_flight;
  mark_dirty(*to);
  return to;
}

// -- memory ------------------------------------------------------------------

std::int64_t gateway_context::memory_used() const {
  return static_cast<std::int64_t>(buffer::live_bytes()) + connection_bytes_
         + waiting_pulls * limits::waiting_pull_bytes;
}

void gateway_context::refuse_for_memory(const caller& from) {
  ++counters_.refused_memory;
  auto used = memory_used();
  fail(from,
       make_error(
         errc::busy,
         "[MEMORY]broker busy: " + std::to_string(used) + " of "
           + std::to_string(options_.memory_max)
           + " bytes of --memory-max are in use (frames and messages under way "
           + std::to_string(buffer::live_bytes())
           + ", answers that clients have not read "
           + std::to_string(connection_bytes_) + ", "
           + std::to_string(waiting_pulls)
           + " pulls that wait); retry in a second"));
}

void gateway_context::recount(connection& which) {
  auto now = which.out.text_bytes() + which.unread.size();
  connection_bytes_ +=
    static_cast<std::int64_t>(now) - static_cast<std::int64_t>(which.counted);
  which.counted = now;
}

void gateway_context::forget_memory(connection& which) {
  connection_bytes_ -= static_cast<std::int64_t>(which.counted);
  which.counted = 0;
}

void gateway_context::release_actors() {
  topics_.clear();
  groups_.clear();
  appends_.clear();
  pulls_.clear();
  interceptors_->set({});
  deliveries_->set({});
  options_ = {};
}

void gateway_context::mark_dirty(connection& to) {
  if (to.dirty)
    return;
  to.dirty = true;
  dirty_.push_back(to.id());
  home_.run_soon();
}

void gateway_context::write_dirty(
  const std::function<void(connection&)>& written,
  const std::function<void(connection&)>& broken) {
  std::vector<connection_id> round;
  round.swap(dirty_);
  for (auto id : round) {
    auto* to = connections_.find(id);
    if (to == nullptr)
      continue;
    to->dirty = false;
    auto before = to->out.size();
    auto state = to->out.write_to(to->fd());
    if (state == out_buffer::write_state::broken) {
      broken(*to);
      continue;
    }
    if (to->out.size() < before) {
      to->out_bytes += static_cast<std::int64_t>(before - to->out.size());
      to->last_write_progress = now_ms();
    }
    recount(*to);
    written(*to);
  }
  if (dirty_.empty()) {
    round.clear(); // keeps its capacity for the next round
    dirty_.swap(round);
  }
}

// -- asking actors ------------------------------------------------------------

known_topic* gateway_context::find_known_topic(std::string_view topic) {
  auto found = topics_.find(topic);
  return found == topics_.end() ? nullptr : &found->second;
}

known_group* gateway_context::find_known_group(std::string_view group) {
  auto found = groups_.find(group);
  return found == groups_.end() ? nullptr : &found->second;
}

void gateway_context::fetch_topic(const caller& from, find_topic wish,
                                  std::function<void()> then) {
  if (waiting_ >= limits::waiting_for_topic_max)
    return fail(
      from, make_error(errc::busy, std::to_string(waiting_)
                                     + " requests wait for a topic or group to "
                                       "be found; retry in a moment"));
  ++waiting_;
  auto topic = wish.topic;
  ask_or(
    options_.directory, std::move(wish),
    [this, topic, then = std::move(then)](topic_view& view) {
      --waiting_;
      auto& known = topics_[topic];
      send_round(); // places of the old view die with it
      known.round.assign(view.queues.size(), {});
      known.view = std::move(view);
      then();
    },
    [this, from](caf::error& error) {
      --waiting_;
      fail(from, error);
    });
}

void gateway_context::fetch_group(const caller& from, find_group wish,
                                  std::function<void()> then) {
  if (waiting_ >= limits::waiting_for_topic_max)
    return fail(
      from, make_error(errc::busy, std::to_string(waiting_)
                                     + " requests wait for a topic or group to "
                                       "be found; retry in a moment"));
  ++waiting_;
  auto group = wish.group;
  auto refused = [this, from](caf::error& error) {
    --waiting_;
    fail(from, error);
  };
  ask_or(
    options_.directory, std::move(wish),
    [this, group, refused, then = std::move(then)](group_found& found) {
      ask_or(
        found.group, watch_group{handle()},
        [this, group, actor = found.group, then](group_watched& watched) {
          --waiting_;
          auto& known = groups_[group];
          known.actor = actor;
          self_->monitor(actor);
          known.snapshot = std::move(watched.snapshot);
          then();
        },
        refused);
    },
    refused);
}

void gateway_context::learn_client(const std::string& client_id,
                                   connection& on) {
  clients_[client_id] = on.id();
  on.leavers["client"] = [this, client_id](const client_link& link) {
    auto found = clients_.find(client_id);
    if (found != clients_.end() && found->second == link.connection)
      clients_.erase(found); // else it has come again on another connection
  };
}

std::optional<connection_id>
gateway_context::find_client(std::string_view client_id) {
  auto found = clients_.find(client_id);
  if (found == clients_.end())
    return {};
  return found->second;
}

void gateway_context::note_pull(known_group& group, const known_topic& topic,
                                queue_id queue, const pull_note& note) {
  if (queue.value < 0) {
    group.pops.insert_or_assign(topic.config().name, note);
    return;
  }
  auto found = group.pulls.find(topic.config().name);
  if (found == group.pulls.end())
    found = group.pulls.try_emplace(topic.config().name).first;
  auto& notes = found->second;
  if (notes.size() < topic.view.queues.size())
    notes.resize(topic.view.queues.size());
  notes[static_cast<std::size_t>(queue.value)] = note;
}

pulls_seen gateway_context::list_pulls_of(std::string_view group) {
  pulls_seen result;
  const auto* known = find_known_group(group);
  if (known == nullptr)
    return result;
  for (const auto& [topic, notes] : known->pulls)
    for (std::size_t i = 0; i < notes.size(); ++i)
      if (notes[i].time.value > 0)
        result.rows.push_back({{topic, {static_cast<std::int32_t>(i)}},
                               notes[i].offset,
                               notes[i].from,
                               notes[i].time});
  for (const auto& [topic, note] : known->pops)
    result.rows.push_back({{topic, {-1}}, note.offset, note.from, note.time});
  return result;
}

void gateway_context::forget_topic(std::string_view topic) {
  send_round(); // it points into what is forgotten
  for (auto& [name, group] : groups_) {
    if (auto found = group.pulls.find(topic); found != group.pulls.end())
      group.pulls.erase(found);
    if (auto found = group.pops.find(topic); found != group.pops.end())
      group.pops.erase(found);
  }
  if (auto found = topics_.find(topic); found != topics_.end())
    topics_.erase(found);
}

void gateway_context::forget_dead_group(const caf::actor_addr& gone) {
  send_round();
  std::erase_if(groups_, [&](const auto& entry) {
    return entry.second.actor.address() == gone;
  });
}

void gateway_context::learn_group(const group_changed& event) {
  auto found = groups_.find(event.group);
  if (found == groups_.end())
    return;
  if (event.snapshot) {
    found->second.snapshot = event.snapshot;
    return;
  }
  send_round();
  groups_.erase(found);
}

// -- the round ----------------------------------------------------------------

std::vector<append_row>& gateway_context::appends(known_topic& topic,
                                                  queue_id queue) {
  auto place = static_cast<std::size_t>(queue.value);
  auto& round = topic.round[place];
  if (round.append < 0) {
    round.append = static_cast<std::int32_t>(appends_.size());
    appends_.push_back({topic.view.queues[place], {}, &round});
    home_.run_soon();
  }
  return appends_[static_cast<std::size_t>(round.append)].batch.rows;
}

std::vector<pull_row>& gateway_context::pulls(known_topic& topic,
                                              queue_id queue) {
  auto place = static_cast<std::size_t>(queue.value);
  auto& round = topic.round[place];
  ++waiting_pulls;
  if (round.pull < 0) {
    round.pull = static_cast<std::int32_t>(pulls_.size());
    pulls_.push_back({topic.view.queues[place], {}, &round});
    home_.run_soon();
  }
  return pulls_[static_cast<std::size_t>(round.pull)].batch.rows;
}

void gateway_context::commit(known_group& group, offset_row row) {
  if (!group.in_round) {
    group.in_round = true;
    committing_.push_back(group.snapshot->config.name);
    home_.run_soon();
  }
  group.commits.push_back(std::move(row));
}

void gateway_context::commit_durably(const caller& from, known_group& group,
                                     offset_row row) {
  // With what the round has gathered before it, in that order.
  auto rows = std::move(group.commits);
  group.commits.clear();
  rows.push_back(std::move(row));
  self_->send(group.actor, commit_offsets{std::move(rows)});
  ask(from, group.actor, flush_offsets{}, [this, from](offsets_flushed&) {
    answer(from, remoting::response_code::success);
  });
}

void gateway_context::send_round() {
  for (auto& open : appends_) {
    open.round->append = -1;
    open.batch.reply_to = handle();
    self_->send(open.to, std::move(open.batch));
  }
  appends_.clear();
  for (auto& open : pulls_) {
    open.round->pull = -1;
    open.batch.reply_to = handle();
    self_->send(open.to, std::move(open.batch));
  }
  pulls_.clear();
  for (const auto& name : committing_)
    if (auto* group = find_known_group(name)) {
      group->in_round = false;
      if (group->commits.empty())
        continue;
      self_->send(group->actor, commit_offsets{std::move(group->commits)});
      group->commits.clear();
    }
  committing_.clear();
  if (interceptors_->has_next()) {
    auto me = caf::actor_cast<intercept_asker>(self_);
    for (auto& [to, batch] : interceptors_->take_batches(me, now_ms()))
      self_->send(to, std::move(batch));
  }
  if (deliveries_->any()) {
    auto me = caf::actor_cast<filter_asker>(self_);
    for (auto& [to, batch] : deliveries_->take_batches(me))
      self_->send(to, std::move(batch));
  }
}

// -- interception -------------------------------------------------------------

std::optional<std::size_t> gateway_context::judge_of(known_topic& topic,
                                                     std::size_t from) {
  if (!interceptors_->any())
    return {};
  if (from > 0)
    return interceptors_->next_for(topic.config().name, from);
  if (topic.judge_of != interceptors_->generation()) {
    topic.judge_of = interceptors_->generation();
    auto found = interceptors_->next_for(topic.config().name, 0);
    topic.judge = found ? static_cast<std::int32_t>(*found) : -1;
  }
  if (topic.judge < 0)
    return {};
  return static_cast<std::size_t>(topic.judge);
}

void gateway_context::learn_links(set_custom_links& all) {
  options_.await_links = false;
  go_on(*this, interceptors_->set(std::move(all.interceptors)));
  go_on(*this, deliveries_->set(std::move(all.filters)));
}

void gateway_context::filtered(filter_done& done) {
  go_on(*this, deliveries_->settle(done));
  send_soon();
}

void gateway_context::send_soon() {
  home_.run_soon();
}

void gateway_context::expire_judged() {
  if (interceptors_->any())
    go_on(*this, interceptors_->expire(now_ms()));
  if (deliveries_->any())
    go_on(*this, deliveries_->expire(now_ms()));
}

std::size_t gateway_context::intercepted() const {
  return interceptors_->held();
}

// -- identity -----------------------------------------------------------------

host gateway_context::broker_host(const connection& on) const {
  auto result = options_.advertise.value_or(on.local());
  if (!options_.advertise || result.port == 0)
    result.port = ports.broker;
  return result;
}

host gateway_context::own_host() const {
  host result;
  result.bytes = {127, 0, 0, 1};
  if (options_.advertise)
    result = *options_.advertise;
  if (!options_.advertise || result.port == 0)
    result.port = ports.broker;
  return result;
}

} // namespace troupe
