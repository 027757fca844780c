#include "upstream/drain/chain/plan.h"

#include <algorithm>

#include "store/format/varint.h"

namespace headgate::upstream {
namespace {

using store::Decoder;

constexpr uint8_t kPlanVersion = 1;
constexpr uint8_t kPlanVersionOutOfOrder = 2;  // where its mark says that ids do not ascend
constexpr uint8_t kChainEndVersion = 1;
constexpr char kAfterStream = '\0';

core::Unexpected unreadable(std::string_view key) {
  return core::fail(core::Errc::corrupt, "the stored value '" + std::string(key) + "' cannot be read");
}

void put_digest(std::string& out, const Digest& digest) { out.append(bytes_of(digest)); }

Digest read_digest(Decoder& in) {
  Digest digest{};
  const core::Bytes bytes = in.bytes(digest.size());
  std::ranges::copy(bytes, digest.begin());
  return digest;
}

void put_numbers(std::string& out, const Numbers& numbers) {
  store::put_varint(out, numbers.first);
  store::put_varint(out, numbers.last - numbers.first);
}

Numbers read_numbers(Decoder& in) {
  const uint64_t first = in.varint();
  return {first, first + in.varint()};
}

void put_given_up(std::string& out, const GivenUp& given_up) {
  put_numbers(out, given_up.numbers);
  store::put_varint(out, given_up.after);
  put_digest(out, given_up.after_hash);
}

GivenUp read_given_up(Decoder& in) {
  const Numbers numbers = read_numbers(in);
  const uint64_t after = in.varint();
  return {numbers, after, read_digest(in)};
}

void put_mark(std::string& out, const Mark& mark) {
  store::put_varint(out, mark.number);
  store::put_varint(out, mark.after);
  put_digest(out, mark.after_hash);
  store::put_varint(out, mark.instead_of.size());
  for (const GivenUp& given_up : mark.instead_of) put_given_up(out, given_up);
}

Mark read_mark(Decoder& in) {
  Mark mark;
  mark.number = in.varint();
  mark.after = in.varint();
  mark.after_hash = read_digest(in);
  for (uint64_t left = in.varint(); left > 0 && in.ok(); --left) mark.instead_of.push_back(read_given_up(in));
  return mark;
}

void put_form(std::string& out, const BatchForm& form) {
  store::put_u8(out, static_cast<uint8_t>(form.layout));
  store::put_u8(out, static_cast<uint8_t>(form.compression));
  store::put_u8(out, static_cast<uint8_t>(form.zstd_level));
}

BatchForm read_form(Decoder& in) {
  BatchForm form;
  form.layout = in.u8() == 0 ? BatchLayout::rows : BatchLayout::columns;
  form.compression = in.u8() == 0 ? BatchCompression::zstd : BatchCompression::none;
  form.zstd_level = in.u8();
  return form;
}

void put_gap(std::string& out, const store::Gap& gap) {
  store::put_varint(out, gap.from);
  store::put_varint(out, gap.to - gap.from);
  store::put_varint(out, gap.count);
  store::put_u8(out, static_cast<uint8_t>(gap.why));
  store::put_varint(out, gap.into_from);
  store::put_varint(out, gap.into_to - gap.into_from);
}

store::Gap read_gap(Decoder& in) {
  store::Gap gap;
  gap.from = in.varint();
  gap.to = gap.from + in.varint();
  gap.count = in.varint();
  gap.why = static_cast<store::Outcome>(in.u8());
  gap.into_from = in.varint();
  gap.into_to = gap.into_from + in.varint();
  return gap;
}

}  // namespace

std::string plan_prefix(std::string_view stream) {
  return std::string("upstream-plan/").append(stream) + kAfterStream;
}

store::KeyValue put_plan(std::string_view stream, const Plan& plan) {
  std::string value;
  const bool is_in_order = !plan.mark.ahead && plan.mark.over == 0;
  store::put_u8(value, is_in_order ? kPlanVersion : kPlanVersionOutOfOrder);
  put_mark(value, plan.mark);
  put_digest(value, plan.content);
  store::put_u8(value, plan.lane);
  store::put_varint(value, plan.first);
  store::put_varint(value, plan.last - plan.first);
  store::put_varint(value, plan.messages);
  store::put_varint(value, static_cast<uint64_t>(plan.sent_ms));
  store::put_u8(value, plan.clock_right ? 1 : 0);
  put_form(value, plan.form);
  store::put_varint(value, plan.gaps.size());
  for (const store::Gap& gap : plan.gaps) put_gap(value, gap);
  if (!is_in_order) {
    store::put_u8(value, plan.mark.ahead ? 1 : 0);
    store::put_varint(value, plan.mark.over);
  }
  return {plan_prefix(stream) + store::u64_bytes(plan.mark.number), std::move(value)};
}

store::KeyValue erase_plan(std::string_view stream, uint64_t number) {
  return {plan_prefix(stream) + store::u64_bytes(number), std::nullopt};
}

core::Result<Plan> read_plan(std::string_view key, std::string_view value) {
  Decoder in(value);
  const uint8_t version = in.u8();
  if (version != kPlanVersion && version != kPlanVersionOutOfOrder) return unreadable(key);
  Plan plan;
  plan.mark = read_mark(in);
  plan.content = read_digest(in);
  plan.lane = in.u8();
  plan.first = in.varint();
  plan.last = plan.first + in.varint();
  plan.messages = in.varint();
  plan.sent_ms = static_cast<int64_t>(in.varint());
  plan.clock_right = in.u8() != 0;
  plan.form = read_form(in);
  for (uint64_t left = in.varint(); left > 0 && in.ok(); --left) plan.gaps.push_back(read_gap(in));
  if (version == kPlanVersionOutOfOrder) {
    plan.mark.ahead = in.u8() != 0;
    plan.mark.over = in.varint();
  }
  if (!in.at_end() || plan.lane >= store::kLaneCount) return unreadable(key);
  return plan;
}

std::string chain_end_key(std::string_view stream) { return std::string("upstream-chain/").append(stream); }

store::KeyValue put_chain_end(std::string_view stream, const ChainEnd& end) {
  std::string value;
  store::put_u8(value, kChainEndVersion);
  store::put_string(value, end.epoch);
  store::put_varint(value, end.number);
  put_digest(value, end.hash);
  store::put_varint(value, end.abandoned.size());
  for (const Abandoned& each : end.abandoned) {
    put_given_up(value, each.given_up);
    store::put_varint(value, each.declared_in);
  }
  for (const store::Seq begun : end.begun) store::put_varint(value, begun);
  return {chain_end_key(stream), std::move(value)};
}

core::Result<ChainEnd> read_chain_end(std::string_view key, std::string_view value) {
  Decoder in(value);
  if (in.u8() != kChainEndVersion) return unreadable(key);
  ChainEnd end;
  end.epoch = in.string();
  end.number = in.varint();
  end.hash = read_digest(in);
  for (uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
    const GivenUp given_up = read_given_up(in);
    end.abandoned.push_back({given_up, in.varint()});
  }
  for (store::Seq& begun : end.begun) begun = in.varint();
  if (!in.at_end()) return unreadable(key);
  return end;
}

}  // namespace headgate::upstream
