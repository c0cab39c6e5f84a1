#include "app/bench/load.hpp"

#include "app/bench/delivery.hpp"
#include "app/bench/peers.hpp"
#include "app/bench/requests.hpp"
#include "remoting/command_codec.hpp"
#include "storage/big_endian.hpp"

#include "troupe/units.hpp"

#include <charconv>
#include <optional>

namespace troupe::app {

namespace {

/// A place for one request in flight.
struct slot {
  std::int64_t began = 0; ///< 0: free
  std::size_t target = 0;
  std::uint64_t key = 0;
  bool settling = false; ///< the half message is stored, its commit is asked
};

struct lane {
  std::vector<slot> slots;
  std::vector<std::int32_t> free;
};

class load_run {
public:
  load_run(const bench_options& options, std::int64_t end)
    : options_(options),
      end_(end),
      targets_(targets_of(options, options.groups)) {
    if (sends())
      for (const auto& x : targets_)
        templates_.push_back(send_request(options, x, body_start::plain));
    pulled_.resize(targets_.size());
    lane made;
    auto window = static_cast<std::size_t>(options.window);
    made.slots.resize(window);
    for (auto k = window; k > 0; --k)
      made.free.push_back(static_cast<std::int32_t>(k - 1));
    lanes_.resize(static_cast<std::size_t>(options.connections), made);
  }

  caf::error open(const std::string& at) {
    return peers_.open(at, options_.connections);
  }

  caf::error run() {
    began_ = now_ns();
    auto handle = [this](std::size_t from, std::string_view header,
                         std::string_view body) { finish(from, header, body); };
    while (more() || (in_flight_ > 0 && now_ns() < end_ + grace_ns)) {
      if (more())
        begin_requests();
      if (auto error = peers_.flush())
        return error;
      auto wait = options_.rate > 0 ? due_ - now_ns() : grace_ns;
      if (auto error = peers_.wait(wait, handle))
        return error;
    }
    auto ended = limited() ? now_ns() : end_;
    result_.seconds = static_cast<double>(ended - began_) / 1e9;
    if (options_.rate > 0 && due_ < end_)
      result_.unsent = (end_ - due_) / per_request_ns() * options_.batch;
    return caf::none;
  }

  load_result take() { return std::move(result_); }

private:
  struct pulling {
    bool busy = false; ///< a pull is under way
    bool done = false; ///< its end was reached
  };

  static constexpr std::int64_t grace_ns = 2'000'000'000;

  bool sends() const { return options_.mode != bench_mode::pull; }

  /// It is over when all is through, not when the time is.
  bool limited() const { return options_.messages > 0 || options_.once; }

  bool more() const {
    if (options_.once)
      return done_ < targets_.size();
    if (options_.messages > 0)
      return begun_ < options_.messages;
    return now_ns() < end_;
  }

  std::int64_t per_request_ns() const {
    return 1'000'000'000ll * options_.batch / options_.rate;
  }

  bool may_begin(const lane& on) const {
    return options_.lockstep ? on.free.size() == on.slots.size()
                             : !on.free.empty();
  }

  void begin_requests() {
    if (options_.rate == 0) {
      auto now = now_ns();
      for (std::size_t i = 0; i < lanes_.size(); ++i)
        if (may_begin(lanes_[i]))
          while (!lanes_[i].free.empty() && more() && begin(i, now))
            ;
      return;
    }
    // Open loop: what is due is begun, and counts from when it was due.
    if (due_ == 0)
      due_ = began_;
    for (std::size_t tried = 0; due_ <= now_ns() && tried < lanes_.size();) {
      auto index = next_lane_++ % lanes_.size();
      if (lanes_[index].free.empty() || !begin(index, due_)) {
        ++tried;
        continue;
      }
      tried = 0;
      due_ += per_request_ns();
    }
  }

  /// The next queue to ask for; none when all are asked already.
  std::optional<std::size_t> choose_target(std::size_t lane_index) {
    if (options_.ordered)
      return lane_index % targets_.size();
    if (!options_.once)
      return next_target_++ % targets_.size();
    for (std::size_t i = 0; i < targets_.size(); ++i) {
      auto which = next_target_++ % targets_.size();
      if (!pulled_[which].busy && !pulled_[which].done)
        return which;
    }
    return {};
  }

  bool begin(std::size_t lane_index, std::int64_t at) {
    auto which = choose_target(lane_index);
    if (!which)
      return false;
    auto& on = lanes_[lane_index];
    auto index = on.free.back();
    on.free.pop_back();
    on.slots[static_cast<std::size_t>(index)] = {at, *which, ++key_, false};
    auto& out = peers_.out(lane_index);
    if (sends()) {
      templates_[*which].append(out, {index, key_, 0});
      begun_ += options_.batch;
    } else {
      pulled_[*which].busy = true;
      auto request = pull_request(targets_[*which], 0);
      request.opaque = request_template::first_opaque + index;
      remoting::append_command(out, remoting::header_encoding::json, request);
    }
    ++in_flight_;
    return true;
  }

