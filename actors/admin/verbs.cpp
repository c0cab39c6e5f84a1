#include "admin/verbs.hpp"

#include "admin/verbs/verbs_of_node.hpp"

#include <algorithm>
#include <array>

namespace troupe {

namespace {

using enum word_kind;

constexpr std::array list{
  verb_info{"ask", "PATH WORD [ARGS...]",
            "asks a custom actor in its own words and shows its answer",
            "ask /custom/wordcount show", path, none, "", verbs::ask},
  verb_info{"config", "[KEY]", "settings of the node, as RocketMQ spells them",
            "config flushDiskType", none, none, "", verbs::config},
  verb_info{"group",
            "list [--all]\n"
            "describe GROUP\n"
            "members GROUP\n"
            "create GROUP [--retries N] [--enabled BOOL] [--orderly BOOL] "
            "[--broadcast BOOL]\n"
            "set GROUP [the same]\n"
            "delete GROUP [--keep-progress] [--yes|--dry-run]",
            "consumer groups: their settings, members and progress",
            "group create billing --retries 5\n"
            "group describe billing\n"
            "group delete billing --dry-run",
            action, word_kind::group, "list describe members create set delete",
            verbs::group},
  verb_info{
    "lag", "[GROUP] [--queues]", "how far consumer groups are behind, and why",
    "lag\nlag billing --queues", word_kind::group, none, "", verbs::lag},
  verb_info{"ls", "[PATH]", "what lies below a path", "ls /\nls /topic", path,
            none, "", verbs::ls},
  verb_info{"pull",
            "TOPIC [--queue N] [--from first|last|OFFSET] [--count N]\n"
            "TOPIC ... [--tag 'A || B'] [--queue N --wait SECONDS]",
            "messages of a topic; nobody's progress changes",
            "pull orders\npull orders --from first --count 3", word_kind::topic,
            none, "", verbs::pull},
  verb_info{"send",
            "TOPIC BODY [--tag TAG] [--key KEY] [--property NAME=VALUE]...\n"
            "TOPIC BODY ... [--queue N] [--delay-level N] [--count N]",
            "sends messages the way a producer does",
            "send orders 'one coffee' --tag new --key 4711", word_kind::topic,
            none, "", verbs::send},
  verb_info{"show", "[PATH]", "the live state of an actor",
            "show /topic/orders\nshow /log", path, none, "", verbs::show},
  verb_info{"tell", "PATH WORD [ARGS...]",
            "as ask, but nobody waits for an answer",
            "tell /custom/wordcount reset", path, none, "", verbs::tell},
  verb_info{"topic",
            "list [--all]\n"
            "describe TOPIC\n"
            "create TOPIC [--queues N] [--perm rw] [--order BOOL] "
            "[--attribute KEY=VALUE]...\n"
            "set TOPIC [the same]\n"
            "delete TOPIC [--yes|--dry-run]",
            "topics and their settings",
            "topic create orders --queues 4\n"
            "topic describe orders\n"
            "topic delete orders --dry-run",
            action, word_kind::topic, "list describe create set delete",
            verbs::topic},
};

} // namespace

std::span<const verb_info> all_verbs() {
  return list;
}

const verb_info* find_verb(std::string_view name) {
  auto found = std::ranges::find(list, name, &verb_info::name);
  return found == list.end() ? nullptr : &*found;
}

caf::expected<table> run_verb(admin_context& context, admin_request request) {
  const auto* verb = find_verb(request.verb);
  if (verb == nullptr)
    return make_error(errc::invalid_argument, "no verb is called `"
                                                + request.verb
                                                + "`; `help` lists them");
  arguments words{std::move(request.arguments)};
  return verb->run(context, words);
}

} // namespace troupe
