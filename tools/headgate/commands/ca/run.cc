#include "tools/headgate/commands/ca/commands.h"
#include "tools/headgate/format.h"
#include "tools/headgate/route_texts.h"

namespace headgate::tools {

int run_ca_verb(const CaTool& tool, const std::string& verb, const CaOptions& options) {
  std::vector<std::string> args = {"--ca", verb, "--ca-dir", options.dir};
  for (const std::string& name : options.names) args.insert(args.end(), {"--ca-name", name});
  const auto answer = tool.ask(args);
  if (!answer) {
    tool.err << "headgate: " << printable(answer.error().what) << '\n';
    return 1;
  }
  tool.out << answer->out;
  tool.err << answer->err;
  return answer->exit_code == 0 ? 0 : 1;
}

int run_ca_export(const CaTool& tool, const CaOptions& options) {
  const std::string path = options.dir + "/ca.pem";
  const auto text = read_text(path);
  if (!text) {
    tool.err << "headgate: " << printable(text.error().what) << "; headgate ca init makes an authority\n";
    return 1;
  }
  // A key that came into that file by mistake is not for others.
  if (text->find("PRIVATE KEY") != std::string::npos ||
      text->find("BEGIN CERTIFICATE") == std::string::npos) {
    tool.err << "headgate: " << printable(path) << ": holds something else than a certificate (PEM)\n";
    return 1;
  }
  tool.out << *text;
  return 0;
}

}  // namespace headgate::tools
