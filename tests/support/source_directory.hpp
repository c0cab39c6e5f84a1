/// Where the sources lie that these tests were built from.
#pragma once

#include <filesystem>

namespace troupe::test {

std::filesystem::path source_directory();

} // namespace troupe::test
