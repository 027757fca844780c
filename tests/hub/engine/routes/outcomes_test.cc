// Routes before and after, told before it is done.
#include "hub/engine/routes/outcomes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/hub/engine/engine_fixture.h"

namespace headgate::hub {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kMinutes = "SELECT count(*) AS n FROM 'a/#' GROUP BY Tumbling(1m) INTO $upstream";

class Outcomes : public EngineTest {
 protected:
  static routing::RouteFileEntry entry(const std::string& name, const std::string& text) {
    routing::RouteFileEntry made;
    made.name = name;
    made.text = text;
    made.file = "r.json";
    return made;
  }
  void use(std::vector<routing::RouteFileEntry> entries) {
    routes_.entries = std::move(entries);
    ASSERT_TRUE(engine_->use_routes(routes_, 0));
  }
  // `route: what, state`, one a route.
  std::vector<std::string> told(std::vector<routing::RouteFileEntry> entries) {
    std::vector<std::string> lines;
    routing::RouteFile wanted;
    wanted.entries = std::move(entries);
    const CompiledRoutes& before = *engine_->routes().compiled();
    for (const RouteOutcome& one : outcomes(before, *compile_routes(std::move(wanted), before, 0)))
      lines.push_back(one.route + ": " + one.what + (one.state.empty() ? "" : ", " + one.state));
    return lines;
  }
};

TEST_F(Outcomes, NameWhatIsAddedChangedRemovedAndUnchanged) {
  use({entry("same", "FROM 'a' INTO $upstream"), entry("gone", "FROM 'b' INTO $upstream"),
       entry("other", "FROM 'c' INTO $upstream")});
  EXPECT_THAT(told({entry("same", "FROM 'a' INTO $upstream"), entry("other", "FROM 'd' INTO $upstream"),
                    entry("new", "FROM 'e' INTO $upstream")}),
              ElementsAre("gone: removed", "new: added", "other: changed", "same: unchanged"));
}

TEST_F(Outcomes, SayWhatBecomesOfOpenWindows) {
  const auto minutes = entry("r", kMinutes);
  use({minutes});
  EXPECT_THAT(told({entry("r", "SELECT count(*) AS m FROM 'a/#' GROUP BY Tumbling(1m) INTO $upstream")}),
              ElementsAre("r: changed, keeps its state"));
  auto wider = entry("r", "SELECT count(*) AS n FROM 'a/#' GROUP BY Tumbling(2m) INTO $upstream");
  EXPECT_THAT(told({wider}), ElementsAre("r: changed, drains"));
  wider.on_change = routing::OnChange::restart;
  EXPECT_THAT(told({wider}), ElementsAre("r: changed, restarts"));
  EXPECT_THAT(told({}), ElementsAre("r: removed, drains"));
}

TEST_F(Outcomes, SayWhatARouteThatIsRemovedLeaves) {
  auto kept = entry("k", kMinutes);
  auto purged = entry("p", kMinutes);
  kept.queue.on_remove = routing::OnRemove::keep;
  purged.queue.on_remove = routing::OnRemove::purge;
  use({kept, purged});
  EXPECT_THAT(told({}), ElementsAre("k: removed, its state is kept", "p: removed, its state goes"));
}

TEST_F(Outcomes, NameWhatIsBrokenAndWhetherAnEarlierVersionStays) {
  use({entry("a", kMinutes)});
  EXPECT_THAT(told({entry("a", "FROM"), entry("b", "FROM")}), ElementsAre("a: kept", "b: left out"));
}

TEST_F(Outcomes, ChangeNothing) {
  use({entry("a", kMinutes)});
  (void)told({entry("a", "FROM 'x' INTO $null")});
  EXPECT_EQ(engine_->routes().describe()[0].text, kMinutes);
}

}  // namespace
}  // namespace headgate::hub
