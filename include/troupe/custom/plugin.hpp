/// The door between a node and a shared library with custom actors: one C
/// function that names the library's types. The library needs no symbol of the
/// node's.
#pragma once

#include "troupe/custom/actor.hpp"

#include <cstdint>

namespace troupe::custom {

/// Grows with every change of the types in troupe/custom/. A library that was
/// built for another one is refused.
inline constexpr std::uint32_t abi_version = 2;

/// What else must be the same on both sides: the standard library's types.
#if defined(_LIBCPP_VERSION)
inline constexpr const char* toolchain = "libc++";
#elif defined(_GLIBCXX_USE_CXX11_ABI) && _GLIBCXX_USE_CXX11_ABI
inline constexpr const char* toolchain = "libstdc++ cxx11";
#else
inline constexpr const char* toolchain = "libstdc++";
#endif

} // namespace troupe::custom

extern "C" {

/// One kind of actor.
struct troupe_plugin_type {
  const char* name;      ///< letters, digits, `_`, `-`
  const char* arguments; ///< for people: `from=TOPIC to=TOPIC [min=N]`
  /// Makes one; throws a refusal when the arguments are wrong.
  troupe::custom::actor* (*make)(const troupe::custom::arguments& given);
  void (*destroy)(troupe::custom::actor* made);
};

/// What `troupe_plugin_entry` returns; lives as long as the library.
struct troupe_plugin {
  std::uint32_t abi;     ///< troupe::custom::abi_version; always the first
  std::uint32_t count;   ///< of types
  const char* toolchain; ///< troupe::custom::toolchain
  const char* name;
  const char* version;
  const troupe_plugin_type* types;
};
}

namespace troupe::custom {

/// Describes the class `Actor` as a type called `name`.
template <class Actor>
troupe_plugin_type type(const char* name, const char* arguments_help) {
  return {name, arguments_help,
          [](const arguments& given) -> actor* { return new Actor(given); },
          [](actor* made) { delete made; }};
}

/// The name of the function that a library must have.
inline constexpr const char* plugin_entry_name = "troupe_plugin_entry";

} // namespace troupe::custom

/// Makes a shared library a plug-in. Once in it, with at least one type:
/// `TROUPE_PLUGIN("name", "1.0", troupe::custom::type<x>("x", "key=VALUE"))`
#define TROUPE_PLUGIN(plugin_name, plugin_version, ...)                        \
  extern "C" __attribute__((visibility("default"))) const troupe_plugin*       \
  troupe_plugin_entry() {                                                      \
    static const troupe_plugin_type types[] = {__VA_ARGS__};                   \
    static const troupe_plugin plugin = {                                      \
      troupe::custom::abi_version,                                             \
      static_cast<std::uint32_t>(sizeof types / sizeof types[0]),              \
      troupe::custom::toolchain,                                               \
      plugin_name,                                                             \
      plugin_version,                                                          \
      types};                                                                  \
    return &plugin;                                                            \
  }
