#include "app/shell/words.hpp"

#include "troupe/errc.hpp"

namespace troupe::app {

namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool is_name(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')
         || (c >= 'A' && c <= 'Z') || c == '_';
}

/// Reads a line from left to right.
class splitter {
public:
  splitter(std::string_view line, const variable_lookup& find)
    : line_(line),
      find_(find) {}

  caf::expected<std::vector<std::string>> run() {
    while (at_ < line_.size() && why_.empty()) {
      auto c = line_[at_];
      if (is_blank(c)) {
        end_word();
        ++at_;
      } else if (c == '#' && !open_) {
        break;
      } else {
        open_ = true;
        ++at_;
        take(c);
      }
    }
    end_word();
    if (!why_.empty())
      return make_error(errc::invalid_argument, why_);
    return std::move(words_);
  }

private:
  void end_word() {
    if (open_)
      words_.push_back(std::move(word_));
    word_.clear();
    open_ = false;
  }

  void take(char c) {
    switch (c) {
      case '\'':
        return take_plain();
      case '"':
        return take_quoted();
      case '$':
        return take_variable();
      case '\\':
        if (at_ < line_.size())
          word_ += line_[at_++];
        return;
      default:
        word_ += c;
    }
  }

  void take_plain() {
    auto end = line_.find('\'', at_);
    if (end == line_.npos) {
      why_ = "a quote ' is not closed";
      return;
    }
    word_ += line_.substr(at_, end - at_);
    at_ = end + 1;
  }

  void take_quoted() {
    while (at_ < line_.size() && why_.empty()) {
      auto c = line_[at_++];
      if (c == '"')
        return;
      if (c == '$')
        take_variable();
      else if (c == '\\' && at_ < line_.size())
        take_escape(line_[at_++]);
      else
        word_ += c;
    }
    if (why_.empty())
      why_ = "a quote \" is not closed";
  }

  void take_escape(char c) { word_ += c == 'n' ? '\n' : c == 't' ? '\t' : c; }

  void take_variable() {
    auto braces = at_ < line_.size() && line_[at_] == '{';
    if (braces)
      ++at_;
    auto begin = at_;
    while (at_ < line_.size() && is_name(line_[at_]))
      ++at_;
    auto is_field = [this](std::size_t dot) {
      return dot + 1 < line_.size() && line_[dot] == '.'
             && is_name(line_[dot + 1]);
    };
    // Only an answer has fields: `$topic.bak` is a variable and a text.
    if (line_.substr(begin, at_ - begin) == "answer" && is_field(at_)) {
      ++at_;
      while (at_ < line_.size() && is_name(line_[at_]))
        ++at_;
    }
    auto name = line_.substr(begin, at_ - begin);
    if (braces) {
      if (at_ >= line_.size() || line_[at_] != '}') {
        why_ = "a ${ is not closed";
        return;
      }
      ++at_;
    }
    if (name.empty()) {
      word_ += braces ? "${}" : "$";
      return;
    }
    auto value = find_(name);
    if (!value) {
      why_ = "$" + std::string{name} + " was never set";
      return;
    }
    word_ += *value;
  }

  std::string_view line_;
  const variable_lookup& find_;
  std::size_t at_ = 0;
  std::string word_;
  bool open_ = false; // a word has begun, even if it is empty so far
  std::string why_;
  std::vector<std::string> words_;
};

} // namespace

caf::expected<std::vector<std::string>>
split_words(std::string_view line, const variable_lookup& find) {
  return splitter{line, find}.run();
}

std::string quoted(std::string_view text) {
  if (!text.empty() && text.find_first_of(" \t\r\n'\"\\$#") == text.npos)
    return std::string{text};
  if (text.find('\'') == text.npos)
    return "'" + std::string{text} + "'";
  std::string result = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\' || c == '$')
      result += '\\';
    result += c;
  }
  return result + '"';
}

} // namespace troupe::app
