/// REGISTER_BROKER: a broker elsewhere announces itself and its topics.
#include "gateway/handlers/handlers.hpp"

#include "remoting/bodies/topic_bodies.hpp"
#include "remoting/checksum.hpp"

namespace troupe::handlers {

void register_broker(gateway_context& context, request& asked) {
  const auto& command = asked.command;
  auto crc = command.int64_or("bodyCrc32", 0);
  if (crc != 0 && crc != remoting::masked_crc32(command.body()))
    return context.answer(asked.from, remoting::response_code::system_error,
                          "crc32 not match");
  troupe::register_broker message;
  auto& says = message.says;
  says.cluster = command.find("clusterName");
  says.name = command.find("brokerName");
  says.broker_id = command.int64_or("brokerId", 0);
  says.address = command.find("brokerAddr");
  says.ha_address = command.find("haServerAddr");
  if (auto expiry = command.int64_or("heartbeatTimeoutMillis", 0); expiry > 0)
    says.expiry_ms = expiry;
  says.acting_master = command.boolean_or("enableActingMaster", false);
  if (says.address.empty())
    return context.fail(
      asked.from,
      make_error(errc::malformed_request, "field `brokerAddr` is missing"));
  if (auto error = remoting::decode_registration(
        command.body(), command.boolean_or("compressed", false),
        command.version(), says))
    return context.fail(asked.from, error);
  message.topics_included = !command.body().empty();
  message.link = context.link_of(asked.from);
  asked.on.leavers["broker"] = [&context](const client_link& link) {
    context.self()->send(context.options().names, broker_gone{link});
  };
  context.ask(asked.from, context.options().names, std::move(message),
              [&context, from = asked.from](const broker_registered& x) {
                std::vector<std::pair<std::string, std::string>> order{
                  x.order_topics.begin(), x.order_topics.end()};
                std::vector<answer_field> fields;
                if (!x.master_address.empty())
                  fields.emplace_back("masterAddr", x.master_address);
                if (!x.ha_address.empty())
                  fields.emplace_back("haServerAddr", x.ha_address);
                context.answer_fields(
                  from, remoting::response_code::success, {}, fields,
                  order.empty() ? std::string{}
                                : remoting::encode_kv_table(order));
              });
}

} // namespace troupe::handlers
