// `headgate doctor`: the usual mistakes, each with what to do.
#pragma once

#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "tools/headgate/admin_client.h"
#include "tools/headgate/daemon.h"
#include "tools/headgate/doctor/findings.h"

namespace headgate::tools {

struct DoctorOptions {
  std::string data = {};    // the data directory; empty: the hub's own says where it is
  std::string config = {};  // empty: files that it names are not looked at
  std::string socket = {};  // of the hub; empty: it may be on another machine
  std::string hub = {};     // as people name it
};

struct Doctor {
  AdminClient& hub;
  AskDaemon ask;
  std::ostream& out;
  std::ostream& err;
  bool json = false;
};

// Looks at the hub, if it answers, and at its machine. Exit code 1 if there is a warning or an error, or nothing to look at.
int run_doctor(const Doctor& doctor, const DoctorOptions& options);

// Prints findings, the worst first. Exit code 1 if there is a warning or an error.
int show_findings(std::vector<Diagnosis> findings, bool json, std::ostream& out);

}  // namespace headgate::tools
