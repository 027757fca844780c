#include "core/text/build_info.h"

namespace headgate::core {
namespace {

#if defined(__clang__)
constexpr std::string_view kCompiler = "Clang " __clang_version__;
#else
constexpr std::string_view kCompiler = "GCC " __VERSION__;
#endif

}  // namespace

// The macros come from core/CMakeLists.txt.
std::string build_info(std::string_view program) {
  const std::string_view commit = HEADGATE_COMMIT;
  return std::string(program) + " " HEADGATE_VERSION "\nbuilt by " + std::string(kCompiler) +
         " for " HEADGATE_TARGET ", " HEADGATE_BUILD ", commit " +
         (commit.empty() ? "not recorded" : std::string(commit)) + "\nwith " HEADGATE_LIBRARIES;
}

}  // namespace headgate::core
