/// Lets a consumer group have only the messages of its own region: the one that
/// the group's name ends in. The producer writes the region as a property; what
/// names none goes to all. A group cannot get at other regions by subscribing
/// differently.
///
///     troupe node --plugin region_filter.so
///       --custom 'regions=region_filter topic=orders groups=shop-*'
#include <troupe/custom_actor.hpp>

#include <string>

namespace custom = troupe::custom;

class region_filter : public custom::actor {
public:
  explicit region_filter(const custom::arguments& given)
    : topic_(given.need("topic")),
      groups_(given.get("groups", "*")),
      property_(given.get("property", "REGION")) {}

  void start(custom::setup& wants, custom::context&) override {
    wants.filter(topic_, groups_);
  }

  bool delivers(const custom::message& m, std::string_view group,
                custom::context&) override {
    auto region = m.property(property_);
    return region.empty() || group.ends_with("-" + std::string{region});
  }

private:
  std::string topic_;
  std::string groups_;
  std::string property_;
};

TROUPE_PLUGIN("region-filter", "1.0",
              troupe::custom::type<region_filter>(
                "region_filter", "topic=TOPIC [groups=*] [property=REGION]"))
