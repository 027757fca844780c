// Bytes of a TCP connection on the wire, as the kernel counts them.
#pragma once

#include <cstdint>

namespace headgate::upstream {

// Counts both ways: data with what was sent again, and the headers of each segment, of IP and TCP, with or without timestamps.
// Read it before the socket is closed. 0: it is no TCP socket.
[[nodiscard]] uint64_t wire_bytes_of(int socket);

// The segments that end a connection come after wire_bytes_of(), both ways.
[[nodiscard]] uint64_t wire_bytes_of_end(int socket);

// For attempts whose socket nobody got to see: a few SYN packets, and with TLS a handshake that failed at its end.
inline constexpr uint64_t kFailedConnectBytes = 400;
inline constexpr uint64_t kFailedHandshakeBytes = 6500;

}  // namespace headgate::upstream
