#include "hub/engine/routes/verdicts.h"

#include <algorithm>
#include <utility>

#include "routing/language/print.h"
#include "routing/table/compile.h"
#include "routing/table/route_table.h"
#include "routing/trial/trace.h"

namespace headgate::hub {
namespace {

using What = RouteVerdict::What;

class Judge {
 public:
  Judge(const CompiledRoutes& routes, const routing::LookupTables& tables, const core::Message& message,
        bool has_whole_body)
      : routes_(routes), tables_(tables), message_(message), has_whole_body_(has_whole_body) {
    routes_.table->match(message_, context_, matches_);
    fields_.bind(message_);
  }

  std::vector<RouteVerdict> run() {
    std::vector<RouteVerdict> verdicts;
    for (routing::RouteIndex i = 0; i < routes_.table->routes().size(); ++i) verdicts.push_back(judge(i));
    return verdicts;
  }

 private:
  RouteVerdict judge(routing::RouteIndex index) {
    const routing::RouteInfo& route = routes_.table->routes()[index];
    RouteVerdict verdict;
    verdict.route = route.name;
    verdict.text = route.text;
    for (const uint32_t endpoint : route.endpoints)
      verdict.endpoints.push_back(routes_.table->endpoints()[endpoint].name);
    if (std::ranges::find(context_.candidates(), index) == context_.candidates().end()) {
      verdict.why = routing::is_unroutable(message_.topic)
                        ? "topics of inputs and those that begin with $ are not routed"
                        : "it reads " + source_of(route.source);
      return verdict;
    }
    const routing::RouteStats& stats = context_.stats()[index];
    if (routes_.table->is_decided_later(index))
      say(verdict, What::not_known, "its condition depends on messages before, or on a table");
    else if (stats.matched > 0)
      verdict.what = What::takes;
    else if (!stats.body_problem.empty() && !has_whole_body_)
      say(verdict, What::not_known, "it reads the body, of which only the beginning is kept");
    else if (stats.undefined + stats.unreadable > 0)
      say(verdict, What::undefined,
          "its condition cannot be decided: " + routes_.table->last_reason(index, stats));
    else
      say(verdict, What::condition, "its condition is false");
    if (verdict.what == What::condition || verdict.what == What::undefined) trace(verdict);
    return verdict;
  }

  static void say(RouteVerdict& verdict, What what, std::string why) {
    verdict.what = what;
    verdict.why = std::move(why);
  }

  static std::string source_of(const routing::RouteSource& source) {
    const bool is_filter = source.kind == routing::RouteSource::Kind::topic_filter;
    return (is_filter ? "topics that match " : "messages of ") + source.text;
  }

  // Compiles the route alone, as the table keeps no trees to tell from.
  void trace(RouteVerdict& verdict) {
    const auto entry = routes_.good.find(verdict.route);
    if (entry == routes_.good.end() || ++traces_ > kTracesMax) return;
    std::vector<routing::Diagnostic> ignored;
    routing::SchemaSet compiled_schemas;
    const routing::RouteSchemas schemas{entry->second->schemas, compiled_schemas};
    const auto route = routing::compile_route(entry->second->text, entry->second->semantics,
                                              entry->second->body, ignored, &schemas);
    if (!route) return;
    for (routing::TraceLine& line : routing::trace_condition(*route, fields_, nullptr, &tables_))
      verdict.parts.push_back({line.depth, std::move(line.text)});
  }

  const CompiledRoutes& routes_;
  const routing::LookupTables& tables_;
  const core::Message& message_;
  bool has_whole_body_;
  routing::MatchContext context_;
  routing::MessageFields fields_;
  std::vector<routing::Match> matches_;
  size_t traces_ = 0;
};

}  // namespace

std::vector<RouteVerdict> judge_message(const CompiledRoutes& routes, const routing::LookupTables& tables,
                                        const core::Message& message, bool has_whole_body) {
  return Judge(routes, tables, message, has_whole_body).run();
}

}  // namespace headgate::hub
