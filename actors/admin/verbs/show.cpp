/// show: the live state of the actor at a path, as fields.
#include "admin/backlog.hpp"
#include "admin/connections.hpp"
#include "admin/custom.hpp"
#include "admin/heap.hpp"
#include "admin/live.hpp"
#include "admin/paths.hpp"
#include "admin/texts.hpp"
#include "admin/verbs/verbs_of_node.hpp"

#include <algorithm>

namespace troupe::verbs {

namespace {

answer show_node(admin_context& context) {
  const auto& node = context.node();
  auto memory = measure_heap();
  auto figure = [](std::int64_t bytes) {
    return bytes < 0 ? cell{} : cell{bytes};
  };
  return fields_of(
    {{"broker_name", node.broker_name},
     {"cluster", node.cluster},
     {"listen", node.listen},
     {"broker_port", node.broker_port == 0 ? cell{} : cell{node.broker_port}},
     {"name_server_port",
      node.name_server_port == 0 ? cell{} : cell{node.name_server_port}},
     {"data", node.data_directory},
     {"started", time_text(node.started)},
     {"up", duration_text(now_ms() - node.started)},
     {"memory_private", figure(memory.private_bytes)},
     {"memory_in_use", figure(memory.in_use)},
     {"memory_free", figure(memory.free)}});
}

answer show_log(admin_context& context) {
  auto x = context.ask<log_report>(context.node().log, describe_log{});
  if (!x)
    return std::move(x.error());
  return fields_of({{"path", "/log"},
                    {"begin", x->min.value},
                    {"written", x->written.value},
                    {"synced", x->synced.value},
                    {"appended_messages", x->appended_messages},
                    {"appended_bytes", x->appended_bytes},
                    {"writes", x->writes},
                    {"syncs", x->syncs},
                    {"earliest", time_text(x->earliest_store_time)},
                    {"accepts", x->failure.empty()},
                    {"failure", x->failure}});
}

answer show_scheduler(admin_context& context) {
  auto report =
    context.ask<delay_report>(context.node().scheduler, describe_delays{});
  if (!report)
    return std::move(report.error());
  std::int64_t waiting = 0;
  std::int64_t levels = 0;
  for (const auto& x : report->levels) {
    waiting += x.max - x.delivered;
    levels += x.max - x.delivered > 0 ? 1 : 0;
  }
  return fields_of({{"path", "/scheduler"},
                    {"levels", report->levels.size()},
                    {"levels_in_use", levels},
                    {"waiting", waiting}});
}

answer show_gateway(admin_context& context) {
  auto x =
    context.ask<gateway_report>(context.node().gateway, describe_gateway{});
  if (!x)
    return std::move(x.error());
  return fields_of({{"path", "/gateway"},
                    {"connections", x->connections},
                    {"accepted", x->accepted},
                    {"requests", x->requests},
                    {"refused", x->refused},
                    {"sent_messages", x->sent_messages},
                    {"pulled_messages", x->pulled_messages},
                    {"pulled_bytes", x->pulled_bytes}});
}

answer show_name_server(admin_context& context) {
  auto cluster =
    context.ask<cluster_table>(context.node().names, describe_cluster{});
  if (!cluster)
    return std::move(cluster.error());
  auto topics =
    context.ask<routed_topics>(context.node().names, list_routed_topics{});
  if (!topics)
    return std::move(topics.error());
  return fields_of({{"path", "/name-server"},
                    {"clusters", cluster->clusters.size()},
                    {"brokers", cluster->brokers.size()},
                    {"topics", topics->topics.size()}});
}

answer show_directory(admin_context& context) {
  auto live = context.ask<live_actors>(context.node().directory, list_live{});
  if (!live)
    return std::move(live.error());
  auto topics =
    context.ask<topic_list>(context.node().directory, list_topics{});
  if (!topics)
    return std::move(topics.error());
  auto groups =
    context.ask<group_list>(context.node().directory, list_groups{});
  if (!groups)
    return std::move(groups.error());
  return fields_of({{"path", "/directory"},
                    {"topics", topics->topics.size()},
                    {"topics_in_use", live->topics.size()},
                    {"groups", groups->groups.size()},
                    {"groups_in_use", live->groups.size()},
                    {"producers_online", live->producers.size()}});
}

answer show_transactions(admin_context& context) {
  auto x = context.ask<transaction_report>(context.node().transactions,
                                           describe_transactions{});
  if (!x)
    return std::move(x.error());
  return fields_of({{"path", "/tx"},
                    {"open", x->open},
                    {"committed", x->committed},
                    {"rolled_back", x->rolled_back},
                    {"checks", x->checks},
                    {"unasked", x->unasked},
                    {"responded", x->responded},
                    {"put_off", x->put_off},
                    {"discarded", x->discarded},
                    {"next_check", time_text(x->next_check)}});
}

answer show_timers(admin_context& context) {
  auto x = context.ask<timer_report>(context.node().timers, describe_timers{});
  if (!x)
    return std::move(x.error());
  return fields_of({{"path", "/timers"},
                    {"pending", x->pending},
                    {"delivered", x->delivered},
                    {"recalled", x->recalled},
                    {"next_due", time_text(x->next_due)}});
}

answer show_member(admin_context& context, const cast_member& member) {
  if (member.path == "/log")
    return show_log(context);
  if (member.path == "/scheduler")
    return show_scheduler(context);
  if (member.path == "/gateway")
    return show_gateway(context);
  if (member.path == "/name-server")
    return show_name_server(context);
  if (member.path == "/directory")
    return show_directory(context);
  if (member.path == "/tx")
    return show_transactions(context);
  if (member.path == "/timers")
    return show_timers(context);
  auto* own = meter_of(member.actor);
  auto seen = own == nullptr ? meter_reading{} : own->own_meter().read();
  return fields_of(
    {{"path", member.path},
     {"kind", member.kind},
     {"runs", member.where},
     {"handled", seen.handled},
     {"mailbox", std::max<std::int64_t>(seen.arrived - seen.handled, 0)},
     {"wait_p99_us", seen.wait_p99_us < 0 ? cell{} : cell{seen.wait_p99_us}},
     {"busy_ms", seen.busy_ns / 1'000'000}});
}

answer show_topic(admin_context& context, const place& at) {
  auto view = context.find_topic(at.name);
  if (!view)
    return std::move(view.error());
  auto reports = std::vector<queue_report>{};
  std::int64_t messages = 0;
  std::int64_t parked = 0;
  std::int64_t appended = 0;
  std::int64_t pulled = 0;
  epoch_ms last;
  for (const auto& queue : view->queues) {
    auto x = context.ask<queue_report>(queue, describe_queue{});
    if (!x)
      return std::move(x.error());
    messages += x->max - x->min;
    parked += static_cast<std::int64_t>(x->parked);
    appended += x->appended;
    pulled += x->pulled;
    last = std::max(last, x->last_store_time);
  }
  return fields_of({{"path", at.path},
                    {"queues", view->queues.size()},
                    {"perm", perm_text(view->config->perm)},
                    {"messages", messages},
                    {"appended", appended},
                    {"pulled", pulled},
                    {"waiting_pulls", parked},
                    {"last_stored", time_text(last)}});
}

answer show_queue(admin_context& context, const place& at) {
  auto queue = context.find_queue(at.name, at.queue);
  if (!queue)
    return std::move(queue.error());
  auto x = context.ask<queue_report>(*queue, describe_queue{});
  if (!x)
    return std::move(x.error());
  return fields_of({{"path", at.path},
                    {"begin", x->min.value},
                    {"end", x->max.value},
                    {"messages", x->max - x->min},
                    {"appended", x->appended},
                    {"pulled", x->pulled},
                    {"waiting_pulls", x->parked},
                    {"last_stored", time_text(x->last_store_time)}});
}

answer show_group(admin_context& context, const place& at) {
  auto backlog = backlog_of(context, at.name);
  if (!backlog)
    return std::move(backlog.error());
  auto total = total_of(*backlog, {});
  const auto& live = *backlog->members.snapshot;
  return fields_of({{"path", at.path},
                    {"enabled", live.config.consume_enable},
                    {"members", backlog->members.members.size()},
                    {"subscriptions", live.subscriptions.size()},
                    {"queues", backlog->queues.size()},
                    {"lag", total.behind},
                    {"in_flight", total.in_flight},
                    {"resets_pending", live.resets.size()}});
}

answer show_producer(admin_context& context, const place& at) {
  auto found = context.ask<producer_found>(context.node().directory,
                                           find_producer{at.name, false});
  if (!found)
    return std::move(found.error());
  auto sessions =
    context.ask<producer_sessions>(found->producer, list_sessions{});
  if (!sessions)
    return std::move(sessions.error());
  std::string clients;
  for (const auto& x : sessions->members)
    clients += (clients.empty() ? "" : ", ") + x.client_id + " at " + x.address;
  return fields_of({{"path", at.path},
                    {"sessions", sessions->members.size()},
                    {"clients", clients}});
}

} // namespace

answer show(admin_context& context, arguments& words) {
  auto path = words.next().value_or("/");
  if (auto error = words.finish())
    return error;
  auto at = find_place(context, path);
  if (!at)
    return std::move(at.error());
  switch (at->kind) {
    case place_kind::root:
      return show_node(context);
    case place_kind::member:
      return show_member(context, *at->member);
    case place_kind::topic:
    case place_kind::queues:
      return show_topic(context, *at);
    case place_kind::queue:
      return show_queue(context, *at);
    case place_kind::group:
      return show_group(context, *at);
    case place_kind::producer:
      return show_producer(context, *at);
    case place_kind::custom: {
      auto report = find_custom(context, at->name);
      if (!report)
        return std::move(report.error());
      return fields_of_custom(*report);
    }
    case place_kind::connection: {
      auto found = find_connection(context, at->name);
      if (!found)
        return std::move(found.error());
      return fields_of_connection(*found);
    }
    case place_kind::registered:
      return context.ask<table>(at->registered->actor,
                                actor_question{"show", {}});
    case place_kind::folder:
      break;
  }
  return make_error(errc::invalid_argument,
                    at->path + " is no actor but a folder of them; try `ls "
                      + at->path + "`");
}

} // namespace troupe::verbs
