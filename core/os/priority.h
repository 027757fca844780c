// Priority of threads.
#pragma once

namespace headgate::core {

// Lets the calling thread give way to the others of its process from now on. Where the system forbids it, it runs as they do.
void step_back();

// Steps back as far as that goes without giving up its turns altogether: for work that goes on for minutes and is in nobody's way.
// It wakes up without taking a core from anybody.
void step_far_back();

}  // namespace headgate::core
