// Two lines of a site, as pairs of virtual interfaces in a network namespace of the test's own.
#include "upstream/link/interface.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <string>

namespace headgate::upstream {
namespace {

constexpr int kSkipped = 77;

// The default route leads over fib0, whatever the address.
constexpr const char* kLines =
    "ip link set lo up && ip link add fib0 type veth peer name fib1 && ip link add lte0 type veth peer name lte1 && "
    "ip addr add 10.1.0.2/24 dev fib0 && ip addr add 10.2.0.2/24 dev lte0 && ip link set fib0 up && "
    "ip link set fib1 up && ip link set lte0 up && ip link set lte1 up && ip route add default via 10.1.0.1";
constexpr const char* kRule =
    "ip rule add from 10.2.0.2 lookup 42 && ip route add default via 10.2.0.1 dev lte0 table 42";

bool does(const char* commands) {
  return std::system((std::string("( ") + commands + " ) >/dev/null 2>&1").c_str()) == 0;
}

// Runs in a process of its own, as a namespace is left by none. Its exit code is the number of the expectation that failed.
int in_a_site_of_two_lines(const std::function<int()>& look) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (::unshare(CLONE_NEWNET) != 0 || !does(kLines)) ::_exit(kSkipped);
    ::_exit(look());
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(Interface, ThatIsNotTheDefaultIsNamedWithTheRuleThatIsMissing) {
  const int failed = in_a_site_of_two_lines([] {
    const auto fiber = address_to_leave_by("fib0", "10.9.9.9");
    if (!fiber || *fiber != "10.1.0.2") return 1;
    const auto lte = address_to_leave_by("lte0", "10.9.9.9");
    if (lte) return 2;
    if (lte.error().what.find("would leave by fib0, not by lte0") == std::string::npos) return 3;
    if (lte.error().what.find("ip rule add from 10.2.0.2 lookup 42") == std::string::npos) return 4;
    return 0;
  });
  if (failed == kSkipped) GTEST_SKIP() << "no network namespaces here";
  EXPECT_EQ(failed, 0);
}

TEST(Interface, IsLeftByOnceTheSystemRoutesByItsAddress) {
  const int failed = in_a_site_of_two_lines([] {
    if (!does(kRule)) return kSkipped;
    const auto lte = address_to_leave_by("lte0", "10.9.9.9");
    if (!lte) return 1;
    return *lte == "10.2.0.2" ? 0 : 2;
  });
  if (failed == kSkipped) GTEST_SKIP() << "no network namespaces here";
  EXPECT_EQ(failed, 0);
}

TEST(Interface, ThatThereIsNotIsSaid) {
  const auto none = address_to_leave_by("nosuch0", "127.0.0.1");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().what, "there is no interface nosuch0");
  EXPECT_EQ(*address_to_leave_by("lo", "127.0.0.1"), "127.0.0.1");
}

}  // namespace
}  // namespace headgate::upstream
