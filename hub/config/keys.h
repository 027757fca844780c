// The table behind hub/config/config.h: every key that headgate.json may hold.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "hub/config/config.h"

namespace headgate::hub {

// Where a key's value lives in an Owner.
template <class Owner, class T>
using Ref = std::function<T&(Owner&)>;

template <class Owner>
using Slot =
    std::variant<Ref<Owner, bool>, Ref<Owner, uint16_t>, Ref<Owner, uint32_t>, Ref<Owner, uint64_t>,
                 Ref<Owner, std::string>, Ref<Owner, std::vector<std::string>>, Ref<Owner, core::LogLevel>,
                 Ref<Owner, broker::Transport>, Ref<Owner, broker::CertificateIdentity>,
                 Ref<Owner, broker::TlsVersion>, Ref<Owner, core::OnFull>, Ref<Owner, store::LaneMode>,
                 Ref<Owner, Anonymous>, Ref<Owner, store::Durability>,
                 Ref<Owner, std::vector<ListenerConfig>>, Ref<Owner, routing::RouteFile>,
                 Ref<Owner, std::vector<IdentityPattern>>, Ref<Owner, std::vector<AccessRule>>>;

enum class Unit { none, bytes, seconds, milliseconds };

// What a text must look like, and which words of an enum are allowed if not all are. `allowed` completes the sentence "allowed: …".
struct TextRule {
  bool (*ok)(std::string_view text) = nullptr;  // null: any text
  std::string_view allowed;
};

template <class Owner>
struct Key {
  std::string_view path;  // "limits.connect_timeout_s"
  Slot<Owner> slot;
  std::string_view doc;  // one sentence, for the reference
  Unit unit = Unit::none;
  uint64_t min = 0;  // of numbers, and of the entries of lists
  uint64_t max = 0;
  TextRule rule = {};  // of texts
};

[[nodiscard]] const std::vector<Key<Config>>& config_keys();
[[nodiscard]] const std::vector<Key<ListenerConfig>>& listener_keys();  // listener_keys.cc

// The values of an enum as the config writes them: of core::LogLevel, broker::Transport,
// broker::CertificateIdentity, broker::TlsVersion, core::OnFull and store::LaneMode.
template <class E>
struct EnumName {
  std::string_view name;
  E value;
};
template <class E>
[[nodiscard]] std::span<const EnumName<E>> enum_names();
template <>
std::span<const EnumName<core::LogLevel>> enum_names();
template <>
std::span<const EnumName<broker::Transport>> enum_names();
template <>
std::span<const EnumName<broker::CertificateIdentity>> enum_names();
template <>
std::span<const EnumName<broker::TlsVersion>> enum_names();
template <>
std::span<const EnumName<core::OnFull>> enum_names();
template <>
std::span<const EnumName<store::LaneMode>> enum_names();

template <class E>
[[nodiscard]] std::string_view enum_name(E value) {
  for (const auto& known : enum_names<E>()) {
    if (known.value == value) return known.name;
  }
  return "";
}

// The place reached through a chain of members.
template <class Owner, class First, class... Rest>
auto at(First Owner::*first, Rest... rest) {
  using T = std::remove_reference_t<decltype(((std::declval<Owner&>().*first).*....*rest))>;
  return Ref<Owner, T>([=](Owner& owner) -> T& { return ((owner.*first).*....*rest); });
}

// "1048576" with Unit::bytes is "1MiB"; other units append theirs.
[[nodiscard]] std::string with_unit(uint64_t value, Unit unit);

// "sync" | "interval:<ms>" | "memory". Errors: invalid; `what` says what is allowed.
[[nodiscard]] core::Result<store::Durability> parse_durability(std::string_view text);

}  // namespace headgate::hub
