/// Every frame captured from real clients and servers, decoded as its sidecar
/// says and encoded again.
#include "remoting/command_codec.hpp"
#include "remoting/command_view.hpp"
#include "remoting/frame.hpp"

#include "support/catch.hpp"
#include "support/golden.hpp"

#include <rapidjson/document.h>

#include <map>
#include <set>

using namespace troupe;
using namespace troupe::remoting;

namespace {

using fields_map = std::map<std::string, std::string>;

std::string text_of(const rapidjson::Value& value) {
  if (value.IsString())
    return {value.GetString(), value.GetStringLength()};
  if (value.IsBool())
    return value.GetBool() ? "true" : "false";
  if (value.IsInt64())
    return std::to_string(value.GetInt64());
  return {};
}

fields_map fields_of(const rapidjson::Value& header) {
  fields_map fields;
  auto found = header.FindMember("extFields");
  if (found != header.MemberEnd() && found->value.IsObject())
    for (const auto& member : found->value.GetObject())
      if (!member.value.IsNull())
        fields[text_of(member.name)] = text_of(member.value);
  return fields;
}

template <class Fields>
fields_map as_map(const Fields& fields) {
  fields_map result;
  for (const auto& [key, value] : fields)
    result.insert_or_assign(std::string{key}, std::string{value});
  return result;
}

void check_frame(const std::filesystem::path& folder,
                 const rapidjson::Value& side) {
  auto frame = test::read_file(folder / side["file"].GetString());
  INFO(side["file"].GetString());
  REQUIRE(frame.size() == side["totalBytes"].GetUint64());
  auto bounds = find_frame(frame);
  REQUIRE(bounds.state == frame_state::complete);
  REQUIRE(bounds.size == frame.size());
  auto untouched = frame;
  command_view view;
  auto error = view.decode(frame.data(), frame.size());
  REQUIRE_FALSE(error);
  const auto& header = side["header"];
  CHECK(view.code() == header["code"].GetInt());
  CHECK(view.opaque() == header["opaque"].GetInt());
  CHECK(view.flag() == header["flag"].GetInt());
  CHECK(view.version() == header["version"].GetInt());
  CHECK(language_name(view.language()) == text_of(header["language"]));
  if (auto remark = header.FindMember("remark");
      remark != header.MemberEnd() && remark->value.IsString())
    CHECK(view.remark() == text_of(remark->value));
  CHECK(as_map(view.fields()) == fields_of(header));
  CHECK(view.body().size() == side["bodyBytes"].GetUint64());
  auto binary = text_of(side["serialize"]) != "JSON";
  CHECK((view.encoding() == header_encoding::binary) == binary);

  auto owned = view.to_command();
  std::string again;
  append_command(again, view.encoding(), owned);
  if (binary) {
    CHECK(again == untouched); // a binary header has one form only
    return;
  }
  auto back = decode_command(again);
  REQUIRE(back);
  CHECK(as_map(back->fields) == as_map(owned.fields));
  CHECK(back->remark == owned.remark);
  CHECK(back->body.view() == owned.body.view());
}

} // namespace

TEST_CASE("golden frames are decoded as captured and survive a round trip") {
  auto folder = test::golden_directory() / "frames";
  if (!std::filesystem::exists(folder)) {
    WARN("no golden frames at " << folder << "; nothing was checked");
    return;
  }
  std::size_t frames = 0;
  for (const auto& entry : std::filesystem::directory_iterator{folder}) {
    if (entry.path().extension() != ".json")
      continue;
    rapidjson::Document side;
    side.Parse(test::read_file(entry.path()).c_str());
    if (side.HasParseError() || !side.IsObject())
      continue;
    for (const char* half : {"request", "response"})
      if (auto found = side.FindMember(half);
          found != side.MemberEnd() && found->value.IsObject()
          && found->value.HasMember("file")) {
        check_frame(folder, found->value);
        ++frames;
      }
  }
  CHECK(frames > 1000);
}
