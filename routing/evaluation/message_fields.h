// A core::Message as conditions see it.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "core/message.h"
#include "routing/evaluation/fields.h"
#include "routing/evaluation/json_body.h"

namespace headgate::routing {

// Owned by the caller and used for one message after the other: bind() it first. Values view the
// message and this object until the next bind().
class MessageFields final : public Fields {
 public:
  // `message` must outlive the use of its fields. Nothing is parsed yet.
  void bind(const core::Message& message) noexcept;

  [[nodiscard]] Value property(std::string_view name) const noexcept override;
  [[nodiscard]] Value system_property(std::string_view name) noexcept override;
  [[nodiscard]] Value body(const BodyPath& path, BodyMode mode) noexcept override;
  [[nodiscard]] std::string_view body_json(const BodyPath& path, BodyMode mode) noexcept override;
  [[nodiscard]] std::string_view body_value(const BodyPath& path, BodyMode mode) noexcept override;
  [[nodiscard]] Change twin_change(const BodyPath& path, BodyMode mode) noexcept override;
  [[nodiscard]] Value topic_level(int level) noexcept override;
  [[nodiscard]] Value payload(BodyMode mode) noexcept override;

  // Why body() could not read the bound message, as the end of a sentence that begins with "the body";
  // empty: it could, or was not asked. Lives for ever.
  [[nodiscard]] std::string_view body_problem() const noexcept { return problem_; }

 private:
  enum class Parsed : uint8_t { not_yet, object, no };

  [[nodiscard]] Value bag_property(std::string_view name) const noexcept;
  [[nodiscard]] std::string_view content_type() const noexcept;
  [[nodiscard]] std::string_view content_encoding() const noexcept;
  [[nodiscard]] std::string_view module_id() const noexcept;
  [[nodiscard]] std::string_view device_id() const noexcept;
  [[nodiscard]] std::string_view output_name() const noexcept;
  [[nodiscard]] std::string_view enqueued_time() noexcept;
  [[nodiscard]] bool may_be_json(BodyMode mode) const noexcept;
  [[nodiscard]] std::optional<TextEncoding> encoding(BodyMode mode) const noexcept;
  bool parse(TextEncoding text) noexcept;
  bool can_read_body(BodyMode mode) noexcept;

  const core::Message* message_ = nullptr;
  JsonBody json_;
  Parsed parsed_ = Parsed::not_yet;
  std::string_view problem_;
  std::array<char, 32> time_{};
};

}  // namespace headgate::routing
