#include "upstream/clouds/presets.h"

#include "upstream/clouds/sas_token.h"
#include "upstream/payload/batch_form.h"

namespace headgate::upstream {
namespace {

constexpr uint16_t kPlainPort = 1883;
constexpr uint16_t kTlsPort = 8883;
constexpr uint16_t kHttpsPort = 443;
constexpr uint8_t kMqtt311 = 4;
constexpr std::string_view kAzureUser = "/{identity}/?api-version=2021-04-12";
constexpr std::string_view kAwsProtocol = "x-amzn-mqtt-ca";
constexpr uint32_t kAzureBytesMax = 256 * 1024;
constexpr uint32_t kAwsBytesMax = 128 * 1024;
constexpr uint16_t kAwsInFlightMax = 100;  // publishes without an answer, by the quotas of AWS IoT Core

void set_if_empty(std::string& place, std::string value) {
  if (place.empty()) place = std::move(value);
}

void complete_azure(NamedLink& link, const BatchOptions& batch) {
  LinkOptions& to = link.connection;
  to.protocol = kMqtt311;
  to.packet_bytes_max = kAzureBytesMax;
  to.client_id = link.device;
  link.username_form = to.username.empty() ? to.host + std::string(kAzureUser) : to.username;
  to.username = expand_identity(link.username_form, link.device);
  std::string bag = "$.ct=" + percent_encoded(content_type_of(batch.layout));
  if (batch.compression != BatchCompression::none) bag.append("&$.ce=").append(name_of(batch.compression));
  set_if_empty(link.terms.topic, "devices/" + link.device + "/messages/events/" + bag);
  if (!to.has_sas_key()) return;
  to.sas_resource = to.host + "/devices/" + link.device;
  to.renew_after_s = kTokenRenewedS;
}

void complete_aws(NamedLink& link) {
  LinkOptions& to = link.connection;
  to.packet_bytes_max = kAwsBytesMax;
  if (to.in_flight_max == 0 || to.in_flight_max > kAwsInFlightMax) to.in_flight_max = kAwsInFlightMax;
  set_if_empty(to.client_id, link.device);
  if (to.port == kHttpsPort) set_if_empty(to.alpn, std::string(kAwsProtocol));
}

}  // namespace

NamedLink with_preset(NamedLink link, std::string_view hub_id, const BatchOptions& batch) {
  if (link.preset == Preset::generic) return link;
  set_if_empty(link.device, std::string(hub_id));
  if (link.connection.port == kPlainPort) link.connection.port = kTlsPort;
  switch (link.preset) {
    case Preset::generic:
      break;
    case Preset::azure_iot_hub:
      complete_azure(link, batch);
      break;
    case Preset::aws_iot_core:
      complete_aws(link);
      break;
  }
  return link;
}

PresetProblem problem_of_preset(const NamedLink& link) {
  const LinkOptions& to = link.connection;
  if (link.as == SendsAs::identity && link.preset != Preset::azure_iot_hub)
    return {"as", "is \"identity\", which is for \"preset\": \"azure-iot-hub\"; leave it out"};
  if (link.preset == Preset::generic) {
    if (to.has_sas_key()) return {"sas_key_file", "is for \"preset\": \"azure-iot-hub\"; leave it out"};
    if (!link.device.empty()) return {"device", "is for presets of clouds; leave it out, or set client_id"};
    return {};
  }
  if (to.tls.ca_file.empty()) return {"tls.ca_file", "is missing; this cloud takes TLS only"};
  if (link.preset == Preset::aws_iot_core) {
    if (to.tls.cert_file.empty())
      return {"tls.cert_file", "is missing; this cloud knows devices by their certificates"};
    return !to.has_sas_key()
               ? PresetProblem()
               : PresetProblem{"sas_key_file", "is for \"preset\": \"azure-iot-hub\"; leave it out"};
  }
  if (to.has_password()) return {"password_file", "has no meaning here; set sas_key_file, or tls.cert_file"};
  if (!to.has_sas_key() == to.tls.cert_file.empty())
    return {"sas_key_file", "or tls.cert_file, one of them, says who the device is; set one"};
  return {};
}

}  // namespace headgate::upstream
