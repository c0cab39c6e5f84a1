#include "storage/state_check.hpp"

#include "storage/file.hpp"
#include "storage/lmdb.hpp"
#include "storage/state_probe.hpp"

#include <bit>
#include <cerrno>
#include <cstring>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include <sys/mman.h>

namespace troupe::storage {

namespace {

// The format is the machine's own: sizes and byte order are not converted.
static_assert(sizeof(std::size_t) == 8
                && std::endian::native == std::endian::little,
              "the layouts below are those of 64 bits, little endian");

/// A number of the machine's own order, wherever it is aligned.
template <class Number>
Number native(const char* at) {
  Number value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

constexpr std::size_t page_head_bytes = 16;
constexpr std::size_t node_head_bytes = 8;
constexpr std::size_t tree_bytes = 48;
constexpr std::uint64_t no_page = ~std::uint64_t{0};
constexpr std::uint64_t first_page = 2; // 0 and 1 are the two metas
constexpr std::size_t depth_max = 32;
constexpr std::size_t page_bytes_max = 32768;
constexpr std::size_t damaged_named_max = 10;

enum page_flag : std::uint16_t {
  branch_page = 1,
  leaf_page = 2,
  overflow_page = 4,
  meta_page = 8,
};

enum node_flag : std::uint16_t {
  big_data = 1, // the value lies in overflow pages
  sub_data = 2, // the value is a named table
};

/// What LMDB keeps of one tree, MDB_db: 4 pad, 2 flags, 2 depth, then 8 each:
/// branch pages, leaf pages, overflow pages, entries, root.
struct tree {
  std::uint16_t flags = 0;
  std::uint16_t depth = 0;
  std::uint64_t branch_pages = 0;
  std::uint64_t leaf_pages = 0;
  std::uint64_t overflow_pages = 0;
  std::uint64_t entries = 0;
  std::uint64_t root = no_page;

  bool operator==(const tree&) const = default;
};

tree tree_at(const char* at) {
  return {native<std::uint16_t>(at + 4),  native<std::uint16_t>(at + 6),
          native<std::uint64_t>(at + 8),  native<std::uint64_t>(at + 16),
          native<std::uint64_t>(at + 24), native<std::uint64_t>(at + 32),
          native<std::uint64_t>(at + 40)};
}

/// MDB_meta, behind a page's head: 4 magic, 4 version, 8 address, 8 map size,
/// the tree of free pages, the main tree, 8 last page, 8 transaction. The pad
/// of the first tree is the size of a page.
struct meta {
  std::uint32_t page_bytes = 0;
  tree free;
  tree main;
  std::uint64_t last_page = 0;
  std::uint64_t transaction = 0;
};

/// Which tree is walked.
enum class tree_kind : std::uint8_t {
  free,
  main,
  rows
};

/// A page that is still to be looked at; its keys lie in [low, high).
struct waiting_page {
  std::uint64_t page = 0;
  std::size_t level = 0; // the root has 1
  std::optional<std::string_view> low;
  std::optional<std::string_view> high;
};

struct node {
  std::uint16_t flags = 0;
  std::string_view key;
  std::uint64_t number = 0; // leaf: bytes of the value; branch: page
  const char* value = nullptr;
  std::size_t bytes = 0; // in the page
};

class state_walk {
public:
  state_walk(std::string_view bytes, std::size_t pages_max)
    : bytes_(bytes),
      pages_max_(pages_max) {}

  checked_state run() {
    result_.exists = true;
    if (!read_metas())
      return std::move(result_);
    used_.resize(bytes_.size() / page_bytes_ + 1);
    if (!walk(meta_.free, tree_kind::free, "free pages") || !check_last_page()
        || !walk(meta_.main, tree_kind::main, "tables"))
      return std::move(result_);
    if (!check_names())
      return std::move(result_);
    // By the order of names: what is derived, and what custom actors keep, may
    // be long and comes behind what the node cannot do without.
    for (auto late : {false, true})
      for (const auto& [name, known] : tables_) {
        auto is_late = name.starts_with("deadline") || name == "custom_state";
        if (is_late == late && !walk(known, tree_kind::rows, name))
          return std::move(result_);
      }
    return std::move(result_);
  }

private:
  /// Notes the damage; false, for the callers to return.
  bool wrong(std::string why) {
    result_.why = std::move(why);
    return false;
  }

  bool wrong_page(std::uint64_t page, const char* why) {
    return wrong("page " + std::to_string(page) + " " + why);
  }

  // -- metas ------------------------------------------------------------------

  bool read_metas() {
    if (bytes_.size() < 2 * 512)
      return wrong("the file has only " + std::to_string(bytes_.size())
                   + " bytes");
    auto first = meta_at(0);
    if (!first)
      return false;
    auto bytes = first->page_bytes;
    if (!std::has_single_bit(bytes) || bytes < 512 || bytes > page_bytes_max
        || bytes_.size() < 2 * std::size_t{bytes})
      return wrong_page(0, "has an impossible page size");
    page_bytes_ = bytes;
    auto second = meta_at(1);
    if (!second)
      return false;
    if (second->page_bytes != bytes)
      return wrong("the two heads name different page sizes");
    // Each transaction writes the one of its own parity, so they follow each
    // other.
    auto a = first->transaction;
    auto b = second->transaction;
    auto fresh = a == 0 && b == 0;
    if (!fresh && (a % 2 != 0 || b % 2 != 1 || (a > b ? a - b : b - a) != 1))
      return wrong("the two heads are of transactions " + std::to_string(a)
                   + " and " + std::to_string(b)
                   + ", which do not follow each other");
    meta_ = a > b ? *first : *second;
    if (fresh)
      meta_ = *first;
    if (meta_.free.flags != integer_key || meta_.main.flags != 0)
      return wrong("the newer head has unknown flags");
    return true;
  }

  std::optional<meta> meta_at(std::uint64_t page) {
    const auto* at = bytes_.data() + page * page_bytes_;
    if (native<std::uint64_t>(at) != page
        || native<std::uint16_t>(at + 10) != meta_page) {
      wrong_page(page, "is not a head");
      return {};
    }
    at += page_head_bytes;
    if (native<std::uint32_t>(at) != magic
        || native<std::uint32_t>(at + 4) != data_version) {
      wrong_page(page, "is not the head of an LMDB environment that is known");
      return {};
    }
    meta result;
    result.page_bytes = native<std::uint32_t>(at + 24);
    result.free = tree_at(at + 24);
    result.main = tree_at(at + 24 + tree_bytes);
    result.last_page = native<std::uint64_t>(at + 24 + 2 * tree_bytes);
    result.transaction = native<std::uint64_t>(at + 32 + 2 * tree_bytes);
    return result;
  }

  /// Behind the file only free pages may lie: LMDB reserves all up to the last.
  bool check_last_page() {
    auto in_file = bytes_.size() / page_bytes_;
    if (!result_.complete || meta_.last_page < in_file
        || meta_.last_page - in_file < free_count_)
      return true;
    return wrong("the file ends before the last page, "
                 + std::to_string(meta_.last_page));
  }

  bool check_names() {
    std::size_t known = 0;
    for (std::size_t i = 0; i < table_count; ++i)
      known += tables_.contains(table_name(static_cast<table>(i))) ? 1 : 0;
    // A table more is of a later version, one less is made; but both at once
    // are a name that is damaged.
    if (known < table_count && known < tables_.size())
      return wrong("a table has an unknown name, and another one is missing");
    return true;
  }

  // -- pages ------------------------------------------------------------------

  /// Takes `count` pages from `page` on: nobody else may have them.
  bool take_pages(std::uint64_t page, std::uint64_t count) {
    if (page < first_page || page > meta_.last_page
        || count > meta_.last_page - page + 1
        || (page + count) * page_bytes_ > bytes_.size())
      return wrong_page(page, "lies outside of the file");
    for (auto i = page; i < page + count; ++i) {
      if (used_[i])
        return wrong_page(i, "is used twice");
      used_[i] = true;
    }
    result_.pages += static_cast<std::int64_t>(count);
    return true;
  }

  const char* place_of(std::uint64_t page) const {
    return bytes_.data() + page * page_bytes_;
  }

  bool has_head(std::uint64_t page, page_flag flag) {
    const auto* at = place_of(page);
    if (native<std::uint64_t>(at) != page
        || native<std::uint16_t>(at + 10) != flag)
      return wrong_page(page, "is not what its tree says");
    return true;
  }

  /// The nodes of a page, which must fill it without a gap.
  bool read_nodes(std::uint64_t page, page_flag flag) {
    nodes_.clear();
    const auto* at = place_of(page);
    std::size_t lower = native<std::uint16_t>(at + 12);
    std::size_t upper = native<std::uint16_t>(at + 14);
    if (lower < page_head_bytes + 2 || lower % 2 != 0 || upper < lower
        || upper > page_bytes_)
      return wrong_page(page, "has impossible bounds");
    std::size_t filled = 0;
    for (auto i = page_head_bytes; i < lower; i += 2) {
      std::size_t place = native<std::uint16_t>(at + i);
      if (place < upper || place + node_head_bytes > page_bytes_)
        return wrong_page(page, "has a row outside of it");
      auto one = node_at(at + place, flag);
      if (place + one.bytes > page_bytes_)
        return wrong_page(page, "has a row that leads outside of it");
      filled += one.bytes;
      nodes_.push_back(one);
    }
    if (filled != page_bytes_ - upper)
      return wrong_page(page, "has rows that do not fill it");
    return true;
  }

  /// MDB_node: 2 low, 2 high, 2 flags, 2 bytes of the key, key, value.
  static node node_at(const char* at, page_flag flag) {
    node result;
    std::uint64_t low = native<std::uint16_t>(at);
    std::uint64_t high = native<std::uint16_t>(at + 2);
    result.flags = native<std::uint16_t>(at + 4);
    std::size_t key_bytes = native<std::uint16_t>(at + 6);
    result.key = {at + node_head_bytes, key_bytes};
    result.value = at + node_head_bytes + key_bytes;
    result.number = low | high << 16;
    result.bytes = node_head_bytes + key_bytes;
    if (flag == branch_page) {
      result.number |= std::uint64_t{result.flags} << 32;
      result.flags = 0;
    } else {
      result.bytes += result.flags == big_data ? 8 : result.number;
    }
    result.bytes += result.bytes % 2;
    return result;
  }

  // -- trees ------------------------------------------------------------------

  bool walk(const tree& known, tree_kind kind, std::string_view name) {
    if (!result_.complete)
      return true;
    if (known.root == no_page)
      return known == tree{known.flags, 0, 0, 0, 0, 0, no_page}
             || wrong("the empty table " + std::string{name} + " has counts");
    if (known.depth == 0 || known.depth > depth_max)
      return wrong("the table " + std::string{name} + " has a depth of "
                   + std::to_string(known.depth));
    tree seen{known.flags, known.depth, 0, 0, 0, 0, known.root};
    std::vector<waiting_page> waiting{{known.root, 1, {}, {}}};
    while (!waiting.empty()) {
      if (static_cast<std::size_t>(result_.pages) >= pages_max_) {
        result_.complete = false;
        return true;
      }
      auto next = waiting.back();
      waiting.pop_back();
      if (!take_pages(next.page, 1))
        return false;
      auto good = next.level < known.depth
                    ? visit_branch(next, kind, seen, waiting)
                    : visit_leaf(next, kind, name, seen);
      if (!good)
        return false;
    }
    return seen == known
           || wrong("the counts of the table " + std::string{name}
                    + " do not agree with its pages");
  }

  bool visit_branch(const waiting_page& here, tree_kind kind, tree& seen,
                    std::vector<waiting_page>& waiting) {
    ++seen.branch_pages;
    if (!has_head(here.page, branch_page)
        || !read_nodes(here.page, branch_page))
      return false;
    // The first key counts as lower than all others, whatever it is.
    if (!in_order(here, kind, 1))
      return false;
    for (std::size_t i = 0; i < nodes_.size(); ++i)
      waiting.push_back(
        {nodes_[i].number, here.level + 1,
         i == 0 ? here.low : std::optional{nodes_[i].key},
         i + 1 < nodes_.size() ? std::optional{nodes_[i + 1].key} : here.high});
    return true;
  }

  bool visit_leaf(const waiting_page& here, tree_kind kind,
                  std::string_view name, tree& seen) {
    ++seen.leaf_pages;
    if (!has_head(here.page, leaf_page) || !read_nodes(here.page, leaf_page)
        || !in_order(here, kind, 0))
      return false;
    seen.entries += nodes_.size();
    for (const auto& x : nodes_) {
      if (x.flags != (kind == tree_kind::main ? sub_data : 0)
          && (kind == tree_kind::main || x.flags != big_data))
        return wrong_page(here.page, "has a row of an unknown kind");
      std::string_view value{x.value, x.number};
      if (x.flags == big_data && !take_big(x, seen, value))
        return false;
      if (!take_row(kind, name, x.key, value))
        return false;
    }
    return true;
  }

  bool in_order(const waiting_page& here, tree_kind kind, std::size_t first) {
    auto less = [kind](std::string_view a, std::string_view b) {
      return kind == tree_kind::free ? native<std::uint64_t>(a.data())
                                         < native<std::uint64_t>(b.data())
                                     : a < b;
    };
    for (auto i = first; i < nodes_.size(); ++i) {
      auto key = nodes_[i].key;
      if (kind == tree_kind::free && key.size() != 8)
        return wrong_page(here.page, "has a key of another size");
      if ((i > first && !less(nodes_[i - 1].key, key))
          || (here.low && less(key, *here.low))
          || (here.high && !less(key, *here.high)))
        return wrong_page(here.page, "has keys that are not in order");
    }
    return true;
  }

  /// A value in overflow pages of its own. Their head ends with their number,
  /// which may be more than the value needs: it has been longer.
  bool take_big(const node& x, tree& seen, std::string_view& value) {
    auto page = native<std::uint64_t>(x.value);
    if (!take_pages(page, 1) || !has_head(page, overflow_page))
      return false;
    std::uint64_t count = native<std::uint32_t>(place_of(page) + 12);
    if (count < (page_head_bytes - 1 + x.number) / page_bytes_ + 1)
      return wrong_page(page, "has an impossible number of pages");
    if (count > 1 && !take_pages(page + 1, count - 1))
      return false;
    seen.overflow_pages += count;
    value = {place_of(page) + page_head_bytes, x.number};
    return true;
  }

  bool take_row(tree_kind kind, std::string_view name, std::string_view key,
                std::string_view value) {
    switch (kind) {
      case tree_kind::free:
        return take_free(key, value);
      case tree_kind::main:
        if (value.size() != tree_bytes)
          return wrong("the table " + printable(key) + " has no tree");
        tables_.emplace(std::string{key}, tree_at(value.data()));
        return tables_[std::string{key}].flags == 0
               || wrong("the table " + printable(key) + " has unknown flags");
      case tree_kind::rows:
        ++result_.rows;
        if (!unsealed(key, value))
          note_damaged(name, key);
        return true;
    }
    return true;
  }

  void note_damaged(std::string_view name, std::string_view key) {
    ++result_.damaged_count;
    if (!is_derived(name, key))
      result_.only_derived = false;
    if (result_.damaged.size() < damaged_named_max)
      result_.damaged.push_back(std::string{name} + "/" + printable(key));
  }

  /// Pages that a transaction has freed: their count, then they, falling.
  bool take_free(std::string_view key, std::string_view value) {
    if (native<std::uint64_t>(key.data()) > meta_.transaction)
      return wrong("pages are free since a transaction that has not been");
    auto count = value.size() < 8 ? 0 : native<std::uint64_t>(value.data());
    if (value.size() % 8 != 0 || count > value.size() / 8 - 1)
      return wrong("a list of free pages is cut off");
    auto last = meta_.last_page + 1;
    free_count_ += count;
    for (std::uint64_t i = 1; i <= count; ++i) {
      auto page = native<std::uint64_t>(value.data() + i * 8);
      if (page < first_page || page >= last)
        return wrong("a list of free pages is not in order");
      last = page;
      // Free ones need not be in the file.
      if (page >= used_.size())
        continue;
      if (used_[page])
        return wrong_page(page, "is in use and free at once");
      used_[page] = true;
    }
    return true;
  }

  static constexpr std::uint32_t magic = 0xBEEFC0DE;
  static constexpr std::uint32_t data_version = 1;
  static constexpr std::uint16_t integer_key = 8;

  std::string_view bytes_;
  std::size_t pages_max_;
  std::size_t page_bytes_ = 0;
  meta meta_;
  std::uint64_t free_count_ = 0;
  std::vector<bool> used_;  // by page: reached, or free
  std::vector<node> nodes_; // of the page that is looked at
  std::map<std::string, tree> tables_;
  checked_state result_;
};

} // namespace

bool is_derived(std::string_view table_of_row, std::string_view key) {
  return table_of_row == table_name(table::deadlines)
         || table_of_row == table_name(table::deadline_ids)
         || (table_of_row == table_name(table::meta)
             && key.starts_with("applied/"));
}

checked_state check_state(const std::string& directory, std::size_t pages_max) {
  checked_state none;
  auto path = directory + "/data.mdb";
  if (!path_exists(path))
    return none;
  none.exists = true;
  auto data = file::open(path, open_mode::read_only);
  auto size = data ? (*data)->size() : data.error();
  if (!size) {
    none.why = context_of(size.error());
    return none;
  }
  auto bytes = static_cast<std::size_t>(*size);
  if (bytes == 0)
    return none; // made, and not written to yet
  auto* at = ::mmap(nullptr, bytes, PROT_READ, MAP_PRIVATE, (*data)->fd(), 0);
  if (at == MAP_FAILED) {
    none.why = "cannot map " + path + ": " + std::strerror(errno);
    return none;
  }
  auto result =
    state_walk{{static_cast<const char*>(at), bytes}, pages_max}.run();
  ::munmap(at, bytes);
  return result;
}

caf::error refusal_of(const checked_state& found,
                      const std::string& data_directory) {
  auto home = data_directory + "/state";
  auto next_step = "; run `troupe store repair --data " + data_directory
                   + "`, which saves what can be read and says what is lost";
  if (!found.why.empty())
    return make_error(errc::state_corrupt, "the state in " + home
                                             + " is damaged: " + found.why
                                             + next_step);
  if (!found.only_derived)
    return make_error(errc::state_corrupt,
                      "rows of the state in " + home + " are damaged ("
                        + std::to_string(found.damaged_count) + "), among them "
                        + found.damaged.front() + next_step);
  return caf::none;
}

} // namespace troupe::storage
