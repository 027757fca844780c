// How many batches of a link may be on their way at a time. Starts at one for each connection, since a broker that comes
// back meets all its hubs at once, and grows with every answer. Pure.
//
// Fixed: up to what the user has set, or the broker. By itself: up to four, and then as many as the line takes (after FAST
// TCP: Wei, Jin, Low and Hegde, 2006). The shortest time of an answer is that of an empty line. What is answered in a round
// trip tells the rate; rate times shortest time are on their way when the line is just full. The window is half as much
// again: the line never runs empty, and an urgent batch waits half a round trip behind others, not more.
//
// A worked example. 1 Mbit/s, 300 ms there and back, batches of 10 kB, which take 80 ms: alone a batch is answered after
// 380 ms, and so is each of up to four. With four, 4 are answered in 380 ms: 1 + 4 x 1.5 = 7. With seven, which take 560 ms
// then, since the line is full, 7 are answered in 560 ms: 1 + 7 / 560 x 380 x 1.5 = 8, and so it stays.
//
// A broker may take fewer than it says, or say nothing, and end the connection. So a connection that ends for that, or the
// second in a row that ends while more than four are on their way, halves what those after it may have; each minute that one
// lasts doubles it again.
#pragma once

#include <cstddef>
#include <cstdint>

namespace headgate::upstream {

class Window {
 public:
  static constexpr size_t kSteady = 4;              // that any line gets; several keep a fast one busy
  static constexpr size_t kBytesMax = 1024 * 1024;  // beyond kSteady: what is on its way is held in memory
  static constexpr int64_t kClockMs = 2;            // that a time may be measured too short
  static constexpr size_t kMax = 65'535;            // that the protocol knows
  static constexpr int64_t kMinuteMs = 60'000;      // how long the shortest time is believed

  [[nodiscard]] size_t size() const { return size_; }

  // A new connection, or one that has to begin anew.
  void narrow();
  // The connection has ended while so many were published and not answered. `too_many`: for that, as the broker says.
  void on_cut(size_t on_their_way, bool too_many);

  // A batch was accepted.
  struct Answer {
    int64_t published_at_ms = 0;  // mono, as is the next
    int64_t now_ms = 0;
    size_t on_their_way = 0;  // batches when the answer came, this one included
    size_t bytes = 0;         // of all these
  };
  // `max`: what user, broker or a search allow now; `by_itself`: the user has set nothing.
  void on_accepted(const Answer& answer, size_t max, bool by_itself);

 private:
  [[nodiscard]] bool a_minute_ends(int64_t now_ms);
  void forget_shortest(int64_t now_ms);
  void measure(const Answer& answer);
  void end_round(const Answer& answer);
  void begin_round(int64_t now_ms);

  size_t size_ = 1;
  int64_t minute_from_ms_ = -1;   // of the connection, of those that it has lasted
  int64_t shortest_ms_ = -1;      // of an answer; -1: not known
  int64_t measured_from_ms_ = 0;  // only what was published since then tells it
  int64_t round_from_ms_ = 0;     // a round ends when a batch is answered that was published in it
  size_t answered_ = 0;           // in this round
  bool is_used_ = false;          // all of it, in this round
  size_t bound_ = kMax;           // by what has happened to connections
  uint32_t cuts_ = 0;             // in a row
};

}  // namespace headgate::upstream
