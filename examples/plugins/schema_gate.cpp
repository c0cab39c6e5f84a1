/// Lets only those messages into a topic whose body is a JSON object with the
/// fields that it must have; the producer of any other is told why.
///
///     troupe node --plugin schema_gate.so
///       --custom 'gate=schema_gate topic=orders
///       fields=id:number,customer:string'
#include <troupe/custom_actor.hpp>

#include <rapidjson/document.h>
#include <rapidjson/error/en.h>

#include <string>
#include <utility>
#include <vector>

namespace custom = troupe::custom;

class schema_gate : public custom::actor {
public:
  explicit schema_gate(const custom::arguments& given)
    : topic_(given.need("topic")) {
    auto text = given.need("fields");
    for (std::size_t begin = 0; begin <= text.size();) {
      auto end = std::min(text.find(',', begin), text.size());
      auto one = text.substr(begin, end - begin);
      begin = end + 1;
      auto colon = one.find(':');
      auto kind = colon == one.npos ? "any" : one.substr(colon + 1);
      if (kind != "any" && kind != "string" && kind != "number"
          && kind != "boolean" && kind != "object" && kind != "array")
        throw custom::refusal("field kind `" + kind
                              + "` is none of any, string, number, boolean, "
                                "object, array");
      fields_.emplace_back(one.substr(0, colon), kind);
    }
  }

  void start(custom::setup& wants, custom::context&) override {
    wants.intercept(topic_);
  }

  custom::verdict intercept(const custom::message& m,
                            custom::context&) override {
    rapidjson::Document body;
    body.Parse(m.body.data(), m.body.size());
    if (body.HasParseError())
      return custom::verdict::reject(
        std::string{"the body is no JSON: "}
        + rapidjson::GetParseError_En(body.GetParseError()) + " (at byte "
        + std::to_string(body.GetErrorOffset()) + ")");
    if (!body.IsObject())
      return custom::verdict::reject("the body is no JSON object");
    for (const auto& [name, kind] : fields_) {
      auto found = body.FindMember(name.c_str());
      if (found == body.MemberEnd())
        return custom::verdict::reject("field `" + name + "` is missing");
      if (!is(found->value, kind))
        return custom::verdict::reject("field `" + name + "` is no " + kind);
    }
    return custom::verdict::accept();
  }

private:
  static bool is(const rapidjson::Value& value, const std::string& kind) {
    return kind == "any" || (kind == "string" && value.IsString())
           || (kind == "number" && value.IsNumber())
           || (kind == "boolean" && value.IsBool())
           || (kind == "object" && value.IsObject())
           || (kind == "array" && value.IsArray());
  }

  std::string topic_;
  std::vector<std::pair<std::string, std::string>> fields_;
};

TROUPE_PLUGIN("schema-gate", "1.0",
              troupe::custom::type<schema_gate>(
                "schema_gate", "topic=TOPIC fields=NAME[:KIND],..."))
