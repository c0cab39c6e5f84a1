/// Puts a question to one member of a group and passes its answer on. Shared by
/// the handlers that forward an administrator's request to a client.
#pragma once

#include "gateway/handlers/topic_queue.hpp"

#include <vector>

namespace troupe::handlers {

/// Asks the member `client_id` of `group`; the first one when that is empty.
inline void ask_client(gateway_context& context, const caller& from,
                       std::string_view group, std::string_view client_id,
                       remoting::command question) {
  ask_group(
    context, from, group, false, list_members{},
    [&context, from, question, group = std::string{group},
     client_id = std::string{client_id}](const group_members& x) {
      for (std::size_t i = 0; i < x.members.size(); ++i) {
        if (!client_id.empty() && x.members[i].client_id != client_id)
          continue;
        const auto& link = x.links[i];
        // The gateway itself ends the call after client_call_timeout.
        context.self()
          ->request(link.gateway, caf::infinite,
                    call_client{link.connection, question})
          .then(
            [&context, from](const client_answer& answer) {
              std::vector<answer_field> fields{answer.command.fields.begin(),
                                               answer.command.fields.end()};
              context.answer_fields(
                from, static_cast<remoting::response_code>(answer.command.code),
                answer.command.remark, fields, answer.command.body.view());
            },
            [&context, from](caf::error& error) { context.fail(from, error); });
        return;
      }
      context.answer(from, remoting::response_code::system_error,
                     "The Consumer <" + group + "> <" + client_id
                       + "> not online");
    });
}

} // namespace troupe::handlers
