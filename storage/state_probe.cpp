#include "storage/state_probe.hpp"

#include "storage/big_endian.hpp"
#include "storage/file.hpp"
#include "storage/state_rows.hpp"

#include "troupe/log.hpp"

#include <array>
#include <charconv>
#include <csignal>
#include <cstring>

#include <sys/wait.h>
#include <unistd.h>

namespace troupe::storage {

namespace {

// What the child writes: 1 kind, 1 table, 4 size of key, 4 of value, both.
enum class news : std::uint8_t {
  row,
  damaged_row,
  failed, ///< the key says why
  done
};

constexpr std::size_t head_bytes = 10;

void append(std::string& out, news kind, table where, std::string_view key,
            std::string_view value) {
  std::array<char, head_bytes> head;
  head[0] = static_cast<char>(kind);
  head[1] = static_cast<char>(where);
  store(head.data() + 2, static_cast<std::uint32_t>(key.size()));
  store(head.data() + 6, static_cast<std::uint32_t>(value.size()));
  out.append(head.data(), head.size()).append(key).append(value);
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    auto done = ::write(fd, bytes.data(), bytes.size());
    if (done <= 0)
      return false;
    bytes.remove_prefix(static_cast<std::size_t>(done));
  }
  return true;
}

/// Whether a row with a good checksum also means something.
bool decodes(table where, std::string_view key, std::string_view value) {
  switch (where) {
    case table::topics:
      return decode_topic(key, value).has_value();
    case table::groups:
      return decode_group(key, value).has_value();
    case table::offsets:
      return decode_offset_key(key) && decode_number(value);
    case table::settings:
      return decode_setting_key(key).has_value();
    case table::options:
      return decode_kept_setting(key, value).has_value();
    case table::delays: {
      int level = 0;
      auto code =
        std::from_chars(key.data(), key.data() + key.size(), level).ec;
      return code == std::errc{} && decode_number(value);
    }
    default:
      return true;
  }
}

/// The child: reads and tells.
int tell_rows(const std::string& directory, int to) {
  log::least = log::level::off;
  auto env = lmdb::open_to_read(directory);
  std::string out;
  auto fail = [&](const caf::error& error) {
    append(out, news::failed, table::meta, context_of(error), {});
    return write_all(to, out) ? 0 : 1;
  };
  if (!env)
    return fail(env.error());
  for (std::size_t i = 0; i < table_count; ++i) {
    auto where = static_cast<table>(i);
    auto read = (*env)->for_each_row(
      where, [&](std::string_view key, std::optional<std::string_view> value) {
        auto whole = value && decodes(where, key, *value);
        append(out, whole ? news::row : news::damaged_row, where, key,
               whole ? *value : std::string_view{});
        if (out.size() > 65536 && write_all(to, out))
          out.clear();
      });
    if (read)
      return fail(read);
  }
  append(out, news::done, table::meta, {}, {});
  return write_all(to, out) ? 0 : 1;
}

std::string read_to_end(int from) {
  std::string all;
  std::array<char, 65536> bytes;
  for (;;) {
    auto got = ::read(from, bytes.data(), bytes.size());
    if (got <= 0)
      return all;
    all.append(bytes.data(), static_cast<std::size_t>(got));
  }
}

void take(std::string_view told, probed_state& state) {
  while (told.size() >= head_bytes) {
    auto kind = static_cast<news>(told[0]);
    auto where = static_cast<table>(told[1]);
    std::size_t key_size = load<std::uint32_t>(told.data() + 2);
    std::size_t value_size = load<std::uint32_t>(told.data() + 6);
    told.remove_prefix(head_bytes);
    if (told.size() < key_size + value_size)
      return;
    auto key = told.substr(0, key_size);
    auto value = told.substr(key_size, value_size);
    told.remove_prefix(key_size + value_size);
    if (kind == news::row)
      state.rows.push_back({where, std::string{key}, std::string{value}});
    else if (kind == news::damaged_row)
      state.damaged.push_back(std::string{table_name(where)} + "/"
                              + printable(key));
    else if (kind == news::failed)
      state.why = key;
    else if (kind == news::done)
      state.readable = true;
  }
}

} // namespace

std::string printable(std::string_view key) {
  std::string text{key};
  for (char& c : text)
    if (static_cast<unsigned char>(c) < ' ')
      c = ' ';
  return text;
}

probed_state probe_state(const std::string& directory) {
  probed_state state;
  state.exists = path_exists(directory + "/data.mdb");
  if (!state.exists) {
    state.why = "there is no " + directory + "/data.mdb";
    return state;
  }
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) {
    state.why = "cannot make a pipe";
    return state;
  }
  auto child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    // Whatever the process does when it crashes, this one just ends.
    for (int x : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL})
      ::signal(x, SIG_DFL);
    ::_exit(tell_rows(directory, ends[1]));
  }
  ::close(ends[1]);
  take(child > 0 ? read_to_end(ends[0]) : std::string{}, state);
  ::close(ends[0]);
  int status = 0;
  if (child > 0)
    ::waitpid(child, &status, 0);
  if (!state.readable && state.why.empty())
    state.why = child < 0             ? "cannot make a process to read it"
                : WIFSIGNALED(status) ? std::string{"reading it ended with "}
                                          + ::strsignal(WTERMSIG(status))
                                      : "reading it ended early";
  return state;
}

} // namespace troupe::storage
