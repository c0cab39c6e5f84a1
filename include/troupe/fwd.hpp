/// Types of lower folders that messages carry without looking into them.
#pragma once

#include <memory>

namespace troupe::storage {

class file;
class segment;

/// An open file, shared with the detached actors that sync or read it.
using file_ptr = std::shared_ptr<const file>;

} // namespace troupe::storage
