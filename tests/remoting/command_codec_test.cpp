#include "remoting/command_codec.hpp"
#include "remoting/command_view.hpp"
#include "remoting/frame.hpp"

#include "support/catch.hpp"

#include <array>
#include <random>
#include <string>

using namespace troupe;
using namespace troupe::remoting;

namespace {

std::string json_frame(std::string_view header, std::string_view body = {}) {
  std::string frame(8, '\0');
  auto put = [&](std::size_t at, std::size_t value) {
    for (std::size_t i = 0; i < 4; ++i)
      frame[at + i] = static_cast<char>((value >> (24 - 8 * i)) & 0xff);
  };
  put(0, 4 + header.size() + body.size());
  put(4, header.size());
  frame += header;
  frame += body;
  return frame;
}

command sample() {
  command result;
  result.code = 310;
  result.opaque = -7;
  result.flag = flag_oneway;
  result.version = 455;
  result.language = 9;
  result.remark = "a \"quoted\"\n remark \xe4\xb8\x96";
  result.fields = {{"a", "group"}, {"i", "K\x01v\x02"}, {"empty", ""}};
  result.body = payload::copy_of(std::string_view{"bo\0dy", 5});
  return result;
}

void check_same(const command& left, const command& right) {
  CHECK(left.code == right.code);
  CHECK(left.opaque == right.opaque);
  CHECK(left.flag == right.flag);
  CHECK(left.version == right.version);
  CHECK(left.language == right.language);
  CHECK(left.remark == right.remark);
  CHECK(left.fields == right.fields);
  CHECK(left.body.view() == right.body.view());
}

} // namespace

TEST_CASE("a command comes back from both encodings as it was") {
  auto encoding = GENERATE(header_encoding::json, header_encoding::binary);
  std::string frame;
  append_command(frame, encoding, sample());
  REQUIRE(find_frame(frame).state == frame_state::complete);
  auto again = decode_command(frame);
  REQUIRE(again);
  check_same(sample(), *again);
}

TEST_CASE("a view resolves escapes, numbers as text and unknown members") {
  auto frame = json_frame(
    R"({"code":17,"language":"GO","version":431,"opaque":5,"flag":0,)"
    R"("unknown":{"deep":[1,{"x":null}]},)"
    R"("extFields":{"topic":"a\u00e9\n","perm":6,"order":false,"none":null},)"
    R"("remark":null})",
    "body");
  command_view view;
  auto error = view.decode(frame.data(), frame.size());
  REQUIRE_FALSE(error);
  CHECK(view.code() == 17);
  CHECK(view.opaque() == 5);
  CHECK(view.find("topic") == "a\xc3\xa9\n");
  CHECK(view.int32_or("perm", -1) == 6);
  CHECK_FALSE(view.boolean_or("order", true));
  CHECK(view.find("none").empty());
  CHECK(view.body() == "body");
}

TEST_CASE("a missing or bad number names its field") {
  auto frame = json_frame(
    R"({"code":1,"opaque":1,"extFields":{"queueId":"four","big":"3000000000"}})");
  command_view view;
  REQUIRE_FALSE(view.decode(frame.data(), frame.size()));
  for (const char* name : {"queueId", "big", "absent"}) {
    CAPTURE(name);
    auto number = view.int32(name);
    REQUIRE_FALSE(number);
    CHECK(is(number.error(), errc::malformed_request));
    CHECK(context_of(number.error()).find(name) != std::string::npos);
  }
  CHECK(view.int64_or("big", 0) == 3000000000);
}

TEST_CASE("headers that are no header are errors, not crashes") {
  for (const char* header :
       {"", "{", "[]", "null", "42", "{\"code\":}", "{\"code\":\"x\"}",
        "{\"code\":1,\"extFields\":[]}",
        "{\"code\":1,\"extFields\":{\"a\":{}}}",
        "{\"code\":99999999999999999999}", "{\"code\":1}{\"code\":2}"}) {
    CAPTURE(header);
    auto frame = json_frame(header);
    command_view view;
    auto error = view.decode(frame.data(), frame.size());
    if (error)
      CHECK(is(error, errc::malformed_frame));
  }
}

