/// One function per verb, each in the file of its name.
#pragma once

#include "admin/verbs.hpp"

namespace troupe::verbs {

using answer = caf::expected<table>;

answer ask(admin_context&, arguments&);
answer config(admin_context&, arguments&);
answer consume(admin_context&, arguments&);
answer dlq(admin_context&, arguments&);
answer explain(admin_context&, arguments&);
answer group(admin_context&, arguments&);
answer kill(admin_context&, arguments&);
answer lag(admin_context&, arguments&);
answer ls(admin_context&, arguments&);
answer offset(admin_context&, arguments&);
answer pause(admin_context&, arguments&);
answer plugin(admin_context&, arguments&);
answer ps(admin_context&, arguments&);
answer pull(admin_context&, arguments&);
answer resume(admin_context&, arguments&);
answer send(admin_context&, arguments&);
answer show(admin_context&, arguments&);
answer spawn(admin_context&, arguments&);
answer tap(admin_context&, arguments&);
answer tell(admin_context&, arguments&);
answer timers(admin_context&, arguments&);
answer topic(admin_context&, arguments&);
answer tree(admin_context&, arguments&);
answer tx(admin_context&, arguments&);
answer types(admin_context&, arguments&);
answer unspawn(admin_context&, arguments&);
answer where(admin_context&, arguments&);

} // namespace troupe::verbs
