#include "hub/edge/ca/command.h"

#include "core/text.h"
#include "hub/edge/ca/directory.h"

namespace headgate::hub {

int run_ca(const CaRequest& request, int64_t now_s, std::ostream& out, std::ostream& err) {
  const bool init = request.verb == "init";
  const core::Status done = init ? init_authority(request.dir, request.names, now_s)
                                 : renew_server(request.dir, request.names, now_s);
  const std::string dir = core::printable(request.dir);
  if (!done) {
    err << "headgate: " << core::printable(done.error().what) << '\n';
    return 1;
  }
  if (init)
    out << "listeners: \"cert_file\": \"" << dir << "/" << kServerFile << "\", \"key_file\": \"" << dir << "/"
        << kServerKeyFile << "\"\nfor modules and devices to trust: " << dir << "/" << kAuthorityFile
        << ", as headgate ca export prints it\n";
  else
    out << "made anew: " << dir << "/" << kServerFile << " and " << kServerKeyFile
        << "; headgate reload has the hub use them\n";
  return 0;
}

}  // namespace headgate::hub
