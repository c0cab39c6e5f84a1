/// Records of the commit log: no view may leave the bytes it was read from.
#include "storage/record.hpp"

#include <cstdlib>

using namespace troupe::storage;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data,
                                      std::size_t size) {
  std::string_view bytes{reinterpret_cast<const char*>(data), size};
  for (auto check : {record_check::none, record_check::crc}) {
    auto record = decode_record(bytes, check);
    if (!record)
      continue;
    auto inside = [&](std::string_view part) {
      return part.empty()
             || (part.data() >= bytes.data()
                 && part.data() + part.size() <= bytes.data() + record->size);
    };
    if (record->size > size || !inside(record->body) || !inside(record->topic)
        || !inside(record->properties))
      std::abort();
  }
  return 0;
}
