/// ask, tell: a word and its arguments to the actor at a path.
#include "admin/custom.hpp"
#include "admin/paths.hpp"
#include "admin/verbs/verbs_of_node.hpp"

namespace troupe::verbs {

namespace {

/// A question and whom it goes to.
struct addressed {
  place at;
  actor_question question;
};

caf::expected<addressed> read(admin_context& context, arguments& words) {
  auto path = words.required("PATH");
  auto word = words.required("WORD");
  auto rest = words.rest(); // theirs, options as well
  if (auto error = words.finish())
    return error;
  auto at = find_place(context, path);
  if (!at)
    return std::move(at.error());
  if (at->kind != place_kind::registered && at->kind != place_kind::custom)
    return make_error(errc::not_supported,
                      at->path + " answers no words of its own; try `show "
                        + at->path + "`");
  return addressed{std::move(*at), {std::move(word), std::move(rest)}};
}

} // namespace

answer ask(admin_context& context, arguments& words) {
  auto to = read(context, words);
  if (!to)
    return std::move(to.error());
  if (to->at.kind == place_kind::custom)
    return ask_custom_actor(context, to->at.name, to->question.word,
                            to->question.arguments);
  return context.ask<table>(to->at.registered->actor, std::move(to->question));
}

answer tell(admin_context& context, arguments& words) {
  auto to = read(context, words);
  if (!to)
    return std::move(to.error());
  if (to->at.kind == place_kind::custom) {
    auto fields = read_fields(to->question.arguments);
    if (!fields)
      return std::move(fields.error());
    if (auto known = find_custom(context, to->at.name); !known)
      return std::move(known.error());
    context.self().send(
      context.node().custom,
      ask_custom{to->at.name, to->question.word, std::move(*fields)});
  } else {
    context.self().send(to->at.registered->actor, std::move(to->question));
  }
  return note_of("told; nobody waits for an answer");
}

} // namespace troupe::verbs
