/// Hashes, checksums and property texts as the original classes compute them.
#include "storage/crc32.hpp"

#include "troupe/model/hash.hpp"
#include "troupe/model/properties.hpp"

#include "support/catch.hpp"
#include "support/golden.hpp"

#include <rapidjson/document.h>

#include <map>
#include <string>

using namespace troupe;

namespace {

std::string bytes_of(const rapidjson::Value& hex) {
  std::string_view text{hex.GetString(), hex.GetStringLength()};
  std::string bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    bytes +=
      static_cast<char>(std::stoi(std::string{text.substr(i, 2)}, {}, 16));
  return bytes;
}

} // namespace

TEST_CASE("string hashes and checksums equal those of the original classes") {
  auto path = test::golden_directory() / "hashes.json";
  if (!std::filesystem::exists(path)) {
    WARN("no golden data at " << path << "; nothing was checked");
    return;
  }
  rapidjson::Document golden;
  golden.Parse(test::read_file(path).c_str());
  REQUIRE_FALSE(golden.HasParseError());
  for (const auto& x : golden["hashCodes"].GetArray()) {
    auto text = bytes_of(x["utf8Hex"]);
    INFO(text);
    CHECK(java_hash(text) == x["hashCode"].GetInt());
    CHECK(tags_code(text) == x["tagsCode64"].GetInt64());
  }
  for (const auto& x : golden["crc"].GetArray()) {
    if (!x.HasMember("bodyHex"))
      continue; // described in words
    INFO(x["bodyHex"].GetString());
    CHECK(storage::crc32(bytes_of(x["bodyHex"])) == x["storedCrc"].GetUint());
  }
  CHECK(storage::crc32(std::string(1024, '\0')) == 0x6FB5AF2E);
  CHECK(storage::crc32(std::string(4096, 'a')) == 0x1C99DC73);
  for (const auto& x : golden["propertyStrings"].GetArray()) {
    std::string_view text{x["text"].GetString(), x["text"].GetStringLength()};
    INFO(text);
    std::map<std::string, std::string> parsed;
    properties::for_each(text, [&](auto name, auto value) {
      parsed.insert_or_assign(std::string{name}, std::string{value});
    });
    std::map<std::string, std::string> wanted;
    for (const auto& entry : x["parsed"].GetObject())
      wanted.emplace(entry.name.GetString(), entry.value.GetString());
    CHECK(parsed == wanted);
  }
}
