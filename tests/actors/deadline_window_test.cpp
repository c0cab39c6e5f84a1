/// Deadlines of which only the earliest are in memory, beside a plain model
/// and a plain map in place of LMDB.
#include "deadlines/deadline_window.hpp"

#include "support/catch.hpp"

#include <map>
#include <random>

using namespace troupe;

namespace {

deadline row_of(std::int64_t due, std::int64_t id) {
  return {{{due}, id}, {id * 100}, 0};
}

/// What the keeper does, at once.
class store {
public:
  void write(deadline_window& window) {
    for (const auto& x : window.take_changes())
      if (x.removed)
        rows.erase(x.row.key);
      else
        rows[x.row.key] = x.row;
  }

  void page(deadline_window& window) {
    auto after = window.wanted_page();
    if (!after)
      return;
    write(window);
    std::vector<deadline> found;
    auto at = rows.upper_bound(*after);
    while (at != rows.end() && found.size() < window.page_rows())
      found.push_back((at++)->second);
    window.add_page(*after, found, at == rows.end());
  }

  std::map<deadline_key, deadline> rows;
};

} // namespace

TEST_CASE("what ends before LMDB hears of it never gets there") {
  deadline_window window{8};
  window.add(row_of(10, 1));
  window.remove({{10}, 1});
  CHECK(window.take_changes().empty());
  window.add(row_of(10, 2));
  CHECK(window.take_changes().size() == 1);
  window.remove({{10}, 2});
  auto changes = window.take_changes();
  REQUIRE(changes.size() == 1);
  CHECK(changes.front().removed);
}

TEST_CASE("what is taken is not first until it is given back") {
  deadline_window window{8};
  window.add(row_of(10, 1));
  window.add(row_of(20, 2));
  REQUIRE(window.first() != nullptr);
  CHECK(window.first()->key.id == 1);
  window.take({{10}, 1});
  CHECK(window.first()->key.id == 2);
  CHECK(window.find(1) != nullptr);
  window.give_back({{10}, 1});
  CHECK(window.first()->key.id == 1);
  window.take({{10}, 1});
  window.move({{10}, 1}, row_of(30, 1));
  CHECK(window.first()->key.id == 2);
  CHECK(window.find(1)->key.due.value == 30);
}

TEST_CASE("changes that could not be stored are not forgotten") {
  deadline_window window{8};
  window.add(row_of(10, 1));
  window.add(row_of(20, 2));
  auto lost = window.take_changes();
  window.remove({{10}, 1});
  window.restore(lost);
  auto changes = window.take_changes();
  REQUIRE(changes.size() == 2);
  CHECK(changes[0].removed);
  CHECK_FALSE(changes[1].removed);
}

TEST_CASE("a small window beside a model of everything") {
  auto seed = GENERATE(1u, 2u, 3u, 4u, 5u, 6u, 7u, 8u);
  CAPTURE(seed);
  std::mt19937 chance{seed};
  deadline_window window{16};
  store lmdb;
  std::map<deadline_key, deadline> model;
  std::map<std::int64_t, deadline_key> taken;
  std::int64_t next_id = 1;
  std::int64_t now = 0;
  auto any = [&] {
    auto at = model.begin();
    std::advance(at, static_cast<long>(chance() % model.size()));
    return at->second;
  };
  for (int step = 0; step < 4000; ++step) {
    switch (chance() % 10) {
      case 0:
      case 1:
      case 2:
      case 3: {
        auto row =
          row_of(now + static_cast<std::int64_t>(chance() % 1000), next_id++);
        window.add(row);
        model[row.key] = row;
        break;
      }
      case 4:
        if (!model.empty()) {
          auto row = any();
          window.remove(row.key);
          model.erase(row.key);
          taken.erase(row.key.id);
        }
        break;
      case 5:
        if (!model.empty()) {
          auto from = any();
          if (window.find(from.key.id) == nullptr)
            break; // its owner would ask LMDB for it
          auto to = from;
          to.key.due += static_cast<std::int64_t>(chance() % 500);
          ++to.count;
          window.move(from.key, to);
          model.erase(from.key);
          model[to.key] = to;
          taken.erase(from.key.id);
        }
        break;
      case 6:
        lmdb.write(window);
        break;
      default:
        // Time goes on: the earliest is due, as everybody knows it.
        lmdb.page(window);
        if (const auto* first = window.first()) {
          auto earliest = std::ranges::find_if(model, [&](const auto& x) {
            return !taken.contains(x.second.key.id);
          });
          REQUIRE(earliest != model.end());
          REQUIRE(first->key == earliest->first);
          now = std::max(now, first->key.due.value);
          auto row = *first;
          if (chance() % 4 == 0 && taken.size() < 4) {
            window.take(row.key);
            taken.emplace(row.key.id, row.key);
          } else {
            window.remove(row.key);
            model.erase(row.key);
          }
        }
        if (!taken.empty() && chance() % 4 == 0) {
          window.give_back(taken.begin()->second);
          taken.erase(taken.begin());
        }
    }
    window.check_invariants();
    REQUIRE(window.in_memory() <= 16 + taken.size());
    if (window.is_complete())
      REQUIRE(window.in_memory() == model.size());
  }
  lmdb.write(window);
  CHECK(lmdb.rows == model);
}
