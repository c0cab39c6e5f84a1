/// Frames and both headers: what is decoded is encoded and decoded again.
#include "remoting/command_codec.hpp"
#include "remoting/command_view.hpp"
#include "remoting/frame.hpp"

#include <cstdlib>
#include <string>

using namespace troupe::remoting;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data,
                                      std::size_t size) {
  std::string_view bytes{reinterpret_cast<const char*>(data), size};
  auto bounds = find_frame(bytes);
  if (bounds.state != frame_state::complete)
    return 0;
  auto first = decode_command(bytes.substr(0, bounds.size));
  if (!first)
    return 0;
  for (auto encoding : {header_encoding::json, header_encoding::binary}) {
    std::string again;
    append_command(again, encoding, *first);
    // A binary header has 16 bits for codes, lengths and versions, and a header
    // may outgrow its frame when it is escaped.
    if (find_frame(again).state != frame_state::complete)
      continue;
    auto second = decode_command(again);
    if (second && second->body.view() != first->body.view())
      std::abort();
  }
  return 0;
}
