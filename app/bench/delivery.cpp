#include "app/bench/delivery.hpp"

#include "app/bench/peers.hpp"
#include "app/bench/requests.hpp"
#include "remoting/command_codec.hpp"
#include "storage/big_endian.hpp"

#include "troupe/model/delay_levels.hpp"
#include "troupe/model/names.hpp"
#include "troupe/units.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <unordered_map>

namespace troupe::app {

namespace {

// Pull answers: nothing yet; ask again; ask from elsewhere.
constexpr std::int32_t pull_not_found = 19;
constexpr std::int32_t pull_offset_moved = 21;
constexpr std::int32_t suspend_ms = 15'000;
constexpr std::int64_t grace_ns = 3'000'000'000;
constexpr std::int64_t ns_per_ms = 1'000'000;

// Places in a record of IPv4 hosts.
constexpr std::size_t queue_offset_at = 20;
constexpr std::size_t store_time_at = 56;
constexpr std::size_t body_at = 88; // behind its size

/// Nanoseconds since 1970.
std::int64_t wall_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
           std::chrono::system_clock::now().time_since_epoch())
    .count();
}

/// The time that a record's body begins with.
std::uint64_t time_in(std::string_view record) {
  std::uint64_t time = 0;
  std::from_chars(record.data() + body_at,
                  record.data() + body_at + time_digits, time);
  return time;
}

/// A delayed message that has come.
struct arrival {
  std::uint64_t time = 0; ///< in its body: tells it from the others
  std::int64_t stored_ms = 0;
  std::int64_t received_ns = 0; ///< since 1970
};

/// Calls `visit` with each whole record of an answer to a pull.
template <class Visit>
void for_each_record(std::string_view records, Visit visit) {
  while (records.size() >= body_at + time_digits) {
    auto size = storage::load<std::uint32_t>(records.data());
    if (size == 0 || size > records.size())
      break;
    visit(records.substr(0, size));
    records.remove_prefix(size);
  }
}

class delivery_run {
public:
  delivery_run(const bench_options& options, double seconds)
    : options_(options),
      seconds_(seconds),
      queues_(targets_of(options, 1)),
      readers_(targets_of(options, options.groups)),
      delay_ms_(options.delay_level > 0
                  ? delay_levels{}.delay_ms(options.delay_level)
                  : options.timer_ms),
      waiting_{std::string{names::schedule_topic}, group_name(0),
               options.delay_level - 1, 0} {
    for (const auto& x : queues_)
      templates_.push_back(send_request(options, x, body_start::time));
    free_.resize(senders());
    for (auto& x : free_)
      for (auto k = window(); k > 0; --k)
        x.push_back(static_cast<std::int32_t>(k - 1));
  }

  caf::error open(const std::string& at) {
    at_ = at;
    if (options_.delay_level > 0) {
      auto end = end_of(at, waiting_);
      if (!end)
        return std::move(end.error());
      waiting_.offset = *end;
    }
    for (std::size_t i = 0; i < queues_.size(); ++i) {
      auto end = end_of(at, queues_[i]);
      if (!end)
        return std::move(end.error());
      for (auto& x : readers_)
        if (x.topic == queues_[i].topic && x.queue == queues_[i].queue)
          x.offset = *end;
    }
    if (auto error = peers_.open(at, options_.connections + options_.groups))
      return error;
    for (std::size_t i = 0; i < readers_.size(); ++i)
      pull(i);
    return caf::none;
  }

  caf::error run() {
    began_ = now_ns();
    to_wall_ns_ = wall_ns() - began_;
    due_ = began_;
    auto end = began_ + static_cast<std::int64_t>(seconds_ * 1e9);
    auto handle = [this](std::size_t from, std::string_view header,
                         std::string_view body) {
      if (from < senders())
        acknowledged(from, header);
      else
        pulled(header, body);
    };
    auto wanted = [this] { return sent_ * options_.groups; };
    auto last = end + grace_ns + delay_ns();
    for (auto now = now_ns();
         now < end
         || ((in_flight_ > 0 || result_.messages < wanted()) && now < last);
         now = now_ns()) {
      if (now < end)
        begin_sends(now);
      if (auto error = peers_.flush())
        return error;
      auto wait =
        options_.rate > 0 && now < end ? due_ - now_ns() : end - now_ns();
      if (now >= end)
        wait = last - now;
      if (auto error = peers_.wait(wait, handle))
        return error;
    }
    result_.seconds = seconds_;
    result_.missing = std::max<std::int64_t>(0, wanted() - result_.messages);
    if (options_.rate > 0 && due_ < end)
      result_.unsent = (end - due_) * options_.rate / 1'000'000'000;
    return note_lateness();
  }

