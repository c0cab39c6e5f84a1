/// What every long-lived actor does with what it did not expect: a log line
/// instead of CAF's print to stdout, and an error instead of an exception.
#pragma once

#include "troupe/errc.hpp"
#include "troupe/log.hpp"

#include <caf/exit_reason.hpp>
#include <caf/message.hpp>
#include <caf/result.hpp>
#include <caf/scheduled_actor.hpp>
#include <caf/sec.hpp>

#include <exception>

namespace troupe {

/// Where an actor runs that may block.
enum class threading : std::uint8_t {
  detached,  ///< on a thread of its own
  scheduled, ///< by the system's scheduler, as in tests
};

/// Installs the handlers. Call it in make_behavior.
inline void make_quiet(caf::scheduled_actor& self) {
  self.set_default_handler([](caf::scheduled_actor* me,
                              caf::message_view&) -> caf::result<caf::message> {
    log::warning(me->name(), "message not understood");
    return caf::sec::unexpected_message;
  });
  self.set_error_handler([](caf::scheduled_actor* me, caf::error& error) {
    // A request without a handler of its own failed: the actor goes on.
    log::warning(me->name(), "request failed").with("why", describe(error));
  });
#ifndef CAF_NO_EXCEPTIONS
  self.set_exception_handler(
    [](caf::scheduled_actor* me, std::exception_ptr& thrown) -> caf::error {
      std::string what = "unknown exception";
      try {
        std::rethrow_exception(thrown);
      } catch (const std::exception& e) {
        what = e.what();
      } catch (...) {
        // Keeps the words above.
      }
      log::error(me->name(), "actor died of an exception").with("what", what);
      return caf::exit_reason::unhandled_exception;
    });
#endif
}

} // namespace troupe
