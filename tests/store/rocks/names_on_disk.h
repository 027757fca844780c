// Which names of files and directories a power cut would leave: those that their directory held when it was synced
// last. Whoever syncs it, RocksDB or we, calls fsync(), whose place this takes in the whole program.
#pragma once

#include <string>

namespace headgate::testing {

// One at a time. What lies in `root` when this is made, at any depth, is on the disk.
class NamesOnDisk {
 public:
  explicit NamesOnDisk(std::string root);
  ~NamesOnDisk();
  NamesOnDisk(const NamesOnDisk&) = delete;
  NamesOnDisk& operator=(const NamesOnDisk&) = delete;

  // Removes every name that is not on the disk, with what is below it. Nothing may be open.
  void cut_power();

 private:
  void forget_in(const std::string& dir);

  std::string root_;
};

}  // namespace headgate::testing
