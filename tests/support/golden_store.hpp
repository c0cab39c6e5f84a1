/// Stores written by a real Apache RocketMQ, with what they must hold.
#pragma once

#include "support/catch.hpp"
#include "support/golden.hpp"
#include "support/scratch.hpp"

#include <rapidjson/document.h>

#include <cstdlib>
#include <optional>
#include <string>

namespace troupe::test {

struct golden_store {
  rapidjson::Document manifest;
  std::string directory;
};

inline std::optional<golden_store> unpack(const std::string& name,
                                          const scratch& home) {
  auto folder = golden_directory() / name;
  if (!std::filesystem::exists(folder)) {
    WARN("no golden store at " << folder << "; nothing was checked");
    return {};
  }
  golden_store result;
  result.manifest.Parse(read_file(folder / "manifest.json").c_str());
  REQUIRE_FALSE(result.manifest.HasParseError());
  auto command = "tar -xzf '" + (folder / (name + ".tar.gz")).string()
                 + "' -C '" + home.path() + "'";
  REQUIRE(std::system(command.c_str()) == 0);
  result.directory = home / "store";
  return result;
}

inline std::string text_at(const rapidjson::Value& object, const char* name) {
  auto found = object.FindMember(name);
  return found != object.MemberEnd() && found->value.IsString()
           ? found->value.GetString()
           : "";
}

} // namespace troupe::test
