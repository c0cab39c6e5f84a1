#include "gateway/assignment.hpp"

#include <algorithm>
#include <tuple>

namespace troupe {

namespace {

using remoting::named_queue;
using queue_list = std::vector<named_queue>;

auto order_of(const named_queue& x) {
  return std::tie(x.queue.topic, x.broker, x.queue.queue);
}

/// Client `index` of `clients` gets a block of neighbours.
queue_list average(const queue_list& queues, std::size_t index,
                   std::size_t clients) {
  auto rest = queues.size() % clients;
  auto share = queues.size() / clients;
  auto count = share + (index < rest ? 1 : 0);
  auto first = index * share + std::min(index, rest);
  auto from = queues.begin() + static_cast<std::ptrdiff_t>(first);
  return {from, from + static_cast<std::ptrdiff_t>(count)};
}

/// Client `index` gets every queue that lies `clients` behind the one before.
queue_list circle(const queue_list& queues, std::size_t index,
                  std::size_t clients) {
  queue_list result;
  for (auto i = index; i < queues.size(); i += clients)
    result.push_back(queues[i]);
  return result;
}

/// Every broker once, whichever queue.
queue_list any_of_each_broker(const queue_list& queues) {
  queue_list result;
  for (const auto& x : queues)
    if (result.empty() || result.back().broker != x.broker)
      result.push_back({x.broker, {x.queue.topic, {-1}}});
  return result;
}

} // namespace

std::optional<queue_list> assigned_queues(assignment_question question) {
  auto& [client, strategy, broadcasting, mode, clients, queues] = question;
  if (queues.empty())
    return {};
  std::ranges::sort(queues, {}, order_of);
  if (broadcasting)
    return queues;
  if (clients.empty() || (strategy != "AVG" && strategy != "AVG_BY_CIRCLE"))
    return {};
  std::ranges::sort(clients);
  auto by_strategy = strategy == "AVG" ? average : circle;
  auto place = std::ranges::find(clients, client);
  auto index = static_cast<std::size_t>(place - clients.begin());
  auto count = clients.size();
  if (mode.pop
      && (mode.share_queues <= 0
          || static_cast<std::size_t>(mode.share_queues) >= count - 1))
    return any_of_each_broker(queues);
  if (place == clients.end())
    return queue_list{};
  if (mode.pop && count > queues.size())
    return queue_list{queues[index % queues.size()]};
  auto result = by_strategy(queues, index, count);
  // Whoever pops shares the queues of those behind it in the list.
  for (std::int32_t i = 1; mode.pop && i <= mode.share_queues; ++i)
    std::ranges::copy(
      by_strategy(queues, (index + static_cast<std::size_t>(i)) % count, count),
      std::back_inserter(result));
  return result;
}

} // namespace troupe
