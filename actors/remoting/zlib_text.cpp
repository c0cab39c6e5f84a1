#include "remoting/zlib_text.hpp"

#include <libdeflate.h>

#include <memory>

namespace troupe::remoting {

namespace {

constexpr std::size_t inflated_bytes_max = 64u << 20;

} // namespace

caf::expected<std::string> inflate(std::string_view stream) {
  std::unique_ptr<libdeflate_decompressor,
                  decltype(&libdeflate_free_decompressor)>
    machine{libdeflate_alloc_decompressor(), &libdeflate_free_decompressor};
  // The size is not told: try with more room until it fits.
  for (auto room = stream.size() * 8 + 1024; room <= inflated_bytes_max;
       room *= 4) {
    std::string text(room, '\0');
    std::size_t size = 0;
    auto result =
      libdeflate_zlib_decompress(machine.get(), stream.data(), stream.size(),
                                 text.data(), text.size(), &size);
    if (result == LIBDEFLATE_SUCCESS) {
      text.resize(size);
      return text;
    }
    if (result != LIBDEFLATE_INSUFFICIENT_SPACE)
      return make_error(errc::malformed_request, "the body is no zlib stream");
  }
  return make_error(errc::malformed_request,
                    "the compressed body is longer than 64 MiB");
}

} // namespace troupe::remoting
