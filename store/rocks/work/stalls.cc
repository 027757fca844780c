#include "store/rocks/work/stalls.h"

namespace headgate::store {

void Stalls::tick(core::Now now) {
  for (Watched& watched : watched_) look(watched, now);
}

std::vector<std::string> Stalls::hanging() const {
  std::vector<std::string> names;
  for (const Watched& watched : watched_)
    if (watched.watch.hangs()) names.emplace_back(watched.name);
  return names;
}

void Stalls::look(Watched& watched, core::Now now) {
  const auto verdict = watched.watch.look(store_.background.progress(watched.thread), now.mono_ms);
  if (verdict.sign == StallWatch::Sign::waits)
    store_.log.error("store_waits",
                     {{"thread", watched.name},
                      {"for_ms", verdict.for_ms},
                      {"effect", "what needs it waits too; SIGTERM ends the hub all the same"}});
  if (verdict.sign == StallWatch::Sign::goes_on)
    store_.log.warn("store_goes_on", {{"thread", watched.name}, {"after_ms", verdict.for_ms}});
}

}  // namespace headgate::store
