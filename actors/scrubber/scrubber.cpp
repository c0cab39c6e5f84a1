#include "scrubber/scrubber.hpp"

#include "storage/damage_count.hpp"
#include "storage/scrub.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <algorithm>

namespace troupe {

namespace {

class scrubber_impl : public scrubber_actor::base {
public:
  scrubber_impl(caf::actor_config& config, scrubber_options options)
    : scrubber_actor::base(config),
      options_(std::move(options)),
      scrub_(options_.data_directory, options_.file_rows) {}

  const char* name() const override { return "scrubber"; }

  behavior_type make_behavior() override {
    make_quiet(*this);
    delayed_send(this, options_.pace.wait, scrub_tick{});
    return {
      [this](const scrub_tick&) { next(); },
    };
  }

  // Handles in a ring would keep each other, and their threads, for ever.
  void on_exit() override { options_ = {}; }

private:
  void next() {
    request(options_.log, limits::ask_timeout, list_segments{})
      .then([this](const segment_list& x) { look(x); },
            [this](caf::error& error) { put_off("the log", error); });
  }

  /// Something is not as it should be; later it may be.
  void put_off(const char* what, const caf::error& error) {
    log::warning("scrubber", "stored messages are not looked at for now")
      .with("because_of", what)
      .with("why", describe(error));
    delayed_send(this, options_.pace.wait, scrub_tick{});
  }

  void look(const segment_list& known) {
    std::vector<storage::known_segment> segments;
    for (const auto& x : known.segments)
      segments.push_back({x.end, x.bytes});
    auto begin =
      segments.empty() ? log_offset{} : segments[0].end + -segments[0].bytes;
    scrub_.follow(std::move(segments));
    at_ = std::max(at_, begin);
    if (at_ >= known.derived_end)
      return finish();
    auto piece = scrub_.look(at_, known.derived_end, limits::scrub_piece_bytes);
    if (!piece)
      return put_off("a file", piece.error());
    auto bytes = piece->next - at_;
    at_ = piece->next;
    records_ += piece->records;
    storage::scrubbed_bytes.fetch_add(bytes, std::memory_order_relaxed);
    for (const auto& x : piece->damages)
      tell(x);
    for (const auto& why : piece->unread)
      log::error("scrubber", "rows of a consume queue cannot be read")
        .with("why", why);
    for (auto& [key, rows] : piece->wrong)
      mend(key, std::move(rows));
    std::chrono::milliseconds pause{bytes * 1000
                                    / options_.pace.bytes_per_second};
    delayed_send(this, pause, scrub_tick{});
  }

  /// From the beginning again, after a pause.
  void finish() {
    log::info("scrubber", "all stored messages were looked at")
      .with("records", records_)
      .with("damaged_places", damages_);
    records_ = damages_ = 0;
    at_ = {};
    delayed_send(this, options_.pace.pause, scrub_tick{});
  }

  void tell(const storage::log_damage& x) {
    ++damages_;
    storage::damaged_records.fetch_add(1, std::memory_order_relaxed);
    log::error("scrubber", "stored messages are damaged, they are not served")
      .with("file", x.file)
      .with("log_offset", x.begin.value)
      .with("bytes", x.bytes)
      .with("why", x.why);
  }

  /// The queue's actor alone writes its files.
  void mend(const queue_key& key, std::vector<storage::wrong_row> rows) {
    mend_rows wish;
    for (const auto& x : rows)
      wish.rows.push_back(
        {x.at,
         {x.found.position, x.found.size, x.found.tags_code},
         {x.wanted.position, x.wanted.size, x.wanted.tags_code}});
    request(options_.directory_of_topics, limits::ask_timeout,
            find_topic{key.topic, {}, false})
      .then(
        [this, queue = key.queue, wish](const topic_view& topic) {
          auto index = static_cast<std::size_t>(queue.value);
          if (index < topic.queues.size())
            send(topic.queues[index], wish);
        },
        [](const caf::error&) {
          // Its messages are still in the log, but the topic was deleted.
        });
  }

  scrubber_options options_;
  storage::scrub scrub_;
  log_offset at_;            // all before it has been looked at
  std::int64_t records_ = 0; // of this round
  std::int64_t damages_ = 0;
};

} // namespace

scrubber_actor spawn_scrubber(caf::actor_system& system, threading how,
                              scrubber_options options) {
  if (how == threading::detached)
    return system.spawn<scrubber_impl, caf::detached>(std::move(options));
  return system.spawn<scrubber_impl>(std::move(options));
}

} // namespace troupe
