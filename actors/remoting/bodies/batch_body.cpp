#include "remoting/bodies/batch_body.hpp"

#include "remoting/frame.hpp"

#include "troupe/limits.hpp"

namespace troupe::remoting {

caf::expected<std::vector<batch_element>> split_batch(std::string_view body) {
  constexpr std::size_t fixed_bytes = 22; // without body and properties
  std::vector<batch_element> elements;
  while (!body.empty()) {
    auto bad = [&](const char* what) {
      return make_error(errc::illegal_message,
                        "message " + std::to_string(elements.size())
                          + " of the batch: " + what);
    };
    if (body.size() < fixed_bytes)
      return bad("too short");
    std::size_t size = read_u32(body.data());
    std::size_t body_size = read_u32(body.data() + 16);
    if (size < fixed_bytes || size > body.size())
      return bad("its size does not fit the batch");
    if (body_size > size - fixed_bytes)
      return bad("its body does not fit it");
    const auto* at = body.data() + 20 + body_size;
    std::size_t text_size =
      static_cast<std::size_t>(static_cast<unsigned char>(at[0]) << 8
                               | static_cast<unsigned char>(at[1]));
    if (body_size + text_size != size - fixed_bytes)
      return bad("its properties do not fit it");
    batch_element element;
    element.flag = static_cast<std::int32_t>(read_u32(body.data() + 12));
    element.body = body.substr(20, body_size);
    element.properties = {at + 2, text_size};
    elements.push_back(element);
    body.remove_prefix(size);
  }
  return elements;
}

std::string join_batch(const std::vector<batch_element>& elements) {
  std::string body;
  auto number = [&body](std::size_t value, int bytes) {
    for (auto shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
      body += static_cast<char>(value >> shift & 0xFF);
  };
  for (const auto& x : elements) {
    number(22 + x.body.size() + x.properties.size(), 4);
    number(0, 4); // magic, which nobody reads
    number(0, 4); // CRC, likewise
    number(static_cast<std::uint32_t>(x.flag), 4);
    number(x.body.size(), 4);
    body += x.body;
    number(x.properties.size(), 2);
    body += x.properties;
  }
  return body;
}

} // namespace troupe::remoting
