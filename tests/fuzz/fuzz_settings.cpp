/// config/*.json of a store of Apache RocketMQ; the first byte chooses which.
#include "remoting/bodies/group_bodies.hpp"
#include "remoting/bodies/topic_bodies.hpp"

#include <cstdlib>

using namespace troupe::remoting;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data,
                                      std::size_t size) {
  if (size == 0)
    return 0;
  std::string_view text{reinterpret_cast<const char*>(data) + 1, size - 1};
  switch (data[0] % 4) {
    case 0:
      static_cast<void>(decode_topic_table(text));
      break;
    case 1:
      static_cast<void>(decode_group_table(text));
      break;
    case 2:
      if (auto table = decode_offset_table(text)) {
        auto again = decode_offset_table(encode_offset_table(*table));
        if (!again || again->size() != table->size())
          std::abort();
      }
      break;
    default:
      if (auto table = decode_delay_table(text))
        if (decode_delay_table(encode_delay_table(*table)) != *table)
          std::abort();
      break;
  }
  return 0;
}
