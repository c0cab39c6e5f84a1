/// INVOKE_BROKER_TO_GET_CONSUMER_STATUS: asks the members of a group (or one)
/// how far each has come in its queues of a topic.
#include "gateway/handlers/topic_queue.hpp"

#include "remoting/bodies/admin_bodies.hpp"

#include <memory>

namespace troupe::handlers {

namespace {

struct consumer_status_work {
  std::map<std::string, std::string> tables; ///< client id -> its table, JSON
  std::size_t open = 0;
};

void ask_status(gateway_context& context, const caller& from,
                const std::string& client, const client_link& link,
                const remoting::command& question,
                const std::shared_ptr<consumer_status_work>& work) {
  auto settle = [=, &context](std::string table) {
    if (!table.empty())
      work->tables[client] = std::move(table);
    if (--work->open == 0)
      context.answer(from, remoting::response_code::success, {}, {},
                     remoting::encode_consumer_status(work->tables));
  };
  // The gateway itself ends the call after client_call_timeout.
  context.self()
    ->request(link.gateway, caf::infinite,
              call_client{link.connection, question})
    .then(
      [settle](const client_answer& x) {
        settle(x.command.code == 0
                 ? remoting::queue_table_of(x.command.body.view())
                 : std::string{});
      },
      [settle](caf::error&) { settle({}); }); // the others' still count
}

} // namespace

void invoke_broker_to_get_consumer_status(gateway_context& context,
                                          request& asked) {
  const auto& command = asked.command;
  auto from = asked.from;
  std::string group{command.find("group")};
  std::string only{command.find("clientAddr")};
  auto question = remoting::make_request(
    remoting::request_code::get_consumer_status_from_client);
  question.fields = {{"topic", std::string{command.find("topic")}},
                     {"group", group}};
  auto with_members = [=, &context](const group_members& x) {
    auto work = std::make_shared<consumer_status_work>();
    std::vector<std::size_t> chosen;
    for (std::size_t i = 0; i < x.members.size(); ++i)
      if (only.empty() || x.members[i].client_id == only)
        chosen.push_back(i);
    if (chosen.empty())
      return context.answer(from, remoting::response_code::system_error,
                            "No Any Consumer online in the consumer group: ["
                              + group + "]");
    work->open = chosen.size();
    for (auto i : chosen)
      ask_status(context, from, x.members[i].client_id, x.links[i], question,
                 work);
  };
  ask_group(context, from, group, false, list_members{}, with_members);
}

} // namespace troupe::handlers
