#include "hub/edge/desk.h"

#include "hub/edge/topics.h"

namespace headgate::hub {

bool EdgeDesk::on_request(const EdgeId& from, const core::Message& request, core::Now now) {
  const auto parsed = parse_edge_request(from, request.topic);
  if (!parsed) return false;
  switch (parsed->kind) {
    case EdgeRequest::Kind::twin_get:
      twins_.get(from, parsed->rid, now);
      break;
    case EdgeRequest::Kind::twin_report:
      twins_.report(from, parsed->rid, request.body, now);
      break;
    case EdgeRequest::Kind::method_answer:
      methods_.on_answer(from, parsed->rid, parsed->status, request.body, now);
      break;
  }
  return true;
}

void EdgeDesk::on_connected(const EdgeId& client, core::Now now) {
  methods_.on_connected(client, now);
  hub_.on_connected(client, now);
}

void EdgeDesk::tick(core::Now now) {
  methods_.tick(now);
  hub_.tick(now, is_known_);
}

core::Status EdgeDesk::find(const EdgeId& id) const { return find_exactly(hub_.named(id)); }

core::Status EdgeDesk::find_exactly(const EdgeId& id) const {
  if (is_known_(id)) return {};
  return core::fail(core::Errc::not_found, "there is no identity '" + id.id() + "'");
}

core::Result<std::string> EdgeDesk::twin(const EdgeId& id) const {
  if (const auto found = find(id); !found) return core::fail(found.error());
  return twins_.twin(hub_.named(id));
}

void EdgeDesk::patch_twin(const EdgeId& id, const std::string& json, OnTwin done) {
  if (const auto found = find(id); !found) return done(core::fail(found.error()));
  const EdgeId named = hub_.named(id);
  twins_.patch_desired(named, json, hub_.after_change(named, std::move(done)));
}

void EdgeDesk::set_twin(const EdgeId& id, const std::string& json, OnTwin done) {
  if (const auto found = find(id); !found) return done(core::fail(found.error()));
  const EdgeId named = hub_.named(id);
  twins_.set_desired(named, json, hub_.after_change(named, std::move(done)));
}

void EdgeDesk::call_method(MethodCall call, OnMethod done) {
  if (const auto found = find(call.target); !found) return done({404, 0, "null", found.error().what});
  methods_.call(std::move(call), clock_.now(), std::move(done));
}

void EdgeDesk::send_to_device(DeviceMessage message, OnSent done) {
  if (const auto found = find_exactly({message.device, {}}); !found) return done(core::fail(found.error()));
  devices_.send(message, std::move(done));
}

void EdgeDesk::forget(const EdgeId& id, OnForgotten done) {
  if (is_known_(id))
    return done(core::fail(core::Errc::invalid,
                           "'" + id.id() + "' is registered; take it out first: headgate identity rm"));
  twins_.remove(id, [this, id, done = std::move(done)](const core::Result<bool>& removed) {
    if (!removed) return done(core::fail(removed.error()));
    const auto purged = id.is_module() ? core::Result<uint64_t>(0) : devices_.purge(id.device);
    if (!purged) return done(core::fail(purged.error()));
    done(ForgottenIdentity{*removed, *purged});
  });
}

}  // namespace headgate::hub
