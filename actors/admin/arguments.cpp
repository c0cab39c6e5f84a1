#include "admin/arguments.hpp"

#include <algorithm>
#include <charconv>

namespace troupe {

namespace {

bool is_option(std::string_view word) {
  return word.starts_with("--") && word.size() > 2;
}

} // namespace

arguments::arguments(std::vector<std::string> words, std::string hint)
  : words_(std::move(words)),
    hint_(std::move(hint)) {
  auto mark = std::ranges::find(words_, "--");
  if (mark != words_.end()) {
    literal_.assign(mark + 1, words_.end());
    words_.erase(mark, words_.end());
  }
}

bool arguments::flag(std::string_view name) {
  auto found = std::ranges::find(words_, "--" + std::string{name});
  if (found == words_.end())
    return false;
  words_.erase(found);
  return true;
}

std::optional<std::string> arguments::option(std::string_view name) {
  auto plain = "--" + std::string{name};
  for (auto i = words_.begin(); i != words_.end(); ++i) {
    if (i->starts_with(plain + "=")) {
      auto value = i->substr(plain.size() + 1);
      words_.erase(i);
      return value;
    }
    if (*i != plain)
      continue;
    if (i + 1 == words_.end()) {
      refuse(plain + " needs a value");
      words_.erase(i);
      return {};
    }
    auto value = *(i + 1);
    words_.erase(i, i + 2);
    return value;
  }
  return {};
}

std::int64_t arguments::number(std::string_view name, std::int64_t absent,
                               std::int64_t least, std::int64_t most) {
  auto text = option(name);
  return text ? parse(*text, "--" + std::string{name}, least, most) : absent;
}

std::vector<std::string> arguments::all(std::string_view name) {
  std::vector<std::string> values;
  while (auto value = option(name))
    values.push_back(std::move(*value));
  return values;
}

std::optional<std::string> arguments::next() {
  auto word = std::ranges::find_if_not(words_, is_option);
  if (word != words_.end()) {
    auto result = std::move(*word);
    words_.erase(word);
    return result;
  }
  if (literal_.empty())
    return {};
  auto result = std::move(literal_.front());
  literal_.erase(literal_.begin());
  return result;
}

std::string arguments::required(std::string_view name) {
  if (auto word = next())
    return std::move(*word);
  refuse(std::string{name} + " is missing");
  return {};
}

std::int64_t arguments::required_number(std::string_view name,
                                        std::int64_t least, std::int64_t most) {
  auto word = next();
  if (!word) {
    refuse(std::string{name} + " is missing");
    return least;
  }
  return parse(*word, name, least, most);
}

std::vector<std::string> arguments::rest() {
  auto result = std::move(words_);
  words_.clear();
  if (!literal_.empty())
    result.emplace_back("--");
  std::ranges::move(literal_, std::back_inserter(result));
  literal_.clear();
  return result;
}

caf::error arguments::finish() {
  if (why_.empty()) {
    auto odd = std::ranges::find_if(words_, is_option);
    if (odd != words_.end())
      refuse("there is no option " + *odd + " here");
    else if (auto word = next())
      refuse("`" + *word
             + "` is one word too many; put text with blanks into "
               "quotes");
  }
  if (why_.empty())
    return caf::none;
  return make_error(errc::invalid_argument, why_ + hint_);
}

caf::error arguments::refuse_action(std::string_view can,
                                    const std::string& action) const {
  return make_error(
    errc::invalid_argument,
    std::string{can}
      + (action.empty() ? "; say what" : "; not `" + action + "`") + hint_);
}

void arguments::refuse(std::string why) {
  if (why_.empty())
    why_ = std::move(why);
}

std::int64_t arguments::parse(const std::string& text, std::string_view what,
                              std::int64_t least, std::int64_t most) {
  std::int64_t value = 0;
  auto [end, code] =
    std::from_chars(text.data(), text.data() + text.size(), value);
  if (code == std::errc{} && end == text.data() + text.size() && value >= least
      && value <= most)
    return value;
  refuse(std::string{what} + ": `" + text + "` is no number from "
         + std::to_string(least) + " to " + std::to_string(most));
  return least;
}

} // namespace troupe
