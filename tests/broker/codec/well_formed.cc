#include "tests/broker/codec/well_formed.h"

namespace headgate::testing {

using enum broker::Version;

std::vector<WellFormedCase> well_formed_corpus() {
  return {
      {"CONNECT", v3_1_1, "10 (<'MQTT'> 04 02 003C <'c'>)"},
      {"CONNECT without client id", v3_1_1, "10 (<'MQTT'> 04 00 0000 <>)"},
      {"CONNECT with everything", v3_1_1, "10 (<'MQTT'> 04 F6 FFFF <'c'> <'w'> <'bye'> <'u'> <00 FF>)"},
      {"CONNECT", v5, "10 (<'MQTT'> 05 02 003C () <'c'>)"},
      {"CONNECT with a password alone", v5, "10 (<'MQTT'> 05 42 003C () <'c'> <'p'>)"},
      {"CONNECT with everything", v5,
       "10 (<'MQTT'> 05 EE 003C (11 FFFFFFFF 21 0014 27 00010000 22 000A 19 01 17 00 26 <'k'> <'v'> 26 <'k'> "
       "<'v'> "
       "15 <'m'> 16 <'d'>) <'c'> (18 00000005 01 01 02 0000003C 03 <'text'> 08 <'r'> 09 <00> 26 <'k'> <>) "
       "<'w'> "
       "<'bye'> <'u'> <'p'>)"},
      {"PUBLISH", v3_1_1, "30 (<'a/b'>)", {}, true},
      {"PUBLISH with QoS 1", v3_1_1, "33 (<'a/b'> 0001)", {}, true},
      {"PUBLISH again", v3_1_1, "3C (<'a/b'> FFFF)", {}, true},
      {"PUBLISH", v5, "30 (<'a/b'> ())", {}, true},
      {"PUBLISH in several languages", v5, "30 (<C3 A4 '/' E2 82 AC '/' F0 9F 98 80> ())", {}, true},
      {"PUBLISH with alias alone", v5, "30 (<> (23 0001))", {}, true},
      {"PUBLISH with everything",
       v5,
       "34 (<'a/b'> 0007 (01 00 02 00000000 23 FFFF 08 <'r/1'> 09 <> 26 <> <> 26 <'k'> <'v'> 03 "
       "<'text/plain'>))",
       {},
       true},
      {"PUBACK", v3_1_1, "40 (0001)"},
      {"PUBACK", v5, "40 (0001)", {}, true},
      {"PUBACK with reason", v5, "40 (0001 10)", {2}, true},
      {"PUBREC with everything", v5, "50 (0001 97 (1F <'full'> 26 <'k'> <'v'>))", {2, 3}},
      {"PUBREL", v3_1_1, "62 (0001)"},
      {"PUBREL with everything", v5, "62 (0001 92 (1F <'gone'> 26 <'k'> <'v'>))", {2, 3}},
      {"PUBCOMP with everything", v5, "70 (0001 00 (1F <'ok'>))", {2, 3}},
      {"SUBSCRIBE", v3_1_1, "82 (0001 <'a/+'> 02)"},
      {"SUBSCRIBE to two", v3_1_1, "82 (0001 <'a'> 00 <'#'> 01)", {6}},
      {"SUBSCRIBE", v5, "82 (0001 () <'$share/g/a/#'> 2A)"},
      {"SUBSCRIBE with everything", v5, "82 (0001 (0B FFFFFF7F 26 <'k'> <'v'>) <'+'> 1E)"},
      {"UNSUBSCRIBE", v3_1_1, "A2 (0001 <'a/+'>)"},
      {"UNSUBSCRIBE from two", v5, "A2 (0001 (26 <'k'> <'v'>) <'a'> <'$share/g/a'>)", {13}},
      {"PINGREQ", v5, "C0 ()"},
      {"DISCONNECT", v3_1_1, "E0 ()"},
      {"DISCONNECT", v5, "E0 ()", {}, true},
      {"DISCONNECT with everything", v5, "E0 (04 (11 00000000 1F <'bye'> 26 <'k'> <'v'>))", {0, 1}},
      {"AUTH", v5, "F0 (18 (15 <'m'> 16 <'d'> 1F <'next'> 26 <'k'> <'v'>))"},
  };
}

}  // namespace headgate::testing
