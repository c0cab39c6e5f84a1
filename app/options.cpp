#include "app/options.hpp"

#include "app/node/config_file.hpp"

#include <boost/program_options.hpp>

#include <iostream>

namespace troupe::app {

namespace po = boost::program_options;

namespace {

po::options_description node_description() {
  po::options_description all{
    "troupe node: a broker and name server in one process\n\nOptions"};
  auto text = [] { return po::value<std::string>(); };
  auto add = all.add_options();
  add("data", text()->value_name("DIR"),
      "where messages and state are kept (./troupe-data)");
  add("listen", text()->value_name("ADDR"),
      "address to listen on (127.0.0.1; 0.0.0.0 for all)");
  add("broker-port", text()->value_name("PORT"), "the broker's port (10911)");
  add("nameserver-port", text()->value_name("PORT"),
      "the name server's port (9876)");
  add("role", text()->value_name("ROLE"), "all, broker or nameserver (all)");
  add("nameserver", text()->value_name("HOST:PORT;..."),
      "name servers elsewhere to register with");
  add("advertise", text()->value_name("ADDR"),
      "address that clients are told (the one they used to reach us)");
  add("broker-name", text()->value_name("NAME"),
      "name of this broker (the host's name)");
  add("cluster", text()->value_name("NAME"), "its cluster (DefaultCluster)");
  add("flush", text()->value_name("WHEN"),
      "acknowledge when the disk has a message: sync; when the kernel has it: "
      "async (sync)");
  add("auto-create-topics", text()->value_name("BOOL"),
      "make topics on first use: true or false (true)");
  add("property-filter", text()->value_name("BOOL"),
      "let consumers filter by SQL92: true or false (true)");
  add("segment-bytes", text()->value_name("N"),
      "size of a commit log segment (1 GiB)");
  add("memory-max", text()->value_name("N"),
      "bytes of memory for what is under way: frames, answers that clients "
      "have not read, pulls that wait (512 MiB)");
  add("retention-hours", text()->value_name("N"),
      "messages older than this go, whole segments at a time; 0: none (72)");
  add("retention-bytes", text()->value_name("N"),
      "the oldest segments go when all have more bytes; 0: none (0)");
  add("retention-period", text()->value_name("MS"),
      "how often old segments are looked for (10000)");
  add("scrub-bytes", text()->value_name("N"),
      "bytes a second of stored messages that are read again, to find what a "
      "disk has damaged, and to mend rows; once a day; 0: never (4 MiB)");
  add("delete-when", text()->value_name("HOUR;..."),
      "hours of the day at which old messages go (all day)");
  add("disk-free-min", text()->value_name("N"),
      "free bytes below which sends are refused (256 MiB, or 5 % of a small "
      "disk)");
  add("disk-full-percent", text()->value_name("N"),
      "used part of the disk above which sends are refused; 0: none (0)");
  add("disk-used-max", text()->value_name("N"),
      "percent above which old messages go at any hour (75)");
  add("delete-when-full", text()->value_name("BOOL"),
      "the oldest messages go before their time when the disk is used to more "
      "than 85 % (false)");
  auto texts = [] { return po::value<std::vector<std::string>>(); };
  add("plugin", texts()->value_name("FILE"),
      "a shared library with custom actors; may be repeated");
  add("plugin-dir", texts()->value_name("DIR"),
      "load every .so there; may be repeated");
  add("custom", texts()->value_name("NAME=TYPE..."),
      "spawn a custom actor: NAME=TYPE key=value ...; may be repeated");
  add("shell-port", text()->value_name("PORT"),
      "where `troupe shell` is let in (10988); off: nowhere");
  add("shell-listen", text()->value_name("ADDR"),
      "address of that port (127.0.0.1); elsewhere it needs the three below");
  add("shell-certificate", text()->value_name("FILE"),
      "PEM: the node's certificate; a shell must show one as well");
  add("shell-key", text()->value_name("FILE"), "PEM: the certificate's key");
  add("shell-ca", text()->value_name("FILE"),
      "PEM: the authority that signs the shells' certificates");
  add("config", text()->value_name("FILE"),
      "a file of `key = value` lines; broker.conf and namesrv.conf are read "
      "as they are");
  add("help,h", "print this");
  return all;
}

/// An option that may be repeated.
caf::error set_each(node_options& options, const po::variables_map& given,
                    const std::string& name) {
  if (!given.contains(name))
    return caf::none;
  for (const auto& value : given[name].as<std::vector<std::string>>()) {
    std::string key = name;
    std::string text = value;
    if (name == "custom") { // NAME=TYPE ... is custom.NAME = TYPE ...
      auto equals = value.find('=');
      if (equals == value.npos || equals == 0)
        return make_error(errc::bad_config,
                          "--custom: `" + value
                            + "` is no NAME=TYPE key=value ...");
      key += "." + value.substr(0, equals);
      text = value.substr(equals + 1);
    }
    if (auto error = set_option(options, key, text, "--" + name))
      return error;
  }
  return caf::none;
}

} // namespace

caf::expected<std::optional<node_options>>
parse_node_options(const std::vector<std::string>& arguments) {
  auto description = node_description();
  po::variables_map given;
  try {
    po::positional_options_description none;
    po::store(po::command_line_parser{arguments}
                .options(description)
                .positional(none)
                .run(),
              given);
  } catch (const po::error& e) {
    return make_error(errc::bad_config,
                      std::string{e.what()}
                        + "; `troupe node --help` lists the options");
  }
  if (given.contains("help")) {
    std::cout << description << '\n';
    return std::optional<node_options>{};
  }
  node_options options;
  // The role decides what listenPort in the file means.
  auto set = [&](const std::string& name) -> caf::error {
    if (!given.contains(name))
      return caf::none;
    return set_option(options, name, given[name].as<std::string>(),
                      "--" + name);
  };
  if (auto error = set("role"))
    return error;
  if (given.contains("config"))
    if (auto error =
          apply_config_file(options, given["config"].as<std::string>()))
      return error;
  for (const auto& option : description.options()) {
    const auto& name = option->long_name();
    if (name == "help" || name == "config")
      continue;
    if (name == "plugin" || name == "plugin-dir" || name == "custom") {
      if (auto error = set_each(options, given, name))
        return error;
      continue;
    }
    if (auto error = set(name))
      return error;
  }
  return std::optional{std::move(options)};
}

} // namespace troupe::app
