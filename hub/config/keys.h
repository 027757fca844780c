// The tables behind hub/config/config.h: every key that headgate.json may hold, with the member it sets.
#pragma once

#include <functional>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "hub/config/config.h"

namespace headgate::hub {

// A key's value in an Owner.
template <class Owner, class T>
using Ref = std::function<T&(Owner&)>;

// A whole number in an Owner, whatever the type and unit of its member.
template <class Owner>
struct Number {
  std::function<uint64_t(Owner&)> get;
  std::function<void(Owner&, uint64_t)> set;
  uint64_t max = 0;  // the largest that the member holds
};

// A file mode, which is written in octal.
template <class Owner>
struct Octal {
  Number<Owner> number;
};

template <class Owner>
using Slot = std::variant<
    Ref<Owner, bool>, Number<Owner>, Octal<Owner>, Ref<Owner, std::string>, Ref<Owner, core::SecretSource>,
    Ref<Owner, std::vector<std::string>>, Ref<Owner, core::LogLevel>, Ref<Owner, LogFormat>,
    Ref<Owner, PartLevels>, Ref<Owner, broker::Transport>, Ref<Owner, broker::CertificateIdentity>,
    Ref<Owner, broker::TlsVersion>, Ref<Owner, broker::Dialect>, Ref<Owner, core::OnFull>,
    Ref<Owner, store::LaneMode>, Ref<Owner, upstream::NoSubscriber>, Ref<Owner, upstream::BatchLayout>,
    Ref<Owner, upstream::BatchCompression>, Ref<Owner, upstream::Mode>, Ref<Owner, upstream::LinkCost>,
    Ref<Owner, upstream::Connect>, Ref<Owner, upstream::DrainOrder>, Ref<Owner, upstream::Preset>,
    Ref<Owner, upstream::SendsAs>, Ref<Owner, upstream::Acknowledgement>,
    Ref<Owner, std::vector<upstream::NamedLink>>, Ref<Owner, std::vector<upstream::DownstreamTopic>>,
    Ref<Owner, Anonymous>, Ref<Owner, store::Durability>, Ref<Owner, std::vector<ListenerConfig>>,
    Ref<Owner, routing::RouteFile>, Ref<Owner, std::vector<IdentityPattern>>,
    Ref<Owner, std::vector<AccessRule>>>;

enum class Unit { none, bytes, seconds, milliseconds };

// Form that a text must have, and which words of an enum are allowed if not all are. `allowed` completes the sentence "allowed: …".
struct TextRule {
  bool (*ok)(std::string_view text) = nullptr;  // null: any text
  std::string_view allowed;
};

// When a changed value is used.
enum class Takes : uint8_t { by_restart, at_once };

template <class Owner>
struct Key {
  std::string_view path;  // "limits.connect_timeout_s"
  Slot<Owner> slot;
  std::string_view doc;  // one sentence, for the reference
  Unit unit = Unit::none;
  uint64_t min = 0;  // of numbers, and of the entries of lists
  uint64_t max = 0;
  TextRule rule = {};               // of texts
  Takes takes = Takes::by_restart;  // a reload takes over what it takes at once, and nothing else
};

[[nodiscard]] const std::vector<Key<Config>>& config_keys();
[[nodiscard]] const std::vector<Key<ListenerConfig>>& listener_keys();               // listener_keys.cc
[[nodiscard]] const std::vector<Key<upstream::NamedLink>>& link_keys();              // link_keys.cc
[[nodiscard]] const std::vector<Key<upstream::DownstreamTopic>>& downstream_keys();  // downstream_keys.cc

// The values of an enum as the config writes them: of core::LogLevel, LogFormat, broker::Transport,
// broker::CertificateIdentity, broker::TlsVersion, broker::Dialect, core::OnFull, store::LaneMode, upstream::NoSubscriber,
// upstream::BatchLayout, upstream::BatchCompression, upstream::Mode, upstream::LinkCost, upstream::Connect,
// upstream::DrainOrder, upstream::Preset, upstream::SendsAs and upstream::Acknowledgement.
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
std::span<const EnumName<LogFormat>> enum_names();
template <>
std::span<const EnumName<broker::Transport>> enum_names();
template <>
std::span<const EnumName<broker::CertificateIdentity>> enum_names();
template <>
std::span<const EnumName<broker::TlsVersion>> enum_names();
template <>
std::span<const EnumName<broker::Dialect>> enum_names();
template <>
std::span<const EnumName<core::OnFull>> enum_names();
template <>
std::span<const EnumName<store::LaneMode>> enum_names();
template <>
std::span<const EnumName<upstream::NoSubscriber>> enum_names();
template <>
std::span<const EnumName<upstream::BatchLayout>> enum_names();
template <>
std::span<const EnumName<upstream::BatchCompression>> enum_names();
template <>
std::span<const EnumName<upstream::Mode>> enum_names();
template <>
std::span<const EnumName<upstream::LinkCost>> enum_names();
template <>
std::span<const EnumName<upstream::Connect>> enum_names();
template <>
std::span<const EnumName<upstream::DrainOrder>> enum_names();
template <>
std::span<const EnumName<upstream::Preset>> enum_names();
template <>
std::span<const EnumName<upstream::SendsAs>> enum_names();
template <>
std::span<const EnumName<upstream::Acknowledgement>> enum_names();

template <class E>
[[nodiscard]] std::string_view enum_name(E value) {
  for (const auto& known : enum_names<E>()) {
    if (known.value == value) return known.name;
  }
  return "";
}

// The place reached through a chain of members: a Number, or a Ref to what else it is.
template <class Owner, class First, class... Rest>
auto at(First Owner::*first, Rest... rest) {
  using T = std::remove_reference_t<decltype(((std::declval<Owner&>().*first).*....*rest))>;
  const auto place = [=](Owner& owner) -> T& { return ((owner.*first).*....*rest); };
  if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
    return Number<Owner>{[=](Owner& owner) { return static_cast<uint64_t>(place(owner)); },
                         [=](Owner& owner, uint64_t value) { place(owner) = static_cast<T>(value); },
                         static_cast<uint64_t>(std::numeric_limits<T>::max())};
  } else {
    return Ref<Owner, T>(place);
  }
}

// A key in seconds for a member in milliseconds.
template <class Owner>
Number<Owner> in_seconds(Number<Owner> ms) {
  return {[get = ms.get](Owner& owner) { return get(owner) / 1000; },
          [set = ms.set](Owner& owner, uint64_t value) { set(owner, value * 1000); }, ms.max / 1000};
}

template <class Owner>
Octal<Owner> octal(Number<Owner> mode) {
  return {std::move(mode)};
}

// "1048576" with Unit::bytes is "1MiB"; other units append theirs.
[[nodiscard]] std::string with_unit(uint64_t value, Unit unit);

// "sync" | "interval:<ms>" | "memory". Errors: invalid; `what` says what is allowed.
[[nodiscard]] core::Result<store::Durability> parse_durability(std::string_view text);

}  // namespace headgate::hub
