#include "app/store/store_options.hpp"

#include <boost/program_options.hpp>

#include <algorithm>
#include <array>
#include <iostream>

namespace troupe::app {

namespace po = boost::program_options;

namespace {

constexpr std::array<std::string_view, 7> verbs{
  "verify", "repair", "ls", "cat", "stats", "import", "export"};

po::options_description description(store_command& x) {
  po::options_description all{
    "troupe store VERB [OPTIONS]: a data directory that no node runs on\n\n"
    "  verify   reads everything and says what is damaged; changes nothing\n"
    "  repair   makes again what is derived, saves what can be read of the\n"
    "           rest, and says what is lost\n"
    "  ls       topics and queues with their ranges\n"
    "  cat      messages of a topic, or the one at a log offset\n"
    "  stats    records, bytes and times of each topic\n"
    "  import   copies a store of Apache RocketMQ 4.9 or 5.x to DIR\n"
    "  export   readies DIR for Apache RocketMQ: writes config/*.json, "
    "removes\n"
    "           what it derives itself\n"
    "\n"
    "Exit status: 0 all is well, 1 damage or failure, 2 refused.\n\nOptions"};
  auto add = all.add_options();
  add("data", po::value(&x.data)->value_name("DIR"),
      "the data directory (./troupe-data)");
  add("from", po::value(&x.from)->value_name("DIR"),
      "import: the store directory of Apache RocketMQ");
  add("topic", po::value(&x.topic)->value_name("NAME"), "only this topic");
  add("queue", po::value(&x.queue)->value_name("N"),
      "cat: only this queue (all)");
  add("offset", po::value(&x.offset)->value_name("N"),
      "cat: the first queue offset (0)");
  add("count", po::value(&x.count)->value_name("N"),
      "cat: at most so many messages of each queue (10)");
  add("at", po::value(&x.at)->value_name("N"),
      "cat: the record at this log offset");
  add("json", po::bool_switch(&x.json), "print JSON");
  add("help,h", "print this");
  return all;
}

caf::error bad(std::string what) {
  return make_error(errc::bad_config,
                    std::move(what) + "; `troupe store --help` lists all");
}

} // namespace

caf::expected<std::optional<store_command>>
parse_store_command(const std::vector<std::string>& arguments) {
  store_command x;
  auto all = description(x);
  po::options_description with_verb;
  with_verb.add(all).add_options()("verb", po::value(&x.verb));
  po::positional_options_description place;
  place.add("verb", 1);
  po::variables_map given;
  try {
    po::store(po::command_line_parser{arguments}
                .options(with_verb)
                .positional(place)
                .run(),
              given);
    po::notify(given);
  } catch (const po::error& e) {
    return bad(e.what());
  }
  if (given.contains("help")) {
    std::cout << all << '\n';
    return std::optional<store_command>{};
  }
  if (x.verb.empty())
    return bad("say what to do: verify, repair, ls, cat, stats, import or "
               "export");
  if (std::ranges::find(verbs, x.verb) == verbs.end())
    return bad("no verb is called `" + x.verb + "`");
  if (x.verb == "cat" && x.topic.empty() && x.at < 0)
    return bad("cat needs --topic NAME or --at LOG-OFFSET");
  if (x.verb == "import" && x.from.empty())
    return bad("import needs --from DIR, the store directory of RocketMQ");
  return std::optional{std::move(x)};
}

} // namespace troupe::app
