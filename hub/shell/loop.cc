#include "hub/shell/loop.h"

#include <boost/asio/post.hpp>
#include <utility>

namespace headgate::hub {

void AsioExecutor::post(std::function<void()> work) { boost::asio::post(io_, std::move(work)); }

}  // namespace headgate::hub