  load_result take() { return std::move(result_); }

private:
  std::size_t senders() const {
    return static_cast<std::size_t>(options_.connections);
  }

  std::size_t window() const {
    return static_cast<std::size_t>(options_.ordered ? 1 : options_.window);
  }

  std::int64_t delay_ns() const { return delay_ms_ * ns_per_ms; }

  /// Messages are told apart by when they were due to be sent.
  bool measures_lateness() const { return delay_ms_ > 0 && options_.rate > 0; }

  /// The queue offset behind the last message.
  static caf::expected<std::int64_t> end_of(const std::string& at,
                                            const target& queue) {
    auto request =
      remoting::make_request(remoting::request_code::get_max_offset);
    request.fields = {{"topic", queue.topic},
                      {"queueId", std::to_string(queue.queue)}};
    auto answer = call(at, request);
    if (!answer)
      return std::move(answer.error());
    std::int64_t offset = 0;
    auto text = answer->field("offset");
    std::from_chars(text.data(), text.data() + text.size(), offset);
    return offset;
  }

  void begin_sends(std::int64_t now) {
    if (options_.rate == 0) {
      for (std::size_t i = 0; i < senders(); ++i)
        while (!free_[i].empty())
          begin_send(i, now);
      return;
    }
    // Open loop: a message counts from when it was due.
    for (std::size_t tried = 0; due_ <= now && tried < senders();) {
      auto index = next_sender_++ % senders();
      if (free_[index].empty()) {
        ++tried;
        continue;
      }
      tried = 0;
      begin_send(index, due_);
      due_ += 1'000'000'000 / options_.rate;
    }
  }

  void begin_send(std::size_t on, std::int64_t due) {
    auto index = free_[on].back();
    free_[on].pop_back();
    auto which = (options_.ordered ? on : next_queue_++) % queues_.size();
    templates_[which].append(peers_.out(on),
                             {index, ++key_,
                              time_base + static_cast<std::uint64_t>(due),
                              static_cast<std::uint64_t>(deliver_ms(due))});
    ++in_flight_;
  }

  void acknowledged(std::size_t from, std::string_view header) {
    auto index =
      number_behind(header, "\"opaque\":", 0) - request_template::first_opaque;
    if (index < 0 || index >= static_cast<std::int64_t>(window()))
      return; // a notice of the server's own
    auto code =
      static_cast<std::int32_t>(number_behind(header, "\"code\":", -1));
    ++result_.requests;
    if (code == 0)
      ++sent_;
    else
      result_.fail(code, header);
    free_[from].push_back(static_cast<std::int32_t>(index));
    --in_flight_;
  }

  /// Readers of a group share its connection; the opaque says which it is.
  void pull(std::size_t which) {
    auto request = pull_request(readers_[which], suspend_ms);
    request.opaque =
      request_template::first_opaque + static_cast<std::int32_t>(which);
    auto groups = static_cast<std::size_t>(options_.groups);
    remoting::append_command(peers_.out(senders() + which % groups),
                             remoting::header_encoding::json, request);
  }

  void pulled(std::string_view header, std::string_view body) {
    auto index =
      number_behind(header, "\"opaque\":", 0) - request_template::first_opaque;
    if (index < 0 || index >= static_cast<std::int64_t>(readers_.size()))
      return;
    auto which = static_cast<std::size_t>(index);
    auto code =
      static_cast<std::int32_t>(number_behind(header, "\"code\":", -1));
    if (code == 0)
      deliver(readers_[which], body);
    else if (code < pull_not_found || code > pull_offset_moved)
      result_.fail(code, header);
    readers_[which].offset =
      number_behind(header, "\"nextBeginOffset\":", readers_[which].offset);
    pull(which);
  }

