#include "tests/support/daemon/identities.h"

#include "hub/edge/identities/registry.h"

namespace headgate::testing {

std::string registered_identities(const std::string& path) {
  const auto file = hub::IdentityFile::load(path);
  if (!file) return file.error().what;
  std::string ids;
  for (const auto& [id, identity] : file->all())
    if (identity.enabled) ids.append(ids.empty() ? "" : " ").append(id.id());
  return ids;
}

}  // namespace headgate::testing
