/// Every body that clients and brokers send; the first byte chooses which.
#include "remoting/bodies/batch_body.hpp"
#include "remoting/bodies/group_bodies.hpp"
#include "remoting/bodies/topic_bodies.hpp"
#include "remoting/command_codec.hpp"
#include "remoting/zlib_text.hpp"

#include <cstdlib>
#include <string>

using namespace troupe;
using namespace troupe::remoting;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data,
                                      std::size_t size) {
  if (size == 0)
    return 0;
  std::string_view body{reinterpret_cast<const char*>(data) + 1, size - 1};
  switch (data[0] % 10) {
    case 0:
      if (auto parts = split_batch(body))
        for (const auto& x : *parts)
          if (x.body.size() > body.size())
            std::abort();
      break;
    case 1:
      static_cast<void>(decode_heartbeat(body));
      break;
    case 2:
      static_cast<void>(decode_subscription_check(body));
      break;
    case 3:
      if (auto group = decode_group_config(body))
        if (!decode_group_config(encode_group_config(*group)))
          std::abort();
      break;
    case 4:
      static_cast<void>(decode_lock_request(body));
      break;
    case 5:
    case 6: {
      broker_registration says;
      if (!decode_registration(body, data[0] % 10 == 5, protocol_version,
                               says)) {
        broker_registration again;
        if (decode_registration(encode_registration(says), false,
                                protocol_version, again))
          std::abort();
      }
      break;
    }
    case 7:
      static_cast<void>(decode_data_version(body));
      break;
    case 8:
      static_cast<void>(decode_group_configs(body));
      break;
    default:
      static_cast<void>(inflate(body));
      break;
  }
  return 0;
}
