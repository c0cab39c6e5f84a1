/// HEART_BEAT: a client says which groups it belongs to. It is in force for all
/// of them before it is answered. Sheet remoting 3.9.
#include "gateway/handlers/handlers.hpp"

#include "remoting/bodies/group_bodies.hpp"

#include "troupe/model/names.hpp"

#include <memory>

namespace troupe::handlers {

namespace {

/// Answers when the last group has taken the heartbeat.
class open_heartbeat {
public:
  open_heartbeat(gateway_context& context, const caller& from, bool changed)
    : context_(context),
      from_(from),
      changed_(changed) {}

  ~open_heartbeat() {
    context_.answer(from_, remoting::response_code::success, {},
                    {{"IS_SUPPORT_HEART_BEAT_V2", "true"},
                     {"IS_SUB_CHANGE", changed_ ? "true" : "false"}});
  }

  open_heartbeat(const open_heartbeat&) = delete;
  open_heartbeat& operator=(const open_heartbeat&) = delete;

  void add(bool changed) { changed_ |= changed; }

private:
  gateway_context& context_;
  caller from_;
  bool changed_;
};

using open_ptr = std::shared_ptr<open_heartbeat>;

/// Compiles SQL filters. One that does not parse stays without: the consumer
/// has asked before (CHECK_CLIENT_CONFIG), and its pulls are told why.
void compile_filters(gateway_context& context, consumer_heartbeat& says) {
  for (auto& x : says.subscriptions)
    if (x.type == expression_type::sql92)
      if (auto filter = context.filters().compile(x.expression))
        x.sql = std::move(*filter);
}

/// A group that is missing and may not be made is passed over in silence: the
/// client has no use for an error here.
void ignore(const caf::error& error) {
  log::debug("gateway", "part of a heartbeat was passed over")
    .with("why", describe(error));
}

void join_group_of(gateway_context& context, const open_ptr& open,
                   const join_group& says) {
  auto group = says.says.group;
  auto clustering = says.says.model == message_model::clustering;
  if (clustering)
    context.ask_or(
      context.options().directory,
      find_topic{names::retry_topic_of(group), {}, true},
      [open](const topic_view&) {}, [open](caf::error& e) { ignore(e); });
  context.ask_or(
    context.options().directory,
    find_group{group, context.options().auto_create_groups},
    [&context, open, says, group](const group_found& found) {
      if (auto* on = context.connections().find(says.link.connection))
        on->leavers["consumer " + group] =
          [&context, actor = found.group](const client_link& link) {
            context.self()->send(actor, leave_group{link});
          };
      context.ask_or(
        found.group, says,
        [open](const group_joined& joined) {
          open->add(joined.subscriptions_changed);
        },
        [open](caf::error& e) { ignore(e); });
    },
    [open](caf::error& e) { ignore(e); });
}

void register_with(gateway_context& context, const open_ptr& open,
                   const std::string& group, const register_producer& says) {
  context.ask_or(
    context.options().directory, find_producer{group, true},
    [&context, open, group, says](const producer_found& found) {
      if (auto* on = context.connections().find(says.link.connection))
        on->leavers["producer " + group] =
          [&context, actor = found.producer](const client_link& link) {
            context.self()->send(actor, leave_producer{link});
          };
      context.ask_or(
        found.producer, says, [open](const producer_registered&) {},
        [open](caf::error& e) { ignore(e); });
    },
    [open](caf::error& e) { ignore(e); });
}

} // namespace

void heart_beat(gateway_context& context, request& asked) {
  auto says = remoting::decode_heartbeat(asked.command.body());
  if (!says)
    return context.fail(asked.from, says.error());
  member who{says->client_id, to_string(asked.on.peer()),
             asked.command.language(), asked.command.version(), now_ms()};
  asked.on.client_id = says->client_id;
  auto link = context.link_of(asked.from);
  auto open = std::make_shared<open_heartbeat>(context, asked.from,
                                               says->fingerprint == 0);
  for (auto& consumer : says->consumers) {
    compile_filters(context, consumer);
    join_group_of(context, open,
                  {link, who, std::move(consumer), says->without_subscriptions,
                   says->fingerprint});
  }
  if (!says->producer_groups.empty())
    context.learn_client(says->client_id, asked.on);
  for (const auto& group : says->producer_groups)
    register_with(context, open, group, {link, who});
}

} // namespace troupe::handlers
