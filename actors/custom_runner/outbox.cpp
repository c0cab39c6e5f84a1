#include "custom_runner/outbox.hpp"

#include "troupe/actor/row_properties.hpp"
#include "troupe/model/names.hpp"
#include "troupe/model/properties.hpp"

#include <algorithm>
#include <set>

namespace troupe {

outbox::letter outbox::seal(const custom::outgoing& message, epoch_ms now) {
  auto text = custom::property_text_of(message);
  if (properties::find(text, properties::unique_key).empty())
    properties::append(text, properties::unique_key, keys_.next(now));
  letter sealed;
  sealed.target = message.topic;
  sealed.queue = message.queue;
  auto& row = sealed.row;
  if (message.delay_level > 0) {
    auto level = std::min(message.delay_level, delays_.count());
    sealed.target = names::schedule_topic;
    sealed.queue = level - 1;
    text = properties::with(text, properties::real_topic, message.topic);
    text = properties::with(text, properties::real_queue_id,
                            std::to_string(std::max(message.queue, 0)));
    text = properties::with(text, properties::delay, std::to_string(level));
    row.due_after_ms = delays_.delay_ms(level);
  }
  row.body = payload::copy_of(message.body);
  set_properties(row, text, property_text::from_client);
  row.born_time = now;
  row.born_host = row.store_host = self_;
  return sealed;
}

void outbox::fill(std::vector<custom::outgoing> messages, epoch_ms now) {
  TROUPE_ASSERT(is_empty(), "a round is stored before the next one begins");
  ++round_;
  letters_.clear();
  letters_.reserve(messages.size());
  for (const auto& message : messages) {
    letters_.push_back(seal(message, now));
    auto& from = letters_.back().row.from;
    from.connection.generation = round_;
    from.opaque = static_cast<std::int32_t>(letters_.size()) - 1;
  }
  open_ = letters_.size();
}

std::vector<std::string> outbox::missing_topics() const {
  std::set<std::string> missing;
  for (const auto& x : letters_)
    if (x.at == stage::waits && !topics_.contains(x.target))
      missing.insert(x.target);
  return {missing.begin(), missing.end()};
}

void outbox::learn(const std::string& topic, topic_view view) {
  topics_[topic] = std::move(view);
}

std::vector<outbox::parcel> outbox::take_ready() {
  std::vector<parcel> parcels;
  std::map<std::pair<std::string, std::size_t>, std::size_t> places;
  for (auto& x : letters_) {
    if (x.at != stage::waits)
      continue;
    auto known = topics_.find(x.target);
    if (known == topics_.end() || known->second.queues.empty())
      continue;
    const auto& queues = known->second.queues;
    auto queue = x.queue >= 0 ? static_cast<std::size_t>(x.queue) : turn_++;
    queue %= queues.size();
    auto [place, is_new] =
      places.try_emplace({x.target, queue}, parcels.size());
    if (is_new)
      parcels.push_back({queues[queue], {}});
    x.at = stage::under_way;
    x.row.answer_queue = {static_cast<std::int32_t>(queue)};
    parcels[place->second].batch.rows.push_back(x.row); // kept until stored
  }
  return parcels;
}

errc outbox::settle(const append_done& done) {
  auto first = errc::none;
  for (const auto& outcome : done.rows) {
    auto place = static_cast<std::size_t>(outcome.from.opaque);
    if (outcome.from.connection.generation != round_
        || place >= letters_.size())
      continue;
    auto& x = letters_[place];
    if (x.at != stage::under_way)
      continue;
    x.at = outcome.error == errc::none ? stage::stored : stage::waits;
    if (x.at == stage::stored)
      --open_;
    else if (first == errc::none)
      first = outcome.error;
  }
  return first;
}

void outbox::recall() {
  for (auto& x : letters_)
    if (x.at == stage::under_way)
      x.at = stage::waits;
}

} // namespace troupe
