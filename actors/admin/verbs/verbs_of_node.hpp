/// One function per verb, each in the file of its name.
#pragma once

#include "admin/verbs.hpp"

namespace troupe::verbs {

using answer = caf::expected<table>;

answer ask(admin_context&, arguments&);
answer config(admin_context&, arguments&);
answer group(admin_context&, arguments&);
answer lag(admin_context&, arguments&);
answer ls(admin_context&, arguments&);
answer pull(admin_context&, arguments&);
answer send(admin_context&, arguments&);
answer show(admin_context&, arguments&);
answer tell(admin_context&, arguments&);
answer topic(admin_context&, arguments&);

} // namespace troupe::verbs
