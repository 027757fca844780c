// Any bytes against every decoder of the codec.
#pragma once

#include <string_view>

namespace headgate::fuzz {

// The first byte chooses the version and where the rest, a client's stream, is cut into reads. Aborts if the
// reads make a difference, if a packet is read beyond its end, or if what was decoded does not survive being
// encoded and decoded again.
void run_codec(std::string_view input);

}  // namespace headgate::fuzz
