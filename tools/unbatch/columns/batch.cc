#include "tools/unbatch/columns/batch.h"

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "tools/unbatch/columns/column.h"
#include "tools/unbatch/columns/input.h"
#include "tools/unbatch/columns/integers.h"

namespace headgate::tools::columns {
namespace {

using Json = nlohmann::json;

constexpr size_t kPreambleBytes = 12;
constexpr size_t kRowsMax = size_t{1} << 20;
constexpr size_t kShapesMax = 256;
constexpr size_t kValuesMax = size_t{1} << 25;  // of all columns, so many as memory is set aside for
constexpr char kHole = '\x01';
constexpr std::string_view kMessages = ",\"m\":{";

core::Unexpected bad(std::string what) {
  return core::fail(core::Errc::invalid, "columns: " + std::move(what));
}

size_t u32_at(core::Bytes bytes, size_t at) {
  size_t number = 0;
  for (size_t i = 0; i < 4; ++i) number |= size_t{static_cast<uint8_t>(bytes[at + i])} << 8 * i;
  return number;
}

std::optional<size_t> size_at(const Json& object, const char* key, size_t max) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number_unsigned() || found->get<uint64_t>() > max)
    return std::nullopt;
  return found->get<size_t>();
}

struct Shape {
  std::string_view pattern;
  size_t rows = 0;
  std::vector<Column> columns;
  size_t next = 0;  // of its rows, to be written

  [[nodiscard]] size_t holes() const { return static_cast<size_t>(std::ranges::count(pattern, kHole)); }
};

class Batch {
 public:
  Batch(const Json& messages, Input input) : messages_(messages), input_(input) {}

  core::Status read() {
    const auto rows = size_at(messages_, "n", kRowsMax);
    const auto shapes = size_at(messages_, "shapes", kShapesMax);
    if (!rows || *rows == 0 || !shapes || *shapes == 0)
      return bad("no number of messages or of shapes, or too many");
    if (!read_integers_of("i", *rows, seqs_) || !read_integers_of("t", *rows, times_))
      return bad("seqs or times that cannot be read");
    for (size_t i = 0; i < *shapes; ++i) {
      const auto pattern = input_.text();
      if (!pattern) return bad("a shape is missing");
      shapes_.push_back({*pattern, 0, {}, 0});
    }
    if (!read_shape_of_rows(*rows)) return bad("rows of a shape that is not there");
    return read_columns();
  }

  core::Result<std::string> rows(std::string_view head, size_t bytes_max) {
    std::string out(head);
    out += ",\"m\":[";
    for (size_t row = 0; row < seqs_.size(); ++row) {
      if (row > 0) out += ',';
      append_row(out, row);
      if (out.size() > bytes_max)
        return bad("a batch of more than " + std::to_string(bytes_max) + " bytes as rows");
    }
    return std::move(out += "]}");
  }

 private:
  bool read_integers_of(const char* key, size_t rows, std::vector<int64_t>& values) {
    const auto found = messages_.find(key);
    const auto plan = found == messages_.end() ? std::nullopt : integer_plan(*found);
    if (!plan || plan->group) return false;
    auto read = read_integers(*plan, rows, {}, input_);
    if (!read) return false;
    values = *std::move(read);
    return true;
  }

  bool read_shape_of_rows(size_t rows) {
    const auto numbers = shapes_.size() > 1 ? input_.numbers(rows) : std::optional<core::Bytes>("");
    if (!numbers) return false;
    shape_of_.assign(rows, 0);
    for (size_t row = 0; row < numbers->size(); ++row) shape_of_[row] = static_cast<uint8_t>((*numbers)[row]);
    for (const uint8_t shape : shape_of_) {
      if (shape >= shapes_.size()) return false;
      ++shapes_[shape].rows;
    }
    return true;
  }

  core::Status read_columns() {
    const auto columns = messages_.find("columns");
    if (columns == messages_.end() || !columns->is_array()) return bad("no columns");
    size_t values = 0, at = 0;
    for (Shape& shape : shapes_) {
      const size_t holes = shape.holes();
      if (holes > columns->size() - at) return bad("fewer columns than holes");
      if (shape.rows == 0 || (values += shape.rows * holes) > kValuesMax)
        return bad("a shape without rows, or too many values");
      for (size_t hole = 0; hole < holes; ++hole, ++at) {
        auto column = Column::read((*columns)[at], shape.rows, shape.columns, input_);
        if (!column) return bad("column " + std::to_string(at) + " cannot be read");
        shape.columns.push_back(*std::move(column));
      }
    }
    if (at < columns->size() || !input_.at_end()) return bad("more columns or data than there are values");
    return {};
  }

  void append_row(std::string& out, size_t row) {
    Shape& shape = shapes_[shape_of_[row]];
    out.append("{\"i\":").append(std::to_string(static_cast<uint64_t>(seqs_[row]))).append(",\"t\":");
    out.append(std::to_string(times_[row])).append(",");
    size_t hole = 0;
    for (const char c : shape.pattern) {
      if (c == kHole) {
        shape.columns[hole++].append_to(out, shape.next);
      } else {
        out += c;
      }
    }
    ++shape.next;
    out += '}';
  }

  const Json& messages_;
  Input input_;
  std::vector<int64_t> seqs_;
  std::vector<int64_t> times_;
  std::vector<Shape> shapes_;
  std::vector<uint8_t> shape_of_;  // of each row
};

}  // namespace

std::optional<size_t> content_bytes(core::Bytes content) {
  if (content.size() < kPreambleBytes) return std::nullopt;
  return kPreambleBytes + u32_at(content, 4) + u32_at(content, 8);
}

core::Result<std::string> as_rows(core::Bytes content, size_t json_bytes_max) {
  if (content_bytes(content) != content.size()) return bad("not as long as it says");
  const core::Bytes head = content.substr(kPreambleBytes, u32_at(content, 4));
  const core::Bytes data = content.substr(kPreambleBytes + head.size());
  const Json batch = Json::parse(head, nullptr, false);
  const size_t messages_at = head.rfind(kMessages);
  const auto messages = batch.is_object() ? batch.find("m") : batch.end();
  if (messages == batch.end() || !messages->is_object() || messages_at == core::Bytes::npos)
    return bad("a head that is no JSON object with \"m\" at its end");
  const auto sizes = messages->find("bytes");
  if (sizes == messages->end() || !sizes->is_array() || sizes->size() != 2 ||
      !(*sizes)[0].is_number_unsigned() || !(*sizes)[1].is_number_unsigned())
    return bad("no sizes of the data's parts");
  const auto texts = (*sizes)[0].get<uint64_t>(), planes = (*sizes)[1].get<uint64_t>();
  if (texts > data.size() || planes > data.size() - texts) return bad("less data than its parts have");
  Batch read(*messages, Input(data, texts, planes));
  if (const core::Status status = read.read(); !status) return core::fail(status.error());
  return read.rows(head.substr(0, messages_at), json_bytes_max);
}

}  // namespace headgate::tools::columns
