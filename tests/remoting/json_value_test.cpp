#include "remoting/json_text.hpp"
#include "remoting/json_value.hpp"

#include "support/catch.hpp"

using namespace troupe;
using namespace troupe::remoting;

TEST_CASE("bare keys of fastjson become strings") {
  CHECK(with_quoted_keys(R"({0:"a",12:{3:4}})") == R"({"0":"a","12":{"3":4}})");
  CHECK(with_quoted_keys(R"({"a":"{0:1}"})") == R"({"a":"{0:1}"})");
}

TEST_CASE("a key that is an object becomes a string with the object's text") {
  auto text = with_quoted_keys(R"({"t":{{"queueId":1,"topic":"x"}:{"o":5}}})");
  auto json = parse_json(text);
  REQUIRE(json);
  const auto* table = member_of(*json, "t");
  REQUIRE(table);
  REQUIRE(table->IsObject());
  REQUIRE(table->MemberCount() == 1);
  CHECK(std::string{table->MemberBegin()->name.GetString()}
        == R"({"queueId":1,"topic":"x"})");
}

TEST_CASE("numbers and texts stand in for each other") {
  auto json = parse_json(R"({"a":"12","b":12,"c":true,"d":null,"e":"true"})");
  REQUIRE(json);
  CHECK(int64_of(*json, "a") == 12);
  CHECK(text_of(*json, "b") == "12");
  CHECK(boolean_of(*json, "c"));
  CHECK(boolean_of(*json, "e"));
  CHECK(int64_of(*json, "d", 5) == 5);
  CHECK(text_of(*json, "absent", "x") == "x");
}

TEST_CASE("text that is no JSON is refused with the place") {
  for (const char* text : {"", "{", "{\"a\":}", "\x01", "[1,2"}) {
    auto json = parse_json(text);
    REQUIRE_FALSE(json);
    CHECK(is(json.error(), errc::malformed_request));
  }
}

TEST_CASE("deep nesting is refused, not followed") {
  std::string deep(200000, '[');
  auto json = parse_json(deep);
  REQUIRE_FALSE(json);
}

TEST_CASE("written text is escaped so that it can be read back") {
  std::string hard = "\"\\\b\f\n\r\t\x01\x1f/ \xe4\xb8\x96";
  json_text out;
  out.begin_object().field("k", hard).field("n", 5).field("b", true);
  out.end_object();
  auto json = parse_json(out.text());
  REQUIRE(json);
  CHECK(text_of(*json, "k") == hard);
  CHECK(int64_of(*json, "n") == 5);
  CHECK(boolean_of(*json, "b"));
}

TEST_CASE("a body that nests without end is refused before it is parsed") {
  std::string deep(100000, '[');
  auto refused = parse_json("{\"a\":" + deep);
  REQUIRE_FALSE(refused);
  CHECK(context_of(refused.error()).find("deeper") != std::string::npos);
  // Brackets in a text are no nesting.
  CHECK(parse_json("{\"a\":\"" + deep + "\"}"));
}
