// The process's table of file descriptors.
#pragma once

#include <cstddef>

namespace headgate::hub {

// Makes room in the table for `count` descriptors, or for as many as the process may have. Linux grows the table when
// a descriptor beyond it is made; in a process with threads it waits for an RCU grace period then, 10 to 30 ms. A
// crowd of clients would make it grow several times while the loop accepts, and everybody else would wait as
// long. Call before the first thread is started. A table that cannot grow is no error: it grows later.
void reserve_descriptors(size_t count);

}  // namespace headgate::hub
