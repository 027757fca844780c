// How many enumerators an enum has, for arrays by enumerator.
#pragma once

#include <cstddef>
#include <type_traits>

namespace headgate::core {

// Counts what the enum's constexpr name_of() has a name for, from 0 on without a hole. name_of() is a switch
// without default: a new enumerator does not compile before it has a name, and with the name arrays grow.
template <typename Enum>
requires std::is_enum_v<Enum>
consteval size_t enum_count() {
  size_t count = 0;
  while (!name_of(static_cast<Enum>(count)).empty()) ++count;
  return count;
}

}  // namespace headgate::core
