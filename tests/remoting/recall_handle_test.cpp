/// The handle of a timed message, as RocketMQ's clients carry it.
#include "remoting/recall_handle.hpp"

#include "support/catch.hpp"

using namespace troupe;
using namespace troupe::remoting;

TEST_CASE("a recall handle is read back as it was written") {
  recall_handle handle{"topic", "broker-0", {1730000000000}, "AC1E00"};
  auto text = encode_recall_handle(handle);
  // From `printf 'v1 topic broker-0 1730000000000 AC1E00' | basenc
  // --base64url`.
  CHECK(text == "djEgdG9waWMgYnJva2VyLTAgMTczMDAwMDAwMDAwMCBBQzFFMDA=");
  auto back = decode_recall_handle(text);
  REQUIRE(back);
  CHECK(back->topic == handle.topic);
  CHECK(back->broker == handle.broker);
  CHECK(back->due == handle.due);
  CHECK(back->unique_key == handle.unique_key);
  CHECK(decode_recall_handle(text.substr(0, text.size() - 1)));
}

TEST_CASE("what is no recall handle is refused") {
  auto text =
    GENERATE(std::string{}, std::string{"!!"}, std::string{"djEgYSBi"},
             encode_recall_handle({"t", "b", {1}, ""}),
             encode_recall_handle({"", "b", {1}, "k"}),
             std::string{"djIgdCBiIDEgaw=="}, std::string{"djEgdCBiIHggaw=="});
  CAPTURE(text);
  CHECK_FALSE(decode_recall_handle(text));
}
