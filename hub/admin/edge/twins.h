// Twins and direct methods of devices and modules of IoT Edge, over the admin API. {name} is D, or D/M percent-encoded.
#pragma once

#include "hub/admin/call.h"

namespace headgate::hub {

// {"desired": {…, "$version"}, "reported": {…, "$version"}}
[[nodiscard]] AdminReply get_twin(const AdminCall& call);
// The body is a patch of desired properties, or all of them; answers with the twin once it is durable.
[[nodiscard]] AdminReply post_patch_twin(const AdminCall& call);
[[nodiscard]] AdminReply post_set_twin(const AdminCall& call);

// Drops the twin of an identity that is registered no more, and the messages for it: {"identity", "twin": true, "messages": n}.
[[nodiscard]] AdminReply post_forget_identity(const AdminCall& call);

// Body and answer as modules have them (hub/edge/methods/body.h); 404: the target is not there, 504: it has not answered in time.
[[nodiscard]] AdminReply post_invoke_method(const AdminCall& call);

}  // namespace headgate::hub