  void deliver(const target& to, std::string_view records) {
    auto now = now_ns();
    auto expected = to.offset;
    for_each_record(records, [&](std::string_view record) {
      auto offset =
        storage::load<std::uint64_t>(record.data() + queue_offset_at);
      if (static_cast<std::int64_t>(offset) != expected++)
        result_.fail(-2, "\"remark\":\"a message is missing or out of order\"");
      auto time = time_in(record);
      auto due = static_cast<std::int64_t>(time - time_base);
      if (due < began_) // of another run
        return;
      ++result_.messages;
      result_.latency.add(now - due - delay_ns());
      if (measures_lateness())
        arrivals_.push_back({time, stored_ms_of(record), now + to_wall_ns_});
    });
  }

  // -- lateness ---------------------------------------------------------------

  static std::int64_t stored_ms_of(std::string_view record) {
    return static_cast<std::int64_t>(
      storage::load<std::uint64_t>(record.data() + store_time_at));
  }

  /// When a timed message that is due to be sent at `due` is to be delivered.
  std::int64_t deliver_ms(std::int64_t due) const {
    return (due + to_wall_ns_) / ns_per_ms + options_.timer_ms;
  }

  caf::error note_lateness() {
    if (!measures_lateness())
      return caf::none;
    if (options_.delay_level > 0)
      if (auto error = find_due_times())
        return error;
    for (const auto& x : arrivals_) {
      auto due = due_ms_.find(x.time);
      if (options_.delay_level > 0 && due == due_ms_.end())
        continue; // the server keeps its delayed messages elsewhere
      auto due_ms =
        options_.delay_level > 0
          ? due->second
          : deliver_ms(static_cast<std::int64_t>(x.time - time_base));
      if (x.stored_ms < due_ms)
        result_.fail(-3, "\"remark\":\"a message came before it was due\"");
      result_.stored_late.add((x.stored_ms - due_ms) * ns_per_ms);
      result_.received_late.add(x.received_ns - due_ms * ns_per_ms);
    }
    return caf::none;
  }

  /// A delayed message is due so long after the server has stored it in the
  /// queue of its level, which anybody can read.
  caf::error find_due_times() {
    auto end = end_of(at_, waiting_);
    if (!end)
      return std::move(end.error());
    while (waiting_.offset < *end) {
      auto found = call(at_, pull_request(waiting_, 0));
      if (!found)
        return std::move(found.error());
      for_each_record(found->body.view(), [this](std::string_view record) {
        due_ms_[time_in(record)] = stored_ms_of(record) + delay_ms_;
      });
      auto next = waiting_.offset;
      auto text = found->field("nextBeginOffset");
      std::from_chars(text.data(), text.data() + text.size(), next);
      if (next <= waiting_.offset)
        return caf::none;
      waiting_.offset = next;
    }
    return caf::none;
  }

  /// Makes every time `time_digits` digits long.
  static constexpr std::uint64_t time_base = 1'000'000'000'000'000'000;

  const bench_options& options_;
  double seconds_;
  std::int64_t began_ = 0;
  std::int64_t due_ = 0;
  peers peers_; ///< senders first, then one for each group
  std::vector<target> queues_;
  std::vector<target> readers_; ///< each queue for each group
  std::vector<request_template> templates_;
  std::vector<std::vector<std::int32_t>> free_; ///< by sender
  std::size_t next_sender_ = 0;
  std::size_t next_queue_ = 0;
  std::uint64_t key_ = static_cast<std::uint64_t>(now_ms().value) * 1000;
  std::int64_t in_flight_ = 0;
  std::int64_t sent_ = 0;
  std::string at_; ///< the server, host:port
  std::int64_t delay_ms_;
  std::int64_t to_wall_ns_ = 0;   ///< what our clock is behind the wall's
  target waiting_;                ///< where the level's messages wait
  std::vector<arrival> arrivals_; ///< of delayed messages
  std::unordered_map<std::uint64_t, std::int64_t> due_ms_; ///< by their time
  load_result result_;
};

} // namespace

caf::expected<load_result> run_delivery(const bench_options& options,
                                        const std::string& at, double seconds) {
  delivery_run run{options, seconds};
  if (auto error = run.open(at))
    return error;
  if (auto error = run.run())
    return error;
  return run.take();
}

} // namespace troupe::app
