#include "app/bench/startup_options.hpp"

#include <boost/program_options.hpp>

#include <iostream>

namespace troupe::app {

namespace po = boost::program_options;

caf::expected<std::optional<startup_options>>
parse_startup_options(const std::vector<std::string>& arguments) {
  startup_options x;
  po::options_description all{
    "troupe bench startup: from the start of a node to its first acknowledged "
    "send,\non stores made for it\n\nOptions"};
  auto add = all.add_options();
  add("dir", po::value(&x.directory)->value_name("DIR"),
      "where the stores are made, and removed (.)");
  add("gigabytes", po::value(&x.gigabytes)->value_name("N"),
      "size of the large store, beside one of 1 GB (10)");
  add("queues", po::value(&x.queues)->value_name("N"),
      "queues of a third one; 0: none (100000)");
  add("rounds", po::value(&x.rounds)->value_name("N"),
      "starts after an orderly end, and after a kill under load (5)");
  add("json", po::bool_switch(&x.json), "print JSON");
  add("help,h", "print this");
  po::variables_map given;
  try {
    po::store(po::command_line_parser{arguments}
                .options(all)
                .positional(po::positional_options_description{})
                .run(),
              given);
    po::notify(given);
  } catch (const po::error& e) {
    return make_error(errc::bad_config, e.what());
  }
  if (given.contains("help")) {
    std::cout << all << '\n';
    return std::optional<startup_options>{};
  }
  if (x.gigabytes < 1 || x.gigabytes > 1000 || x.queues < 0 || x.rounds < 1)
    return make_error(
      errc::bad_config,
      "--gigabytes is 1 to 1000, --queues 0 or more, --rounds 1 or more");
  return std::optional{std::move(x)};
}

} // namespace troupe::app
