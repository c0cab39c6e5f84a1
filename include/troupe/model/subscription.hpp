/// What a consumer group wants of a topic: an expression over tags or SQL92
/// over properties, compiled once. Shared, immutable. Source: RocketMQ 5.3
/// FilterAPI; sheet semantics 7.
#pragma once

#include "troupe/errc.hpp"
#include "troupe/model/hash.hpp"

#include <caf/expected.hpp>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

class sql_filter; // actors/filter

/// A compiled tag filter. Works on hash codes: it may let too much through
/// (clients compare the text again), never too little.
class tag_filter {
public:
  /// Compiles `expression`: `*`, nothing, or tags separated by `||`.
  /// @errors bad_expression when only separators are left
  static caf::expected<tag_filter> compile(std::string_view expression) {
    tag_filter filter;
    filter.everything_ = expression.empty() || expression == "*";
    while (!filter.everything_ && !expression.empty()) {
      auto bar = expression.find("||");
      auto tag = trim(expression.substr(0, bar));
      if (!tag.empty()) {
        filter.tags_.emplace_back(tag);
        filter.codes_.push_back(java_hash(tag));
      }
      expression = bar == expression.npos ? std::string_view{}
                                          : expression.substr(bar + 2);
    }
    if (!filter.everything_ && filter.codes_.empty())
      return make_error(errc::bad_expression,
                        "the tag expression names no tag; write `*` for all "
                        "or `TagA || TagB`");
    std::ranges::sort(filter.codes_);
    return filter;
  }

  /// Whether a message whose consume queue row holds `code` may match.
  bool matches(std::int64_t code) const {
    return everything_
           || std::ranges::binary_search(codes_,
                                         static_cast<std::int32_t>(code));
  }

  bool matches_everything() const { return everything_; }

  /// The tags as written, in order; empty for everything.
  const std::vector<std::string>& tags() const { return tags_; }

private:
  static std::string_view trim(std::string_view text) {
    auto first = text.find_first_not_of(" \t\r\n");
    if (first == text.npos)
      return {};
    return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
  }

  bool everything_ = true;
  std::vector<std::string> tags_;
  std::vector<std::int32_t> codes_; // ascending
};

/// How a subscription's expression is to be read.
enum class expression_type : std::uint8_t {
  tag,
  sql92
};

/// One topic of one group. Source: RocketMQ 5.3 SubscriptionData.
struct subscription {
  std::string topic;
  std::string expression = "*";
  expression_type type = expression_type::tag;
  std::int64_t version = 0; ///< ms; a larger one replaces a smaller one
  tag_filter filter;        ///< compiled from expression when type is tag
  /// Compiled when type is sql92; null: it does not parse, or not by tags.
  std::shared_ptr<const sql_filter> sql;

  /// Whether every message is wanted, so that none needs to be looked at.
  bool wants_everything() const {
    return type == expression_type::tag && filter.matches_everything();
  }
};

using subscription_ptr = std::shared_ptr<const subscription>;

} // namespace troupe
