// Reads from the head of a batch which hubs it came from: the one that sent it, and those whose batches are among its
// messages. So a hub knows what it has sent itself, however it comes back. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"
#include "core/message.h"

namespace headgate::upstream {

// Hubs that a batch names as its own or under "via"; the first is the sender.
using Origin = std::vector<std::string>;

// A batch says on its own which hubs it went through, at most so many.
inline constexpr size_t kViaMax = 16;

// Whether a message may be a batch, by what costs nothing to look at: its content type and its first bytes.
[[nodiscard]] bool may_be_batch(const core::Message& message);

// Empty if the body is no batch of this format. Decompresses the head only: some 20 µs, or what zstd takes for one block
// of at most 128 KiB.
[[nodiscard]] Origin origin_of(core::Bytes body);

// Whether the message is a batch that `hub` has sent, or that holds one.
[[nodiscard]] bool came_from(const core::Message& message, std::string_view hub);

// Whether the message is a note of a hub on the end of its chain (HeadNotice). It is for readers at the broker that it was
// published to: a hub that sent it on would make a batch, and so a further note, for ever.
[[nodiscard]] bool is_chain_head(const core::Message& message);

}  // namespace headgate::upstream
