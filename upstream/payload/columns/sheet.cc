#include "upstream/payload/columns/sheet.h"

#include <algorithm>

#include "upstream/payload/columns/column_writer.h"
#include "upstream/payload/columns/integers.h"

namespace headgate::upstream::columns {
namespace {

constexpr size_t kShapesMax = 256;              // a row's shape is a byte
constexpr size_t kValuesMax = size_t{1} << 24;  // in columns: readers need memory for them

void append_u32(std::string& out, size_t number) {
  for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>(number >> shift);
}

// Columns cost something to describe: a shape must come often to be worth its own.
bool is_regular(const Shape& shape) {
  constexpr size_t kRowsMin = 4;
  constexpr size_t kHolesOfARow = 16;
  return shape.rows.size() >= kRowsMin + shape.holes() / kHolesOfARow;
}

}  // namespace

void Sheet::clear() {
  text_.clear();
  seqs_.clear();
  times_.clear();
  starts_.clear();
  shapes_.clear();
  streams_.clear();
}

void Sheet::add(uint64_t seq, int64_t arrived_ms, std::string_view row) {
  const auto number = static_cast<uint32_t>(seqs_.size());
  starts_.push_back(static_cast<uint32_t>(text_.size()));
  seqs_.push_back(static_cast<int64_t>(seq));
  times_.push_back(arrived_ms);
  text_ += row;
  shapes_.add(number, text_, starts_.back());
}

// Rows whose shape is rare become the values of one shape that is nothing but a hole.
std::vector<Shape> Sheet::take_regular_shapes() {
  std::vector<Shape> regular;
  Shape whole{std::string(1, kHole), {Piece{}, Piece{}}, {}, {}, 0};
  size_t values = 0;
  for (Shape& shape : shapes_.shapes()) {
    values += shape.values.size();
    if (is_regular(shape) && regular.size() + 1 < kShapesMax && values <= kValuesMax) {
      regular.push_back(std::move(shape));
    } else {
      whole.rows.insert(whole.rows.end(), shape.rows.begin(), shape.rows.end());
    }
  }
  std::ranges::sort(whole.rows);
  for (const uint32_t row : whole.rows) {
    const size_t end = row + 1 < starts_.size() ? starts_[row + 1] : text_.size();
    whole.values.push_back({starts_[row], static_cast<uint32_t>(end - starts_[row])});
  }
  if (!whole.rows.empty()) regular.push_back(std::move(whole));
  return regular;
}

void Sheet::write_shapes(const std::vector<Shape>& shapes, std::string& head) {
  for (const Shape& shape : shapes) streams_.put_text(shape.pattern);
  if (shapes.size() > 1) {
    const size_t at = streams_.texts.size();
    streams_.texts.resize(at + seqs_.size());
    for (size_t i = 0; i < shapes.size(); ++i) {
      for (const uint32_t row : shapes[i].rows) streams_.texts[at + row] = static_cast<char>(i);
    }
  }
  for (const Shape& shape : shapes) {
    if (head.back() != '[' && shape.holes() > 0) head += ',';
    ColumnWriter(text_, shape, head, streams_).write();
  }
}

Packed Sheet::pack(std::string_view batch_head) {
  std::string head(batch_head);
  head.append(",\"m\":{\"n\":").append(std::to_string(seqs_.size())).append(",\"i\":");
  write_integers(plan_integers(seqs_, {}), head, streams_);
  head += ",\"t\":";
  write_integers(plan_integers(times_, {}), head, streams_);
  const std::vector<Shape> shapes = take_regular_shapes();
  head.append(",\"shapes\":").append(std::to_string(shapes.size())).append(",\"columns\":[");
  write_shapes(shapes, head);
  head.append("],\"bytes\":[").append(std::to_string(streams_.texts.size())).append(",");
  head.append(std::to_string(streams_.planes.size())).append("]}}");
  const std::string_view bits = streams_.bits.finish();
  content_ = kMagic;
  append_u32(content_, head.size());
  append_u32(content_, streams_.texts.size() + streams_.planes.size() + bits.size());
  content_.append(head).append(streams_.texts);
  Packed packed;
  packed.cuts[0] = content_.size();
  content_.append(streams_.planes);
  packed.cuts[1] = content_.size();
  content_.append(bits);
  packed.content = content_;
  return packed;
}

}  // namespace headgate::upstream::columns
