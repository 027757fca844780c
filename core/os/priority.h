// Priority of threads.
#pragma once

namespace headgate::core {

// Lets the calling thread give way to the others of its process from now on. Where the system forbids it, it runs as they do.
void step_back();

}  // namespace headgate::core
