#include "app/shell/local_verbs.hpp"

#include "admin/verbs.hpp"
#include "remoting/response_code_of.hpp"

#include "troupe/errc.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace troupe::app {

namespace {

constexpr std::array list{
  local_verb{"echo", "WORDS...", "prints its words", "echo 'a line'"},
  local_verb{"errors", "[NAME|NUMBER]",
             "what an error means, and RocketMQ's number for it",
             "errors\nerrors topic_not_found\nerrors 17"},
  local_verb{"exit", "", "leaves the shell, or ends a script well", "exit"},
  local_verb{"expect", "FIELD OPERATION VALUE [--within SECONDS]",
             "stops unless a field of the last answer is so; --within asks "
             "again until it is",
             "topic list\nexpect rows >= 0"},
  local_verb{"help", "[VERB]", "this list, or all about one verb",
             "help\nhelp topic"},
  local_verb{"if", "FIELD OPERATION VALUE ... [else ...] end",
             "runs lines when a field of the last answer is so",
             "topic list\nif rows == 0\n  echo 'no topic yet'\nend"},
  local_verb{"include", "FILE",
             "the lines of another script, found beside this one", ""},
  local_verb{"repeat", "N ... end", "runs lines N times; $i is the round",
             "repeat 3\n  echo \"round $i\"\nend"},
  local_verb{"set", "NAME VALUE",
             "a variable; $answer.FIELD is of the last "
             "answer",
             "set who world\necho \"hello $who\""},
  local_verb{"sleep", "TIME", "waits: 500ms, 2s", "sleep 10ms"},
  local_verb{"top", "[--every SECONDS] [--count N] [as for ps]",
             "the busiest actors, again and again",
             "top --every 0.1 --count 2 --for 20 --limit 5"},
  local_verb{"try", "LINE...",
             "runs a line that may fail; then `expect error == ...`",
             "try topic describe nothing-is-called-so\n"
             "expect error == topic_not_found"},
  local_verb{"watch", "[--every SECONDS] [--count N] LINE...",
             "asks again and again; in place on a terminal",
             "watch --every 0.1 --count 2 show /log"},
};

/// What each error says to somebody who sees it for the first time.
std::string_view meaning(errc code) {
  switch (code) {
    case errc::none:
      return "all is well";
    case errc::topic_not_found:
      return "no topic has that name, and it is not made on first use";
    case errc::queue_not_found:
      return "the topic has no queue of that number";
    case errc::group_not_found:
      return "no consumer group has that name";
    case errc::broker_not_found:
      return "no broker has that name";
    case errc::message_not_found:
      return "no message is there, or none has that key";
    case errc::offset_not_found:
      return "the group has no progress for that queue";
    case errc::config_not_found:
      return "no setting has that name";
    case errc::consumer_not_online:
      return "no such consumer is connected";
    case errc::producer_not_online:
      return "no such producer is connected";
    case errc::counter_not_found:
      return "no statistics have that name";
    case errc::path_not_found:
      return "no actor is at that path; `ls /` lists what there is";
    case errc::malformed_frame:
      return "bytes came that are no frame; the connection is closed";
    case errc::malformed_request:
      return "a field or the body of a request does not parse";
    case errc::invalid_argument:
      return "a value is outside of its range, or a line is misspelt";
    case errc::illegal_message:
      return "a message is too long or asks for what excludes each other";
    case errc::no_permission:
      return "the topic, group or broker forbids it";
    case errc::not_supported:
      return "this node does not do that";
    case errc::bad_expression:
      return "a filter expression does not parse";
    case errc::subscription_not_found:
      return "the group does not subscribe to that topic";
    case errc::subscription_not_latest:
      return "the consumer knows a newer subscription than the node; it "
             "passes with the next heartbeat";
    case errc::filter_not_found:
      return "the group's SQL filter is not known here; it comes with its next "
             "heartbeat";
    case errc::filter_disabled:
      return "SQL filters are switched off (property-filter)";
    case errc::transaction_not_found:
      return "no such transaction is open: it has ended or was given up";
    case errc::transaction_mismatch:
      return "the numbers that were sent are another transaction's";
    case errc::transaction_expired:
      return "the time to settle it unasked is over; answer the next check";
    case errc::bad_recall_handle:
      return "the handle is not of this broker, or the message is delivered";
    case errc::config_conflict:
      return "a broker's registration contradicts what is known";
    case errc::busy:
      return "a bound is reached or an actor is slow; try again";
    case errc::not_confirmed:
      return "it destroys something and nobody said --yes";
    case errc::shutting_down:
      return "the node is ending";
    case errc::not_ready:
      return "nothing answers there (yet)";
    case errc::client_gone:
      return "the other side closed the connection meanwhile";
    case errc::client_timeout:
      return "the other side did not answer in time";
    case errc::log_write_failed:
      return "the disk refused to take a message; nothing was acknowledged";
    case errc::log_sync_failed:
      return "the disk failed to keep what it took; the log takes no more";
    case errc::log_read_failed:
      return "the disk could not give back a message";
    case errc::disk_full:
      return "there is no space left for messages";
    case errc::io_failed:
      return "a call on a file failed";
    case errc::corrupt_record:
      return "a message in the log is damaged";
    case errc::corrupt_file:
      return "a file is not what its name says";
    case errc::store_locked:
      return "another process uses the data directory";
    case errc::state_write_failed:
      return "settings or progress could not be stored; they are tried again";
    case errc::state_corrupt:
      return "a stored setting or progress is damaged";
    case errc::address_in_use:
      return "another process listens there";
    case errc::bad_config:
      return "an option or a line of the configuration is wrong";
  }
  return {};
}

std::vector<errc> all_codes() {
  std::vector<errc> codes;
  for (auto i = 0; i <= 255; ++i) {
    auto code = static_cast<errc>(i);
    if (!meaning(code).empty())
      codes.push_back(code);
  }
  return codes;
}

std::string indented(std::string_view lines, std::string_view before) {
  std::string text;
  while (!lines.empty()) {
    auto end = lines.find('\n');
    text.append(before).append(lines.substr(0, end)).append("\n");
    lines = end == lines.npos ? std::string_view{} : lines.substr(end + 1);
  }
  return text;
}

template <class Verb>
std::string about(const Verb& verb) {
  auto text = std::string{verb.name} + ": " + std::string{verb.what} + "\n\n";
  text += indented(verb.usage.empty() ? " " : verb.usage,
                   "  " + std::string{verb.name} + " ");
  if (!verb.examples.empty())
    text += "\nfor example\n\n" + indented(verb.examples, "  ");
  return text;
}

/// Name and sentence in two columns.
void add_line(std::string& text, std::string_view name, std::string_view what) {
  constexpr std::size_t column = 10;
  text.append("  ").append(name);
  text.append(column - std::min(column, name.size()), ' ');
  text.append("  ").append(what).append("\n");
}

} // namespace

