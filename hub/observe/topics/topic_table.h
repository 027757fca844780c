// Topics that messages came on, each with the last value: for people who ask what there is. Bounded: topics that nothing came on
// for long make room for new ones, by second chance: the oldest goes, or to the other end if something came on it meanwhile.
#pragma once

#include <boost/intrusive/list.hpp>
#include <boost/intrusive/unordered_set.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/message.h"

namespace headgate::hub {

// A topic and what came on it last.
struct TopicEntry : boost::intrusive::list_base_hook<>,
                    boost::intrusive::unordered_set_base_hook<boost::intrusive::store_hash<true>> {
  std::string topic;
  std::string value;           // the first TopicTable::kValueBytesMax of the last payload
  uint64_t payload_bytes = 0;  // of the whole of it
  uint64_t count = 0;          // messages since the topic is known
  int64_t last_ms = 0;         // Unix time
  int64_t first_hub_ms = 0;    // hub time
  int64_t window = 0;          // number of the stretch of time that `in_window` counts
  uint32_t in_window = 0;
  uint32_t in_window_before = 0;  // of the stretch before that
  uint8_t qos = 0;
  bool retain = false;
  bool has_come_again = false;  // since it was put where it is in the order of leaving

  // Messages a second over about the last minute; over the time since the topic is known, if that is shorter.
  [[nodiscard]] double rate_per_s(int64_t now_hub_ms) const;
};

class TopicTable {
 public:
  static constexpr size_t kValueBytesMax = 512;
  static constexpr uint64_t kBytesMaxDefault = 2'097'152;

  explicit TopicTable(uint64_t bytes_max = kBytesMaxDefault) : bytes_max_(bytes_max) {}
  ~TopicTable() { clear(); }
  TopicTable(const TopicTable&) = delete;
  TopicTable& operator=(const TopicTable&) = delete;

  // Another bound forgets everything; 0: nothing is noted.
  void use_limit(uint64_t bytes_max);

  // Takes tens of nanoseconds; memory for a topic that is new.
  void note(const core::Message& message);

  // Shows topics, some at a time: of the buckets from `bucket` on, until `topics_max` were shown or a little more. Returns the
  // bucket to go on with; 0: that was all. A topic that is there all the while is shown once.
  using Visit = std::function<void(const TopicEntry& entry)>;
  [[nodiscard]] size_t walk(size_t bucket, size_t topics_max, const Visit& visit) const;

  [[nodiscard]] size_t size() const { return index_.size(); }
  [[nodiscard]] uint64_t bytes() const { return bytes_; }
  [[nodiscard]] uint64_t bytes_max() const { return bytes_max_; }
  // Topics that made room, since the start or the last change of the bound; one that comes back counts again.
  [[nodiscard]] uint64_t forgotten() const { return forgotten_; }

 private:
  struct Hash {
    size_t operator()(std::string_view topic) const { return std::hash<std::string_view>()(topic); }
    size_t operator()(const TopicEntry& entry) const { return (*this)(entry.topic); }
  };
  struct Equal {
    bool operator()(const TopicEntry& a, const TopicEntry& b) const { return a.topic == b.topic; }
    bool operator()(std::string_view topic, const TopicEntry& entry) const { return topic == entry.topic; }
  };
  using Index = boost::intrusive::unordered_set<TopicEntry, boost::intrusive::hash<Hash>,
                                                boost::intrusive::equal<Equal>,
                                                boost::intrusive::power_2_buckets<true>>;
  using Buckets = std::vector<Index::bucket_type>;

  void begin();
  void clear();
  [[nodiscard]] bool is_last(std::string_view topic) const {
    return last_ != nullptr && last_->topic == topic;
  }
  TopicEntry& find_or_add(std::string_view topic);
  TopicEntry& add(std::string_view topic, const Index::insert_commit_data& place);
  void make_room();

  uint64_t bytes_max_;
  uint64_t bytes_ = 0;
  uint64_t forgotten_ = 0;
  Buckets buckets_{1};
  Index index_{Index::bucket_traits(buckets_.data(), buckets_.size())};
  boost::intrusive::list<TopicEntry> leaving_;  // in the order in which they leave, the last one first
  TopicEntry* last_ = nullptr;  // that something came on: clients publish many on one, in a row
};

}  // namespace headgate::hub