  void finish(std::size_t from, std::string_view header,
              std::string_view body) {
    auto index =
      number_behind(header, "\"opaque\":", 0) - request_template::first_opaque;
    if (index < 0 || index >= options_.window)
      return; // a notice of the server's own
    auto& used = lanes_[from].slots[static_cast<std::size_t>(index)];
    auto code =
      static_cast<std::int32_t>(number_behind(header, "\"code\":", -1));
    if (used.began == 0)
      return;
    if (options_.mode == bench_mode::transaction && code == 0 && !used.settling)
      return settle(from, static_cast<std::int32_t>(index), used, header);
    ++result_.requests;
    result_.latency.add(now_ns() - used.began);
    if (!sends())
      code = finish_pull(used.target, code, header, body);
    else if (code == 0)
      result_.messages += options_.batch;
    if (code != 0)
      result_.fail(code, header);
    used.began = 0;
    lanes_[from].free.push_back(static_cast<std::int32_t>(index));
    --in_flight_;
  }

  /// Commits the half message that `header` acknowledges.
  void settle(std::size_t on, std::int32_t index, slot& used,
              std::string_view header) {
    used.settling = true;
    constexpr std::string_view name = "\"msgId\":\"";
    auto at = header.find(name);
    auto id =
      at == header.npos ? std::string_view{} : header.substr(at + name.size());
    id = id.substr(0, id.find('"'));
    constexpr std::size_t position_digits = 16;
    std::uint64_t position = 0;
    if (id.size() > position_digits)
      std::from_chars(id.data() + id.size() - position_digits,
                      id.data() + id.size(), position, 16);
    auto request =
      remoting::make_request(remoting::request_code::end_transaction);
    request.opaque = request_template::first_opaque + index;
    auto unique_key = "7F00000100002A9F" + std::to_string(used.key);
    request.fields = {
      {"topic", targets_[used.target].topic},
      {"producerGroup", "bench-producer"},
      {"tranStateTableOffset",
       std::to_string(number_behind(header, "\"queueOffset\":", 0))},
      {"commitLogOffset", std::to_string(position)},
      {"commitOrRollback", "8"},
      {"fromTransactionCheck", "false"},
      {"msgId", unique_key},
      {"transactionId", unique_key}};
    remoting::append_command(peers_.out(on), remoting::header_encoding::json,
                             request);
  }

  /// @returns the code that counts: reaching the end is no failure
  std::int32_t finish_pull(std::size_t which, std::int32_t code,
                           std::string_view header, std::string_view body) {
    constexpr std::int32_t pull_not_found = 19;
    constexpr std::int32_t pull_offset_moved = 21;
    auto& where = targets_[which];
    auto& state = pulled_[which];
    state.busy = false;
    if (code == pull_not_found || code == pull_offset_moved) {
      if (options_.once && !state.done) {
        state.done = true;
        ++done_;
      }
      where.offset = 0; // again from the start
      return 0;
    }
    if (code != 0) {
      if (options_.once && !state.done) {
        state.done = true; // counted as a failure; never tried for ever
        ++done_;
      }
      return code;
    }
    where.offset = number_behind(header, "\"nextBeginOffset\":", 0);
    while (body.size() >= 4) {
      auto size = storage::load<std::uint32_t>(body.data());
      if (size == 0 || size > body.size())
        break;
      ++result_.messages;
      body.remove_prefix(size);
    }
    return 0;
  }

  const bench_options& options_;
  std::int64_t began_ = 0;
  std::int64_t end_;
  std::int64_t due_ = 0;
  peers peers_;
  std::vector<request_template> templates_;
  std::vector<target> targets_;
  std::vector<pulling> pulled_; ///< by target
  std::size_t done_ = 0;        ///< targets whose end was reached
  std::vector<lane> lanes_;     ///< by connection
  std::size_t next_lane_ = 0;
  std::size_t next_target_ = 0;
  std::uint64_t key_ = static_cast<std::uint64_t>(now_ms().value) * 1000;
  std::int64_t begun_ = 0; ///< messages
  std::int64_t in_flight_ = 0;
  load_result result_;
};

template <class Run>
caf::expected<load_result> complete(Run& run, const std::string& at) {
  if (auto error = run.open(at))
    return error;
  if (auto error = run.run())
    return error;
  return run.take();
}

} // namespace

void load_result::fail(std::int32_t code, std::string_view header) {
  ++failures;
  ++failure_codes[code];
  if (!failure_remark.empty())
    return;
  constexpr std::string_view name = "\"remark\":\"";
  auto at = header.find(name);
  if (at != header.npos) {
    auto text = header.substr(at + name.size());
    failure_remark = text.substr(0, text.find('"'));
  }
}

caf::expected<load_result> run_load(const bench_options& options,
                                    const std::string& at, double seconds) {
  peers idle;
  if (auto error = idle.open(at, options.idle))
    return error;
  auto end = now_ns() + static_cast<std::int64_t>(seconds * 1e9);
  if (options.mode == bench_mode::deliver)
    return run_delivery(options, at, seconds);
  load_run run{options, end};
  return complete(run, at);
}

} // namespace troupe::app
