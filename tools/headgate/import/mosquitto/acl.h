// Mosquitto's acl_file.
#pragma once

#include <string>
#include <string_view>

#include "tools/headgate/import/access_draft.h"
#include "tools/headgate/import/draft.h"

namespace headgate::tools::mosquitto {

// Takes the lines of an acl_file over as rules.
void import_acl(std::string_view text, const std::string& file, AccessDraft& rules, Imported& out);

}  // namespace headgate::tools::mosquitto
