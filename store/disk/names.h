// Names on the disk. A file that was synced is there after a power cut only if its name is too, and that is for
// the directory to keep: POSIX lets a new, renamed or removed name be forgotten until its directory was synced.
// Whoever rests a promise on a file calls one of these before he gives it. Blocking; on any thread.
#pragma once

#include <string>

#include "core/result.h"

namespace headgate::store {

// Makes `dir`, and what is missing above it. Every name up to the first directory that was there before is on the
// disk then, as are those above it that can be synced: they may be left of an attempt that was cut short.
// Errors: io, full.
[[nodiscard]] core::Status make_directories(const std::string& dir);

// The bytes of the file `path` are on the disk then. Errors: io, full.
[[nodiscard]] core::Status sync_file(const std::string& path);

// Every name in `dir` is on the disk then. Errors: io, full.
[[nodiscard]] core::Status sync_directory(const std::string& dir);

// The name `path` is on the disk then, or gone from it. Where its directory may be written but not read, the whole
// file system is synced. Errors: io, full.
[[nodiscard]] core::Status sync_name(const std::string& path);

}  // namespace headgate::store
