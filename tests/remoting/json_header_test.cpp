#include "remoting/json_header.hpp"

#include "remoting/json_scan.hpp"

#include "support/catch.hpp"

#include <string>

using namespace troupe::remoting;

namespace {

using entries = std::vector<json_header::entry>;

struct outcome {
  bool usual = false;
  std::string text; ///< after its escapes were resolved
  entries fields;
  json_header header;
};

void read(outcome& into, std::string text) {
  into.text = std::move(text);
  into.usual = into.header.scan(into.text, into.fields);
  if (into.usual)
    into.header.resolve(into.text.data(), into.fields);
}

} // namespace

TEST_CASE("a header as clients write it is read in one pass") {
  outcome got;
  read(got, R"({"code":310,"extFields":{"a":"group","e":7,"k":false,"n":null},)"
            R"( "flag" : -2 , "language":"JAVA","remark":"x"} behind)");
  REQUIRE(got.usual);
  CHECK(got.fields
        == entries{{"a", "group"}, {"e", "7"}, {"k", "false"}, {"n", ""}});
  CHECK(
    got.header.entries()
    == entries{
      {"code", "310"}, {"flag", "-2"}, {"language", "JAVA"}, {"remark", "x"}});
}

TEST_CASE("an object without entries is read") {
  outcome got;
  read(got, "{}");
  CHECK(got.usual);
  CHECK(got.header.entries().empty());
}

TEST_CASE("escapes of a header are resolved where they stand") {
  struct row {
    std::string written;
    std::string value;
  };

  auto [written, value] =
    GENERATE(row{R"(UNIQ_KEY\u0001AB\u0002)", "UNIQ_KEY\x01"
                                              "AB\x02"},
             row{R"(\"\\\/\b\f\n\r\t)", "\"\\/\b\f\n\r\t"},
             row{R"(\u00e9)", "\xc3\xa9"}, row{R"(\u4E16!)", "\xe4\xb8\x96!"},
             row{R"(long enough, then \u0041)", "long enough, then A"},
             row{R"(\\u0041)", R"(\u0041)"});
  CAPTURE(written);
  outcome got;
  read(got, R"({"remark":")" + written + R"(","extFields":{"i":")" + written
              + R"("}})");
  REQUIRE(got.usual);
  CHECK(got.header.entries().front().second == value);
  CHECK(got.fields.front().second == value);
}

TEST_CASE("what is not of the usual form is left as it is") {
  auto text = GENERATE(
    std::string{}, std::string{"{"}, std::string{"{\"a\""},
    std::string{"{\"a\":\"b"}, std::string{"{\"a\":1"},
    std::string{"{\"a\":1,}"}, std::string{"[1]"}, std::string{"{\"a\":[1]}"},
    std::string{"{\"a\":{}}"}, std::string{"{\"a\":1.5}"},
    std::string{"{\"a\":1e3}"}, std::string{"{\"a\":01}"},
    std::string{"{\"a\":-}"}, std::string{"{\"a\":tru}"},
    std::string{"{\"a\":\"\n\"}"}, std::string{R"({"a":"\x"})"},
    std::string{R"({"a":"\u00g0"})"}, std::string{R"({"a":"\u00"})"},
    std::string{R"({"a":"\)"}, std::string{R"({"a":"\ud83d\ude00"})"},
    std::string{R"({"\u0061":"b"})"}, std::string{R"({"extFields":{"a":{}}})"},
    std::string{"{\"a\":1 \"b\":2}"});
  CAPTURE(text);
  outcome got;
  read(got, text);
  CHECK_FALSE(got.usual);
  CHECK(got.text == text);
}

TEST_CASE("the plain part of a string is found wherever it ends") {
  for (std::size_t size = 0; size < 40; ++size)
    for (auto special : {'"', '\\', '\x1f', '\x01', '\0'}) {
      std::string text(size, '\xff');
      for (std::size_t i = 0; i < size; ++i)
        if (i % 3 == 0)
          text[i] = i % 2 == 0 ? ' ' : '!';
      CHECK(find_special(text.data(), text.data() + size)
            == text.data() + size);
      for (std::size_t at = 0; at < size; ++at) {
        auto with = text;
        with[at] = special;
        CHECK(find_special(with.data(), with.data() + size)
              == with.data() + at);
      }
    }
}
