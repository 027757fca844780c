// The process's table of file descriptors.
#pragma once

#include <cstddef>

namespace headgate::hub {

// Makes room in the table for `count` descriptors, or for as many as the process may have. Linux grows the table when
// a descriptor beyond it is made; in a process with threads it waits for an RCU grace period then, 10 to 30 ms. A
// crowd of clients would make it grow several times while the loop accepts, and everybody else would wait as
// long. Call before the first thread is started. A table that cannot grow is no error: it grows later.
void reserve_descriptors(size_t count);

// Raises what this process may open to `wanted`, or as far as the system lets it. Returns how much that is;
// `wanted` where the system does not tell.
[[nodiscard]] size_t raise_descriptor_limit(size_t wanted);

// Who may open how many. What the hub needs for itself (store, log, link, listeners, admin clients) comes first: a store
// that cannot open its next file stores nothing.
struct DescriptorShares {
  size_t tables_open_max = 0;  // files of the store's backlog
  size_t connections_max = 0;  // clients
};
[[nodiscard]] DescriptorShares share_descriptors(size_t limit, const DescriptorShares& wanted);
// Counts what is needed for all that is wanted.
[[nodiscard]] size_t descriptors_for(const DescriptorShares& wanted);

}  // namespace headgate::hub
