/// A SQL92 filter: the input is the expression, behind its first zero byte the
/// property text. What compiles must evaluate, and always to the same.
#include "filter/sql_filter.hpp"

#include <cstdlib>
#include <string>
#include <string_view>

using namespace troupe;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data,
                                      std::size_t size) {
  std::string_view all{reinterpret_cast<const char*>(data), size};
  auto end = all.find('\0');
  auto expression = all.substr(0, end);
  auto properties = end == all.npos ? std::string_view{} : all.substr(end + 1);
  auto filter = sql_filter::compile(expression);
  if (!filter)
    return 0;
  auto verdict = (*filter)->evaluate(properties);
  if ((*filter)->evaluate(properties) != verdict)
    std::abort();
  // The opposite of yes is no; null and failure stay what they are.
  auto opposite =
    sql_filter::compile("NOT (" + std::string{expression} + "\n)");
  if (!opposite)
    return 0; // one more bracket may be one too many
  auto other = (*opposite)->evaluate(properties);
  auto wanted = verdict == sql_verdict::yes  ? sql_verdict::no
                : verdict == sql_verdict::no ? sql_verdict::yes
                                             : verdict;
  if (other != wanted)
    std::abort();
  return 0;
}
