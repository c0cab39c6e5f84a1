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
  verb_info{"consume", "GROUP TOPIC [--count N] [--force]",
            "messages as a group, whose progress goes on with them",
            "consume billing orders --count 3", word_kind::group,
            word_kind::topic, "", verbs::consume},
  verb_info{"dlq",
            "list GROUP [--from OFFSET] [--count N]\n"
            "resend GROUP [--from OFFSET] [--count N] [--topic TOPIC] "
            "[--yes|--dry-run]",
            "dead letters: what a group failed on too often",
            "dlq list billing\ndlq resend billing --dry-run", action,
            word_kind::group, "list resend", verbs::dlq},
  verb_info{"explain", "busy [--for MS]",
            "what the node is busy with, and what stands in its way",
            "explain busy --for 50", action, none, "busy", verbs::explain},
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
  verb_info{"kill", "PATH [--yes|--dry-run]",
            "ends an actor at once; who watches it makes it anew",
            "kill /group/billing --dry-run", path, none, "", verbs::kill},
  verb_info{
    "lag", "[GROUP] [--queues]", "how far consumer groups are behind, and why",
    "lag\nlag billing --queues", word_kind::group, none, "", verbs::lag},
  verb_info{"ls", "[PATH]", "what lies below a path", "ls /\nls /topic", path,
            none, "", verbs::ls},
  verb_info{"offset",
            "reset GROUP TOPIC --to first|last|TIME|@OFFSET [--queue N] "
            "[--yes|--dry-run]",
            "sets the progress of a group; TIME is 2026-03-01T12:30:00Z, -10m "
            "or ms since 1970",
            "offset reset billing orders --to first --dry-run\n"
            "offset reset billing orders --to -10m --dry-run",
            action, word_kind::group, "reset", verbs::offset},
  verb_info{"pause", "PATH",
            "a consumer group or custom actor gets nothing until `resume`; a "
            "topic takes messages and delivers none",
            "pause /group/billing\nresume /group/billing\n"
            "pause /topic/orders\nresume /topic/orders",
            path, none, "", verbs::pause},
  verb_info{"plugin", "load FILE\nlist",
            "loads a plug-in by the name of its file, from a directory that "
            "the node was started with (--plugin-dir)",
            "plugin list", action, none, "load list", verbs::plugin},
  verb_info{
    "ps", "[PATH] [--queues] [--for MS] [--by COLUMN] [--limit N] [--brief]",
    "the actors that live; busy (share of a core) and rate (messages/s) "
    "over --for, waits since they began",
    "ps --for 20\nps /queue/orders --for 20 --by rate --limit 3", path, none,
    "", verbs::ps},
  verb_info{"pull",
            "TOPIC [--queue N] [--from first|last|OFFSET] [--count N]\n"
            "TOPIC ... [--tag 'A || B'] [--queue N --wait SECONDS]",
            "messages of a topic; nobody's progress changes",
            "pull orders\npull orders --from first --count 3", word_kind::topic,
            none, "", verbs::pull},
  verb_info{"resume", "PATH", "ends a pause",
            "pause /group/billing\nresume /group/billing", path, none, "",
            verbs::resume},
  verb_info{"send",
            "TOPIC BODY [--tag TAG] [--key KEY] [--property NAME=VALUE]...\n"
            "TOPIC BODY ... [--queue N] [--delay-level N] [--count N]",
            "sends messages the way a producer does",
            "send orders 'one coffee' --tag new --key 4711", word_kind::topic,
            none, "", verbs::send},
  verb_info{"show", "[PATH]", "the live state of an actor",
            "show /topic/orders\nshow /log", path, none, "", verbs::show},
  verb_info{"spawn", "TYPE NAME [KEY=VALUE...]",
            "makes a custom actor of a type that a plug-in brought",
            "spawn pass all topic=orders\nshow /custom/all\nunspawn all --yes",
            type, none, "", verbs::spawn},
  verb_info{"tap", "PATH [--for MS] [--count N]",
            "what comes to an actor, for a while, and what handling it takes",
            "tap /log --for 50", path, none, "", verbs::tap},
  verb_info{"tell", "PATH WORD [ARGS...]",
            "as ask, but nobody waits for an answer",
            "tell /custom/wordcount reset", path, none, "", verbs::tell},
  verb_info{"timers", "[levels] [--all]\nlist [--count N]",
            "messages that wait for their time", "timers --all\ntimers list",
            action, none, "levels list", verbs::timers},
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
  verb_info{"tree", "[--queues]",
            "who watches whom, and what follows when one dies", "tree", none,
            none, "", verbs::tree},
  verb_info{"tx",
            "list [--discarded] [--count N]\n"
            "commit POSITION|ID [--yes|--dry-run]\n"
            "rollback POSITION|ID [--yes|--dry-run]\n"
            "resume POSITION|ID",
            "transactions that wait for their producer's word; resume asks it "
            "again",
            "tx list\ntx list --discarded", action, none,
            "list commit rollback resume", verbs::tx},
  verb_info{"types", "", "types of custom actors that `spawn` knows", "types",
            none, none, "", verbs::types},
  verb_info{"unspawn", "PATH [--yes|--dry-run]",
            "ends a custom actor for good, with its state",
            "spawn pass all topic=orders\nunspawn /custom/all --yes", path,
            none, "", verbs::unspawn},
  verb_info{"where", "key=KEY|id=ID [--topic TOPIC]",
            "the life of a message: produced, stored, delivered to whom, "
            "acknowledged or awaited by which group, retried, dead; and what "
            "clients with trace on say of it",
            "send orders 'where am I' --key find-me\nwhere key=find-me", none,
            none, "", verbs::where},
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
  arguments words{std::move(request.arguments), "; `help "
                                                  + std::string{verb->name}
                                                  + "` shows how it is "
                                                    "written"};
  return verb->run(context, words);
}

} // namespace troupe
