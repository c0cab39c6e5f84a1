#include "app/store/store_main.hpp"

#include "app/store/verbs.hpp"

#include "troupe/log.hpp"

namespace troupe::app {

int store_main(const std::vector<std::string>& arguments) {
  auto parsed = parse_store_command(arguments);
  if (!parsed) {
    std::cerr << "troupe store: " << context_of(parsed.error()) << '\n';
    return 2;
  }
  if (!*parsed)
    return 0;
  const auto& command = **parsed;
  log::least = log::level::warning;
  if (command.verb == "verify")
    return store_verify(command);
  if (command.verb == "repair")
    return store_repair(command);
  if (command.verb == "ls")
    return store_ls(command);
  if (command.verb == "cat")
    return store_cat(command);
  if (command.verb == "stats")
    return store_stats(command);
  if (command.verb == "import")
    return store_import(command);
  return store_export(command);
}

} // namespace troupe::app