TEST_CASE("an answer to a send carries what clients look for") {
  auto encoding = GENERATE(header_encoding::json, header_encoding::binary);
  std::string out = "before";
  append_send_response(out, encoding, 99,
                       {"7F00000100002A9F0000000000000000", 3, 12345, "UNIQ"});
  auto answer = decode_command(out.substr(6));
  REQUIRE(answer);
  CHECK(answer->code == 0);
  CHECK(answer->opaque == 99);
  CHECK((answer->flag & flag_response) != 0);
  CHECK(answer->field("msgId") == "7F00000100002A9F0000000000000000");
  CHECK(answer->field("queueId") == "3");
  CHECK(answer->field("queueOffset") == "12345");
  CHECK(answer->field("transactionId") == "UNIQ");
}

TEST_CASE("an answer to a pull announces the body that follows") {
  auto encoding = GENERATE(header_encoding::json, header_encoding::binary);
  std::string out;
  append_pull_response(out, encoding, 5,
                       {response_code::success, "FOUND", 8, 1, 9}, 4);
  CHECK(find_frame(out).state == frame_state::incomplete);
  out += "data";
  REQUIRE(find_frame(out).size == out.size());
  auto answer = decode_command(out);
  REQUIRE(answer);
  CHECK(answer->field("nextBeginOffset") == "8");
  CHECK(answer->field("minOffset") == "1");
  CHECK(answer->field("maxOffset") == "9");
  CHECK(answer->field("suggestWhichBrokerId") == "0");
  CHECK(answer->body.view() == "data");
}

TEST_CASE("a flipped byte of a frame never reads outside it") {
  std::mt19937 random{20260711};
  for (auto encoding : {header_encoding::json, header_encoding::binary}) {
    std::string good;
    append_command(good, encoding, sample());
    for (int round = 0; round < 20000; ++round) {
      // A copy of exactly its size, so that a sanitizer sees a step too far.
      auto frame = std::make_unique<char[]>(good.size() + 1);
      std::ranges::copy(good, frame.get());
      auto at = 4 + random() % (good.size() - 4);
      frame[at] = static_cast<char>(random());
      std::string_view bytes{frame.get(), good.size()};
      if (find_frame(bytes).state != frame_state::complete)
        continue;
      command_view view;
      if (auto error = view.decode(frame.get(), good.size())) {
        REQUIRE(is(error, errc::malformed_frame));
        continue;
      }
      for (const auto& [key, value] : view.fields()) {
        REQUIRE(key.size() <= good.size());
        REQUIRE(value.size() <= good.size());
      }
    }
  }
}

TEST_CASE("the answer to a send is the same however it is put together") {
  auto key = GENERATE(std::string{}, std::string{"7F000001AC"},
                      std::string{"needs \"care\""}, std::string(300, 'k'));
  auto ids = GENERATE(std::string{"7F00000100002A9F0000000000000001"},
                      std::string(700, 'A'));
  send_result result{ids, 3, 1234567890123, key};
  std::vector<field_view> fields{{"queueId", "3"},
                                 {"msgId", ids},
                                 {"TRACE_ON", "true"},
                                 {"MSG_REGION", "DefaultRegion"},
                                 {"queueOffset", "1234567890123"}};
  if (!key.empty())
    fields.emplace_back("transactionId", key);
  for (auto opaque : {0, -5, 2147483647})
    for (auto encoding : {header_encoding::json, header_encoding::binary}) {
      std::string made = "before";
      std::string expected = "before";
      append_send_response(made, encoding, opaque, result);
      append_response(expected, encoding, opaque, response_code::success, {},
                      fields, {});
      CHECK(made == expected);
    }
}

TEST_CASE("the answer to a pull is the same however it is put together") {
  auto remark = GENERATE(std::string{"FOUND"}, std::string{},
                         std::string{"\"quoted\""}, std::string(65, 'r'));
  pull_result result{response_code::pull_not_found, remark, 7, -1,
                     1234567890123};
  std::vector<field_view> fields{
    {"suggestWhichBrokerId", "0"}, {"nextBeginOffset", "7"},
    {"minOffset", "-1"},           {"maxOffset", "1234567890123"},
    {"topicSysFlag", "0"},         {"groupSysFlag", "0"}};
  for (auto encoding : {header_encoding::json, header_encoding::binary}) {
    std::string made = "before";
    std::string expected = "before";
    append_pull_response(made, encoding, -9, result, 4);
    made += "body";
    append_response(expected, encoding, -9, result.code, remark, fields,
                    "body");
    CHECK(made == expected);
  }
}
