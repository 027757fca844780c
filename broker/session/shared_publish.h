// A message on its way to many subscribers, encoded once for all who get the same bytes.
#pragma once

#include <array>
#include <optional>
#include <utility>

#include "broker/codec/packets/publish.h"
#include "core/message.h"

namespace headgate::broker {

// Lives on the stack of whoever fans a message out. The first subscriber of a form is encoded straight into
// its buffer; from the second on a template is made and copied.
class SharedPublish {
 public:
  explicit SharedPublish(core::MessagePtr message) : message_(std::move(message)) {}

  [[nodiscard]] const core::MessagePtr& message() const { return message_; }

  // The template for this form, or null for its first use. Only for subscribers without subscription
  // identifiers. `expiry_s`, what remains of the message's life, is the same for all: they get it now.
  const PublishTemplate* form(Version version, uint8_t qos, bool retain, std::optional<uint32_t> expiry_s) {
    Form& form = forms_[(version == Version::v5 ? 6u : 0u) + qos * 2u + (retain ? 1u : 0u)];
    if (!form.used) {
      form.used = true;
      return nullptr;
    }
    if (!form.packet) {
      PublishOptions options;
      options.qos = qos;
      options.retain = retain;
      options.expiry_s = expiry_s;
      form.packet.emplace(*message_, options, version);
    }
    return &*form.packet;
  }

 private:
  struct Form {
    bool used = false;
    std::optional<PublishTemplate> packet;
  };
  core::MessagePtr message_;
  std::array<Form, 12> forms_;
};

}  // namespace headgate::broker
