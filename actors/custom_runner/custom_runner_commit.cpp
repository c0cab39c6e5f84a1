#include "custom_runner/custom_runner_impl.hpp"

#include "troupe/model/names.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace troupe {

void custom_runner_impl::commit() {
  if (committing_)
    return;
  auto& books = performer_.books();
  committed_rows_ = intake_.uncommitted();
  if (committed_rows_.empty() && !books.has_sent() && !books.has_changes()
      && !books.has_replies() && parked_messages_.empty())
    return settle(std::exchange(answers_, {}));
  committing_ = true;
  put_ = {options_.role.spec.name, books.take_changes(), committed_rows_};
  auto messages = books.take_sent();
  std::ranges::move(parked_messages_, std::back_inserter(messages));
  parked_messages_.clear();
  sent_ += static_cast<std::int64_t>(messages.size());
  waiting_answers_ = std::exchange(answers_, {});
  waiting_replies_ = books.take_replies();
  outbox_.fill(std::move(messages), options_.clock());
  mail();
}

void custom_runner_impl::mail() {
  if (outbox_.is_empty())
    return put();
  for (const auto& topic : outbox_.missing_topics())
    find_target(topic);
  for (auto& parcel : outbox_.take_ready()) {
    parcel.batch.reply_to = me<append_asker>();
    send(parcel.to, std::move(parcel.batch));
  }
  mailed_at_ = options_.clock();
}

void custom_runner_impl::find_target(const std::string& topic) {
  if (!asking_.insert(topic).second)
    return;
  find_topic wish{topic,
                  topic_template{std::string{names::auto_create_topic},
                                 limits::default_topic_queues, 0},
                  names::is_retry_topic(topic)
                    || names::is_dead_letter_topic(topic)};
  request(options_.directory, caf::infinite, std::move(wish))
    .then(
      [this, topic](topic_view& view) {
        asking_.erase(topic);
        outbox_.learn(topic, std::move(view));
        mail();
      },
      [this, topic](const caf::error& error) {
        asking_.erase(topic);
        hindered(describe(error));
      });
}

void custom_runner_impl::appended(const append_done& ended) {
  auto failure = outbox_.settle(ended);
  if (failure != errc::none)
    return hindered(std::string{to_string(failure)} + ": " + ended.why);
  if (committing_ && !putting_ && outbox_.is_empty())
    put();
}

void custom_runner_impl::put() {
  if (putting_)
    return;
  putting_ = true;
  request(options_.store, caf::infinite, put_)
    .then(
      [this](const stored&) {
        putting_ = committing_ = false;
        hindrance_.clear();
        intake_.committed(committed_rows_);
        for (const auto& row : committed_rows_)
          progress_[row.queue] = row.offset;
        if (group_ && !committed_rows_.empty())
          send(group_, commit_offsets{std::move(committed_rows_)});
        put_ = {};
        settle(std::exchange(waiting_answers_, {}));
        push_replies();
        if (stopping_)
          end();
        else
          work();
      },
      [this](const caf::error& error) {
        putting_ = false;
        hindered(describe(error));
      });
}

void custom_runner_impl::push_replies() {
  for (auto& x : std::exchange(waiting_replies_, {})) {
    push_reply letter{std::move(x.client), group_name_,
                      payload::copy_of(x.body), payload::copy_of(x.properties)};
    request(options_.gateway, caf::infinite, std::move(letter))
      .then([](const reply_pushed&) {},
            [this](const caf::error&) { ++unserved_; });
  }
}

void custom_runner_impl::hindered(std::string why) {
  if (hindrance_ != why)
    log::warning("custom_runner", "waits: what it did cannot be stored")
      .with("name", options_.role.spec.name)
      .with("why", why);
  hindrance_ = std::move(why);
  retry_at_ = options_.clock() + limits::custom_retry.count();
  arm();
}

} // namespace troupe
