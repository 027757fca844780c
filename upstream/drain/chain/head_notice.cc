#include "upstream/drain/chain/head_notice.h"

#include "upstream/payload/json_text.h"

namespace headgate::upstream {

HeadNotice::HeadNotice(const store::Identity& identity, const UpstreamOptions& options)
    : identity_(identity),
      stream_(options.stream),
      level_("head/" + options.stream),
      enabled_(options.chain.announce) {}

void HeadNotice::on_link_up(core::Now now) {
  told_ = 0;
  told_at_ms_ = now.mono_ms;
}

bool HeadNotice::has_news(const std::optional<ChainHead>& head) const {
  return enabled_ && head && head->number != told_;
}

int64_t HeadNotice::due_at(const std::optional<ChainHead>& head, bool idle) const {
  if (!has_news(head)) return kNever;
  return idle && told_ == 0 ? 0 : told_at_ms_ + kEveryMs;
}

std::string HeadNotice::take(const ChainHead& head, core::Now now) {
  told_ = head.number;
  told_at_ms_ = now.mono_ms;
  std::string text = "{\"v\":1,\"hub\":";
  append_json_lossy(text, identity_.hub);
  text += ",\"ep\":";
  append_json_lossy(text, identity_.epoch);
  text += ",\"st\":";
  append_json_lossy(text, stream_);
  text += ",\"n\":";
  append_json_number(text, head.number);
  text += ",\"hash\":";
  append_json_base64(text, bytes_of(head.hash));
  text += ",\"sent\":";
  append_json_number(text, now.wall_ms);
  return text += '}';
}

}  // namespace headgate::upstream
