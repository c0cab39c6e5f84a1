#include "app/bench/delivery.hpp"

#include "app/bench/peers.hpp"
#include "app/bench/requests.hpp"
#include "remoting/command_codec.hpp"
#include "storage/big_endian.hpp"

#include "troupe/units.hpp"

#include <algorithm>
#include <charconv>

namespace troupe::app {

namespace {

// Pull answers: nothing yet; ask again; ask from elsewhere.
constexpr std::int32_t pull_not_found = 19;
constexpr std::int32_t pull_offset_moved = 21;
constexpr std::int32_t suspend_ms = 15'000;
constexpr std::int64_t grace_ns = 3'000'000'000;
constexpr std::int64_t level_one_ns = 1'000'000'000; // delay level 1: 1 s

class delivery_run {
public:
  delivery_run(const bench_options& options, double seconds)
    : options_(options),
      seconds_(seconds),
      queues_(targets_of(options, 1)),
      readers_(targets_of(options, options.groups)) {
    for (const auto& x : queues_)
      templates_.push_back(send_request(options, x, body_start::time));
    free_.resize(senders());
    for (auto& x : free_)
      for (auto k = window(); k > 0; --k)
        x.push_back(static_cast<std::int32_t>(k - 1));
  }

  caf::error open(const std::string& at) {
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
    return caf::none;
  }

  load_result take() { return std::move(result_); }

private:
  std::size_t senders() const {
    return static_cast<std::size_t>(options_.connections);
  }

  std::size_t window() const {
    return static_cast<std::size_t>(options_.ordered ? 1 : options_.window);
  }

  std::int64_t delay_ns() const {
    return options_.delay_level > 0 ? level_one_ns : 0;
  }

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
    templates_[which].append(
      peers_.out(on),
      {index, ++key_, time_base + static_cast<std::uint64_t>(due)});
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
    constexpr std::size_t queue_offset_at = 20;
    constexpr std::size_t body_at = 88; // behind its size, IPv4 hosts
    auto now = now_ns();
    auto expected = to.offset;
    while (records.size() >= body_at + time_digits) {
      auto size = storage::load<std::uint32_t>(records.data());
      if (size == 0 || size > records.size())
        break;
      auto offset =
        storage::load<std::uint64_t>(records.data() + queue_offset_at);
      if (static_cast<std::int64_t>(offset) != expected++)
        result_.fail(-2, "\"remark\":\"a message is missing or out of order\"");
      std::uint64_t time = 0;
      std::from_chars(records.data() + body_at,
                      records.data() + body_at + time_digits, time);
      auto due = static_cast<std::int64_t>(time - time_base);
      if (due >= began_) { // of this run
        ++result_.messages;
        result_.latency.add(now - due - delay_ns());
      }
      records.remove_prefix(size);
    }
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
