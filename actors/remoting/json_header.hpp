/// The JSON header of a frame as clients write it, read in one pass: an object
/// of strings, whole numbers and words, and the object `extFields` of the same.
/// What is written otherwise is left to a general reader.
#pragma once

#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::remoting {

/// Reads one header. One object is used again and again.
class json_header {
public:
  using entry = std::pair<std::string_view, std::string_view>;

  /// Finds the entries without changing a byte. Strings with escapes are as
  /// they stand until `resolve`.
  /// @param fields  what extFields holds is appended to it, in its order
  /// @returns whether the header is of the usual form
  bool scan(std::string_view text, std::vector<entry>& fields);

  /// Resolves the escapes of what `scan` found, where they stand.
  /// @param text  what was scanned
  void resolve(char* text, std::vector<entry>& fields);

  /// Entries of the header's own object, without extFields; values as text,
  /// `null` as an empty one.
  const std::vector<entry>& entries() const { return entries_; }

private:
  /// A value with escapes: which one it is.
  struct escaped {
    bool in_fields;
    std::size_t index;
  };

  /// @returns behind the object, or null when it is of another form
  const char* read_object(const char* at, const char* end,
                          std::vector<entry>& into, std::vector<entry>* fields);

  std::vector<entry> entries_;
  std::vector<escaped> escaped_;
};

/// Resolves the escapes of a JSON string where they stand; all are known to be
/// well formed and none is half of a pair.
/// @returns the size that is left
std::size_t unescape(char* text, std::size_t size);

} // namespace troupe::remoting
