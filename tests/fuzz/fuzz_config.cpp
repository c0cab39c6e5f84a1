/// Configuration files.
#include "app/node/config_file.hpp"

#include "troupe/log.hpp"

#include <cstdlib>

using namespace troupe;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data,
                                      std::size_t size) {
  log::least = log::level::off;
  app::node_options options;
  auto error = app::apply_config(
    options, {reinterpret_cast<const char*>(data), size}, "fuzz.conf");
  // A refusal names the place.
  if (error && context_of(error).find("fuzz.conf") == std::string::npos)
    std::abort();
  return 0;
}