std::span<const local_verb> local_verbs() {
  return list;
}

bool is_local_verb(std::string_view name) {
  return std::ranges::find(list, name, &local_verb::name) != list.end();
}

caf::expected<std::string> help(const std::string& verb) {
  if (const auto* found = find_verb(verb))
    return about(*found);
  if (auto own = std::ranges::find(list, verb, &local_verb::name);
      own != list.end())
    return about(*own);
  if (!verb.empty())
    return make_error(errc::invalid_argument,
                      "no verb is called `" + verb + "`; `help` lists them");
  std::string text = "asked of the node\n";
  for (const auto& x : all_verbs())
    add_line(text, x.name, x.what);
  text += "\nof the shell itself\n";
  for (const auto& x : list)
    add_line(text, x.name, x.what);
  text +=
    "\n`help VERB` says more, with examples. What destroys asks first; in "
    "scripts it takes\n--yes, and --dry-run says what it would do.\n"
    "\nstatus at the end: 0 all went well, 1 the node refused a line, 2 a "
    "line, script or\noption is not understood, 3 no node is reached, 4 an "
    "`expect` did not hold.\n";
  return text;
}

caf::expected<table> explain_errors(const std::string& wanted) {
  table result;
  result.columns = {"error", "code", "means"};
  int number = -1;
  std::from_chars(wanted.data(), wanted.data() + wanted.size(), number);
  for (auto code : all_codes()) {
    auto wire = static_cast<std::int32_t>(remoting::response_code_of(code));
    if (wanted.empty() || wanted == to_string(code) || number == wire)
      result.rows.push_back({to_string(code), wire, meaning(code)});
  }
  if (result.rows.empty())
    return make_error(errc::invalid_argument, "no error is called `" + wanted
                                                + "`; `errors` lists them");
  return result;
}

} // namespace troupe::app
