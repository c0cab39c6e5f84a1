/// Rows of LMDB as a damaged environment may give them back.
#include "storage/state_rows.hpp"

using namespace troupe::storage;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data,
                                      std::size_t size) {
  std::string_view bytes{reinterpret_cast<const char*>(data), size};
  static_cast<void>(decode_topic("T", bytes));
  static_cast<void>(decode_group("G", bytes));
  static_cast<void>(decode_offset_key(bytes));
  static_cast<void>(decode_number(bytes));
  static_cast<void>(decode_version(bytes));
  static_cast<void>(decode_setting_key(bytes));
  return 0;
}
