/// A shared library that is a plug-in but for one thing.
#include "troupe/custom_actor.hpp"

#ifndef TROUPE_TEST_NO_ENTRY

extern "C" const troupe_plugin* troupe_plugin_entry() {
  static const troupe_plugin_type types[] = {{"refused", "", nullptr, nullptr}};
  static troupe_plugin plugin = {troupe::custom::abi_version,
                                 1,
                                 troupe::custom::toolchain,
                                 "refused",
                                 "1.0",
                                 types};
#ifdef TROUPE_TEST_ABI
  plugin.abi = TROUPE_TEST_ABI;
#endif
#ifdef TROUPE_TEST_TOOLCHAIN
  plugin.toolchain = "another compiler";
#endif
#ifdef TROUPE_TEST_NO_TYPES
  plugin.count = 0;
#endif
  return &plugin;
}

#endif
