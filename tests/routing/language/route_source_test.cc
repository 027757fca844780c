// Sources of routes, as they are shown.
#include "routing/language/route_source.h"

#include <gtest/gtest.h>

namespace headgate::routing {
namespace {

RouteSource at_path(std::string_view written) { return {RouteSource::Kind::path, normalise_source(written)}; }

TEST(RouteSource, HasAKind) {
  EXPECT_EQ(kind_name({RouteSource::Kind::topic_filter, "plant/#"}), "topic");
  EXPECT_EQ(kind_name(at_path("/*")), "messages");
  EXPECT_EQ(kind_name(at_path("/messages/*")), "messages");
  EXPECT_EQ(kind_name(at_path("/messages/modules/*")), "modules");
  EXPECT_EQ(kind_name(at_path("/messages/modules/Press/*")), "module");
  EXPECT_EQ(kind_name(at_path("/messages/modules/Press/outputs/raw")), "module");
  EXPECT_EQ(kind_name(at_path("/twinChangeNotifications")), "twin_changes");
  EXPECT_EQ(kind_name(at_path("/messages/devices/*")), "none");
}

TEST(RouteSource, IsShownAsItsRouteHasIt) {
  const auto shown = [](std::string_view path, std::string_view text) {
    return written_source(at_path(path), text);
  };
  EXPECT_EQ(written_source({RouteSource::Kind::topic_filter, "plant/+"}, "FROM 'plant/+' INTO $upstream"),
            "plant/+");
  EXPECT_EQ(shown("/messages/*", "FROM /messages/* INTO $upstream"), "/messages/*");
  EXPECT_EQ(shown("/messages/modules/Press/outputs/Raw",
                  "SELECT * from /messages/modules/Press/outputs/Raw INTO $upstream"),
            "/messages/modules/Press/outputs/Raw");
  EXPECT_EQ(shown("/twinChangeNotifications", "FROM /twinChangeNotifications WHERE true INTO $upstream"),
            "/twinChangeNotifications");
}

TEST(RouteSource, IsNormalisedIfTheTextHasItInPieces) {
  EXPECT_EQ(written_source(at_path("/messages/modules/a/*"), "FROM /messages /modules/ a/* INTO $upstream"),
            "/messages/modules/a/*");
  EXPECT_EQ(written_source(at_path("/*"), "FROM /* INTO $upstream"), "/*");
}

}  // namespace
}  // namespace headgate::routing
