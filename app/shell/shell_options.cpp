#include "app/shell/shell_options.hpp"

#include "admin/arguments.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <string_view>

namespace troupe::app {

const char* const shell_usage =
  "usage: troupe shell [HOST[:PORT]] [OPTIONS]                 interactive\n"
  "       troupe shell [HOST[:PORT]] [OPTIONS] -c 'LINE'       one line\n"
  "       troupe shell [HOST[:PORT]] [OPTIONS] FILE.tsh [ARGS] a script; - is "
  "stdin\n"
  "       troupe VERB [WORDS] [OPTIONS] [--at HOST[:PORT]]     one line, such "
  "as\n"
  "                                                      `troupe lag billing`\n"
  "\n"
  "The node is 127.0.0.1:10988 unless it is named here or in TROUPE_SHELL.\n"
  "\n"
  "  --json                answers as JSON, a line each; in a line, of that "
  "line\n"
  "  --yes                 do what destroys without asking\n"
  "  --certificate FILE    PEM files for a node whose shell port wants TLS\n"
  "  --key-file FILE\n"
  "  --ca FILE\n"
  "\n"
  "Exit status: 0 all went well, 1 the node refused, 2 a line or option is "
  "not\n"
  "understood, 3 no node is reached, 4 an `expect` did not hold.\n"
  "`troupe help` lists the verbs.\n";

namespace {

caf::error bad(std::string why) {
  return make_error(errc::bad_config, std::move(why));
}

/// `host`, `host:port`, `[v6]:port`.
caf::error read_node(const std::string& text, node_address& to) {
  auto host = text;
  auto colon = text.rfind(':');
  auto bracket = text.rfind(']');
  auto has_port =
    colon != text.npos
    && (text.find(':') == colon || (bracket != text.npos && colon > bracket));
  if (has_port) {
    host = text.substr(0, colon);
    auto port = text.substr(colon + 1);
    auto [end, code] =
      std::from_chars(port.data(), port.data() + port.size(), to.port);
    if (code != std::errc{} || end != port.data() + port.size() || to.port == 0)
      return bad("`" + text + "` has no port behind its colon");
  }
  if (host.size() > 2 && host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  if (host.empty())
    return bad("`" + text + "` names no host");
  to.host = host;
  return caf::none;
}

caf::error read_common(arguments& words, shell_options& to) {
  to.json = words.flag("json");
  to.help = words.flag("help");
  to.node.tls.certificate = words.option("certificate").value_or("");
  to.node.tls.key = words.option("key-file").value_or("");
  to.node.tls.authority = words.option("ca").value_or("");
  if (const char* node = std::getenv("TROUPE_SHELL"))
    return read_node(node, to.node);
  return caf::none;
}

bool is_script(const std::string& word) {
  return word == "-" || word.ends_with(".tsh");
}

} // namespace

caf::expected<shell_options>
parse_shell_options(const std::vector<std::string>& given) {
  shell_options result;
  // What stands behind a script is the script's.
  auto own = given;
  for (std::size_t i = 0; i < own.size(); ++i) {
    if (own[i] == "-h")
      own[i] = "--help";
    if (own[i] == "-c") {
      if (i + 1 == own.size())
        return bad("-c needs a line, such as -c 'ls /topic'");
      result.command = own[i + 1];
      own.erase(own.begin() + static_cast<std::ptrdiff_t>(i),
                own.begin() + static_cast<std::ptrdiff_t>(i + 2));
      break;
    }
    if (!is_script(own[i]))
      continue;
    result.script = own[i];
    result.words.assign(own.begin() + static_cast<std::ptrdiff_t>(i + 1),
                        own.end());
    own.resize(i);
  }
  arguments words{std::move(own)};
  if (auto error = read_common(words, result))
    return error;
  result.yes = words.flag("yes");
  if (auto node = words.next())
    if (auto error = read_node(*node, result.node))
      return error;
  if (auto error = words.finish())
    return bad(context_of(error)
               + "; `troupe shell --help` says what there is");
  return result;
}

caf::expected<shell_options>
parse_verb_options(const std::vector<std::string>& given) {
  shell_options result;
  arguments words{given};
  if (auto error = read_common(words, result))
    return error;
  if (auto node = words.option("at"))
    if (auto error = read_node(*node, result.node))
      return error;
  result.words = words.rest();
  if (auto error = words.finish()) // an option without its value
    return bad(context_of(error));
  return result;
}

std::vector<std::string> take_leading_options(std::vector<std::string>& words) {
  static constexpr std::array<std::string_view, 2> flags{"--json", "--yes"};
  static constexpr std::array<std::string_view, 4> valued{
    "--at", "--certificate", "--key-file", "--ca"};
  auto is_valued = [](std::string_view word) {
    return std::ranges::find(valued, word) != valued.end();
  };
  auto end = words.begin();
  while (end != words.end()) {
    if (is_valued(*end) && end + 1 != words.end())
      end += 2;
    else if (std::ranges::find(flags, *end) != flags.end()
             || is_valued(std::string_view{*end}.substr(0, end->find('='))))
      ++end;
    else
      break;
  }
  std::vector<std::string> taken{words.begin(), end};
  words.erase(words.begin(), end);
  return taken;
}

} // namespace troupe::app
