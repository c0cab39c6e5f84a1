/// What the answer to a pull holds.
#pragma once

#include "storage/record.hpp"

#include "troupe/remoting/command.hpp"

#include "support/catch.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace troupe::test {

/// Calls `visit(record)` for each record of an answer; each must be whole.
template <class Visit>
void for_each_record(const remoting::command& answer, Visit visit) {
  auto bytes = answer.code == 0 ? answer.body.view() : std::string_view{};
  while (!bytes.empty()) {
    auto record = storage::decode_record(bytes, storage::record_check::crc);
    REQUIRE(record);
    visit(*record);
    bytes.remove_prefix(record->size);
  }
}

inline std::vector<std::string> bodies_of(const remoting::command& answer) {
  std::vector<std::string> bodies;
  for_each_record(answer, [&](const storage::record_view& x) {
    bodies.emplace_back(x.body);
  });
  return bodies;
}

} // namespace troupe::test
