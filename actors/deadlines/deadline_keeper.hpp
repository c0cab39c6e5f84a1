/// What a role that keeps deadlines does with LMDB: reads the next page when
/// few are left in memory, writes changes with the watermark of the log. One
/// of these at a time, so that no page misses a change.
#pragma once

#include "deadlines/deadline_window.hpp"

#include "troupe/actor/commit_log.hpp"
#include "troupe/actor/retention.hpp"
#include "troupe/actor/state_store.hpp"
#include "troupe/log.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace troupe {

/// `Self` is the typed actor that owns it.
template <class Self>
class deadline_keeper {
public:
  /// @param paged  called when more deadlines have come into memory
  deadline_keeper(Self* self, deadline_kind kind, log_family family,
                  std::function<void()> paged)
    : self_(self),
      kind_(kind),
      family_(family),
      paged_(std::move(paged)) {}

  deadline_window window;

  /// Changes of another kind that belong to the same events.
  std::vector<deadline_change> others;

  /// @param applied  what the log says before it is in LMDB
  void start(commit_log_actor log, state_store_actor store,
             log_offset applied) {
    log_ = std::move(log);
    store_ = std::move(store);
    seen_ = written_ = applied;
    window.expect_rows();
    turn();
  }

  /// Lets go of the actors.
  void stop() {
    log_ = nullptr;
    store_ = nullptr;
    waiting_.clear();
  }

  /// Events up to `end` are in the window.
  void seen(log_offset end) {
    seen_ = std::max(seen_, end);
    turn();
  }

  /// Makes everything up to now durable, then calls `then`.
  void flush(std::function<void(const caf::error&)> then) {
    waiting_.push_back([this, then = std::move(then)] { write(then); });
    turn();
  }

  /// Calls `then` with the row of an id, from memory or from LMDB.
  void find(std::int64_t id,
            std::function<void(caf::expected<std::optional<deadline>>)> then) {
    const auto* known = window.find(id);
    if (known != nullptr || window.is_complete())
      return then(known != nullptr ? std::optional{*known} : std::nullopt);
    waiting_.push_back([this, id, then = std::move(then)] {
      if (const auto* found = window.find(id)) {
        done();
        return then(std::optional{*found});
      }
      self_->request(store_, caf::infinite, find_deadline{kind_, id})
        .then(
          [this, then](const deadline_found& found) {
            then(found.row);
            done();
          },
          [this, then](caf::error& error) {
            then(std::move(error));
            done();
          });
    });
    turn();
  }

  /// Says where in the log the oldest record lies that is still waited for: the
  /// one of the lowest id.
  void tell_oldest(caf::typed_response_promise<oldest_needed> promise) {
    waiting_.push_back([=, this] {
      write_then([=, this](const caf::error& error) mutable {
        if (error) {
          promise.deliver(error);
          return pause();
        }
        self_->request(store_, caf::infinite, find_first_deadline{kind_})
          .then(
            [this, promise](const deadline_found& found) mutable {
              promise.deliver(oldest_needed{found.row ? found.row->position
                                                      : nothing_needed});
              done();
            },
            [this, promise](caf::error& failure) mutable {
              promise.deliver(std::move(failure));
              done();
            });
      });
    });
    turn();
  }

  /// Calls `then` with a page of what LMDB has of `kind`, changes included.
  void list(deadline_kind kind, const deadline_key& after, std::size_t count,
            std::function<void(caf::expected<deadline_page>)> then) {
    waiting_.push_back([=, this, then = std::move(then)] {
      write_then([=, this](const caf::error& error) {
        if (error) {
          then(error);
          return pause();
        }
        self_
          ->request(store_, caf::infinite, list_deadlines{kind, after, count})
          .then(
            [this, then](deadline_page& page) {
              then(std::move(page));
              done();
            },
            [this, then](caf::error& failure) {
              then(std::move(failure));
              done();
            });
      });
    });
    turn();
  }

  /// Reads a page or writes changes when it is time for that.
  void turn() {
    if (busy_ || !store_)
      return;
    if (!waiting_.empty()) {
      auto next = std::move(waiting_.front());
      waiting_.pop_front();
      busy_ = true;
      return next();
    }
    if (window.changes() + others.size() > limits::deadline_changes_max) {
      busy_ = true;
      return write([](const caf::error&) {});
    }
    if (auto after = window.wanted_page()) {
      busy_ = true;
      // The page must hold what was changed before.
      auto page = *after;
      write_then([this, page](const caf::error& error) {
        error ? pause() : read(page);
      });
    }
  }

private:
  void done() {
    busy_ = false;
    turn();
  }

  /// After a failure: not again at once.
  void pause() { busy_ = false; }

  void write(std::function<void(const caf::error&)> then) {
    write_then([this, then = std::move(then)](const caf::error& error) {
      then(error);
      error ? pause() : done();
    });
  }

  void write_then(std::function<void(const caf::error&)> then) {
    auto changes = std::make_shared<std::vector<deadline_window::change>>(
      window.take_changes());
    auto more =
      std::make_shared<std::vector<deadline_change>>(std::exchange(others, {}));
    auto applied = seen_;
    if (changes->empty() && more->empty() && applied == written_)
      return then(caf::none);
    auto failed = [this, changes, more, then](caf::error& error) {
      window.restore(*changes);
      others.insert(others.begin(), more->begin(), more->end());
      log::error("deadlines", "cannot be stored, they are kept in memory")
        .with("why", describe(error));
      then(error);
    };
    // The watermark is never ahead of the synced log.
    self_->request(log_, caf::infinite, settle_log{})
      .then(
        [=, this](const log_settled&) {
          put_deadlines rows{family_, applied, std::move(*more)};
          for (const auto& x : *changes)
            rows.changes.push_back({kind_, x.row, x.removed});
          self_->request(store_, caf::infinite, std::move(rows))
            .then(
              [this, applied, then](const stored&) {
                written_ = applied;
                then(caf::none);
              },
              // The store keeps the rows and tries them again.
              [then](caf::error& error) { then(error); });
        },
        failed);
  }

  void read(const deadline_key& after) {
    self_
      ->request(store_, caf::infinite,
                list_deadlines{kind_, after, window.page_rows()})
      .then(
        [this, after](const deadline_page& page) {
          window.add_page(after, page.rows, page.last);
          paged_();
          done();
        },
        [this](caf::error& error) {
          log::error("deadlines", "cannot be read")
            .with("why", describe(error));
          pause();
        });
  }

  Self* self_;
  deadline_kind kind_;
  log_family family_;
  std::function<void()> paged_;
  commit_log_actor log_;
  state_store_actor store_;
  log_offset seen_;
  log_offset written_;
  bool busy_ = false;
  std::deque<std::function<void()>> waiting_;
};

} // namespace troupe
