#include "app/shell/interpreter.hpp"
#include "app/shell/words.hpp"

#include "troupe/errc.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

namespace troupe::app {

namespace {

constexpr std::size_t include_depth_max = 16;
constexpr std::size_t script_lines_max = 1'000'000;

/// A file that is being read, line by line.
struct open_file {
  std::string name;
  std::string directory;
  std::istringstream text;
  std::size_t number = 0;
};

caf::expected<std::string> read_file(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  if (!file)
    return make_error(errc::bad_config, "cannot read the script " + path);
  return std::string{std::istreambuf_iterator<char>{file}, {}};
}

/// The file that a line includes; none when it is another line.
caf::expected<std::optional<std::string>> included(const std::string& line) {
  auto begin = line.find_first_not_of(" \t\r");
  if (begin == line.npos || line.compare(begin, 8, "include ") != 0)
    return std::optional<std::string>{};
  // Files are found before anything runs, so there are no variables yet.
  auto words = split_words(line, [](std::string_view) { return std::nullopt; });
  if (!words)
    return std::move(words.error());
  if (words->size() != 2)
    return make_error(errc::bad_config, "write `include FILE`");
  return std::optional{(*words)[1]};
}

} // namespace

caf::expected<std::vector<script_line>>
parse_script(const std::string& text, const std::string& name,
             const std::string& directory) {
  std::vector<script_line> lines;
  std::vector<open_file> open;
  open.push_back({name, directory, std::istringstream{text}, 0});
  while (!open.empty()) {
    auto& file = open.back();
    std::string line;
    if (!std::getline(file.text, line)) {
      open.pop_back();
      continue;
    }
    ++file.number;
    auto where = file.name.empty()
                   ? std::string{}
                   : file.name + ":" + std::to_string(file.number) + ": ";
    auto other = included(line);
    if (!other)
      return make_error(errc::bad_config, where + context_of(other.error()));
    if (!*other) {
      if (lines.size() == script_lines_max)
        return make_error(errc::bad_config, where + "the script is too long");
      lines.push_back({file.name, file.number, std::move(line)});
      continue;
    }
    if (open.size() == include_depth_max)
      return make_error(errc::bad_config,
                        where + "scripts include each other without end");
    auto path = (std::filesystem::path{file.directory} / **other).string();
    auto content = read_file(path);
    if (!content)
      return make_error(errc::bad_config, where + context_of(content.error()));
    open.push_back({path, std::filesystem::path{path}.parent_path().string(),
                    std::istringstream{std::move(*content)}, 0});
  }
  return lines;
}

caf::expected<std::vector<script_line>> load_script(const std::string& path) {
  auto text = read_file(path);
  if (!text)
    return std::move(text.error());
  return parse_script(*text, path,
                      std::filesystem::path{path}.parent_path().string());
}

} // namespace troupe::app
