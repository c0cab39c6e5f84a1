/// `troupe store verify`: reads everything, changes nothing.
#include "app/store/verbs.hpp"

namespace troupe::app {

namespace {

using storage::verified_store;

void print_json(const verified_store& x) {
  remoting::json_text out;
  out.begin_object()
    .field("sound", x.is_sound())
    .field("findings", x.findings_count)
    .field("lostMessages", x.lost_count)
    .field("segments", x.log.segments)
    .field("records", x.log.records)
    .field("recordBytes", x.log.bytes)
    .field("recordsWithBodyChecksumOnly", x.log.body_only)
    .field("logMin", x.log.min.value)
    .field("logEnd", x.log.end.value)
    .field("tornBytes", x.log.torn_bytes)
    .field("checkpoint", x.checkpoint_end.value)
    .field("queues", x.queues)
    .field("rows", x.rows)
    .field("indexRuns", x.index_runs)
    .field("indexEntries", x.index_entries)
    .field("stateRows", x.state_rows)
    .key("damage")
    .begin_list();
  for (const auto& f : x.findings)
    out.begin_object()
      .field("kind", f.kind)
      .field("file", f.file)
      .field("place", f.place)
      .field("bytes", f.bytes)
      .field("what", f.what)
      .field("derived", f.derived)
      .end_object();
  out.end_list().key("lost").begin_list();
  for (const auto& l : x.lost)
    out.begin_object()
      .field("topic", l.topic)
      .field("queue", l.queue)
      .field("offset", l.offset)
      .field("logOffset", l.position.value)
      .end_object();
  out.end_list().key("notes").begin_list();
  for (const auto& note : x.notes)
    out.string(note);
  out.end_list().end_object();
  std::cout << out.text() << '\n';
}

void print_text(const verified_store& x) {
  for (const auto& f : x.findings) {
    std::cout << "DAMAGED " << f.kind << ' ' << f.file << " at " << f.place;
    if (f.bytes > 0)
      std::cout << " (" << f.bytes << " bytes)";
    std::cout << ": " << f.what << (f.derived ? "; it can be made again" : "")
              << '\n';
  }
  if (x.findings_count > static_cast<std::int64_t>(x.findings.size()))
    std::cout << "... and "
              << x.findings_count - static_cast<std::int64_t>(x.findings.size())
              << " more\n";
  for (const auto& l : x.lost)
    std::cout << "LOST message " << l.topic << " queue " << l.queue
              << " offset " << l.offset << " (log offset " << l.position.value
              << ")\n";
  for (const auto& note : x.notes)
    std::cout << "note: " << note << '\n';
  std::cout << x.log.records << " records in " << x.log.segments
            << " segments, " << x.rows << " rows of " << x.queues << " queues, "
            << x.index_entries << " keys in " << x.index_runs << " runs, "
            << x.state_rows << " rows of state: "
            << (x.is_sound() ? "sound"
                             : std::to_string(x.findings_count) + " damaged")
            << '\n';
}

} // namespace

void print_verified(const verified_store& found, const store_command& command) {
  if (command.json)
    print_json(found);
  else
    print_text(found);
}

int store_verify(const store_command& command) {
  caf::expected<verified_store> found{caf::error{}};
  {
    progress_bar bar;
    found = storage::verify_store(command.data, bar.as("verifying"));
  }
  if (!found)
    return fail("verify", found.error(), 2);
  print_verified(*found, command);
  return found->is_sound() ? 0 : 1;
}

} // namespace troupe::app
