#include "routing/table/route_table.h"

#include <algorithm>
#include <set>
#include <utility>

#include "core/text.h"
#include "core/topic.h"
#include "routing/compute/projection.h"
#include "routing/language/text.h"
#include "routing/table/came_down.h"
#include "routing/table/loops.h"
#include "routing/table/source_overlap.h"

namespace headgate::routing {
namespace {

void append_lowered(std::string& path, std::string_view text) {
  for (const char c : text) path.push_back(core::ascii_lower(c));
}

Diagnostic finding(Severity severity, std::string message, std::string suggestion) {
  Diagnostic diagnostic;
  diagnostic.severity = severity;
  diagnostic.message = std::move(message);
  diagnostic.suggestion = std::move(suggestion);
  return diagnostic;
}

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

// Finds faults of a spec outside its text.
void check_spec(const RouteSpec& spec, std::set<std::string, std::less<>>& names,
                std::vector<Diagnostic>& found) {
  const auto error = [&](std::string message, std::string suggestion) {
    found.push_back(finding(Severity::error, std::move(message), std::move(suggestion)));
  };
  if (is_blank(spec.name)) error("the route has no name", "give it one; status and metrics show it");
  if (!names.insert(spec.name).second) {
    error("another route is named `" + spec.name + "`", "the first one counts; rename this one");
  }
  if (spec.priority && (*spec.priority < 0 || *spec.priority > kPriorityMax)) {
    error("priority " + std::to_string(*spec.priority) + " is out of range",
          "0 is first, 9 is last; leave it out to come after 9");
  }
}

uint8_t lane_of(const RouteSpec& spec) {
  return spec.priority ? static_cast<uint8_t>(*spec.priority) : kLaneWithoutPriority;
}

std::string joined(const std::vector<std::string>& names, std::string_view between) {
  std::string text;
  for (const std::string& name : names) text.append(text.empty() ? "" : between).append(name);
  return text;
}

// Links of a route that sends nothing over any, names that there are not, and links that take no message of its priority.
class LinkCheck {
 public:
  LinkCheck(const RouteSpec& spec, std::vector<Diagnostic>& found) : spec_(spec), found_(found) {}

  void run(const std::vector<Sink>& sinks, const std::vector<KnownLink>* links) {
    if (spec_.links.empty()) return;
    const auto goes_up = [](const Sink& sink) { return sink.kind == Sink::Kind::upstream; };
    if (std::ranges::none_of(sinks, goes_up)) error("\"link\" is for routes INTO $upstream", "leave it out");
    if (links == nullptr) return;
    for (const std::string& name : spec_.links) look_up(name, *links);
    if (takes_ || unknown_) return;
    error("no link that \"link\" names takes messages of its priority",
          "raise the priority, name another link, or set priority_max of the link higher");
  }

 private:
  void look_up(const std::string& name, const std::vector<KnownLink>& links) {
    const auto known = std::ranges::find(links, name, &KnownLink::name);
    if (known != links.end()) {
      takes_ = takes_ || lane_of(spec_) <= known->lane_max;
      return;
    }
    unknown_ = true;
    std::vector<std::string> names;
    for (const KnownLink& link : links) names.push_back(link.name);
    error("\"link\" names `" + name + "`, and there is no such link",
          names.empty() ? "the configuration has none: add it to \"links\""
                        : "links of the configuration are " + joined(names, ", "));
  }

  void error(std::string message, std::string suggestion) {
    found_.push_back(finding(Severity::error, std::move(message), std::move(suggestion)));
  }

  const RouteSpec& spec_;
  std::vector<Diagnostic>& found_;
  bool takes_ = false;
  bool unknown_ = false;
};

// A queue has no retained message: to ask for one is a mistake that would do nothing.
void check_retain(const RouteSpec& spec, const std::vector<Sink>& sinks, std::vector<Diagnostic>& found) {
  const auto is_topic = [](const Sink& sink) { return sink.kind == Sink::Kind::topic; };
  if (!spec.retain || std::ranges::any_of(sinks, is_topic)) return;
  found.push_back(finding(Severity::error, "\"retain\" is for routes INTO Topic('…')",
                          "leave it out; queues and $upstream keep every message"));
}

void check_send_back(const RouteSpec& spec, const std::vector<Sink>& sinks, std::vector<Diagnostic>& found) {
  const auto goes_up = [](const Sink& sink) { return sink.kind == Sink::Kind::upstream; };
  if (!spec.send_back || std::ranges::any_of(sinks, goes_up)) return;
  found.push_back(finding(Severity::error, "\"sendBack\" is for routes INTO $upstream",
                          "leave it out; all other routes take what came down anyway"));
}

// A route of which one group may need more than all of its memory cannot work; one that remembers nothing needs none.
void check_state(const RouteSpec& spec, const CompiledRoute& compiled, std::vector<Diagnostic>& found) {
  if (!compiled.query.has_state()) {
    if (spec.limits == ComputeLimits()) return;
    found.push_back(finding(Severity::error, "\"late\" and \"state\" are for routes that remember",
                            "leave them out; this route forgets each message"));
    return;
  }
  const ComputePlan plan{spec.name,        compiled.query, compiled.condition,
                         compiled.reading, compiled.sinks, spec.limits};
  const uint64_t one = group_bound_bytes(plan);
  if (one <= spec.limits.state_bytes_max) return;
  found.push_back(finding(
      Severity::error,
      "one group may need " + std::to_string(one) + " bytes, and all of the route's state has " +
          std::to_string(spec.limits.state_bytes_max),
      "make the window shorter or its hop longer, leave out aggregates, or set \"state\": {\"maxBytes\"} higher"));
}

// A message that is passed on would be missing at who reads the sink.
void check_unchanged(const RouteSpec& spec, const CompiledRoute& compiled, std::vector<Diagnostic>& found) {
  const auto picks = [&](const Sink& sink) { return takes_the_message(compiled.query, sink); };
  if (!spec.skips_unchanged || std::ranges::none_of(compiled.sinks, picks)) return;
  found.push_back(
      finding(Severity::error,
              "\"retained\": \"changed\" is for routes that compute, and this one passes messages on",
              "leave it out, or give the route a SELECT list, a window or a function that remembers"));
}

// The name that may have been meant; empty if none is near.
std::string nearest_table(std::string_view name, std::span<const TableSource> tables) {
  std::string nearest;
  size_t distance = 4;
  for (const TableSource& table : tables) {
    const size_t far = edit_distance(core::ascii_lowered(name), core::ascii_lowered(table.name));
    if (far >= distance) continue;
    nearest = table.name;
    distance = far;
  }
  return nearest;
}

void check_lookups(std::string_view text, const Query& query, std::span<const TableSource> tables,
                   std::vector<Diagnostic>& found) {
  Diagnostics diagnostics(text);
  for (const Lookup& lookup : query.lookups) {
    if (std::ranges::find(tables, lookup.table, &TableSource::name) != tables.end()) continue;
    const std::string nearest = nearest_table(lookup.table, tables);
    diagnostics.error(lookup.offset, lookup.length, "there is no table " + quote(lookup.table),
                      nearest.empty() ? "declare it: \"tables\": {\"" + lookup.table + "\": {\"file\": \"" +
                                            lookup.table + ".csv\"}} beside \"routes\""
                                      : "did you mean " + quote(nearest) + "?");
  }
  for (Diagnostic& one : diagnostics.take()) found.push_back(std::move(one));
}

bool has_error(const std::vector<Diagnostic>& found) {
  return std::any_of(found.begin(), found.end(),
                     [](const Diagnostic& d) { return d.severity == Severity::error; });
}

// Messages for this kind of sink come back to the routes.
bool republishes(Sink::Kind kind) {
  switch (kind) {
    case Sink::Kind::topic:
      return true;
    case Sink::Kind::upstream:
    case Sink::Kind::module_input:
    case Sink::Kind::null:
    case Sink::Kind::dead_letter:
      return false;
  }
  return false;
}

bool remembers(const Expression& condition) {
  return std::ranges::any_of(
      condition.nodes, [](const Node& node) { return node.op == Op::stateful || node.op == Op::lookup; });
}

}  // namespace

bool takes_the_message(const Query& query, const Sink& sink) {
  if (!query.passes_on() || query.has_state() || !sink.filled_in.empty()) return false;
  return sink.kind != Sink::Kind::upstream || sink.topic.empty();
}

void source_path(const core::Message& message, std::string& path) {
  if (message.topic.starts_with(kTwinChangePrefix)) {
    path.assign(kTwinChangesPath);
    return;
  }
  const auto topic = core::parse_module_topic(message.topic);
  const bool by_module =
      message.hops == 0 && message.source && !message.source->module.empty() && !message.source->foreign;
  path.assign(topic || by_module ? kModulesPath : kMessagesPath);
  if (topic) {
    append_lowered(path, topic->module);
    path.append("/outputs/");
    append_lowered(path, topic->name);
    path.push_back('/');
  } else if (by_module) {
    append_lowered(path, message.source->module);
    path.push_back('/');
  }
}

bool is_unroutable(std::string_view topic) {
  if (topic.starts_with('$')) return !topic.starts_with(kTwinChangePrefix);
  const auto module_topic = core::parse_module_topic(topic);
  return module_topic && module_topic->kind == core::ModuleTopic::Kind::input;
}

RouteTable::Built RouteTable::build(std::span<const RouteSpec> specs, std::span<const TableSource> tables,
                                    const std::vector<KnownLink>* links) {
  auto table = std::make_shared<RouteTable>();
  std::vector<RouteStatus> statuses;
  std::set<std::string, std::less<>> names;
  SchemaSet schemas;
  for (const RouteSpec& spec : specs) {
    RouteStatus status{spec.name, spec.text, std::nullopt, {}};
    check_spec(spec, names, status.diagnostics);
    const RouteSchemas named{spec.schemas, schemas};
    auto compiled = compile_route(spec.text, spec.semantics, spec.body, status.diagnostics, &named);
    if (compiled) check_retain(spec, compiled->sinks, status.diagnostics);
    if (compiled) check_send_back(spec, compiled->sinks, status.diagnostics);
    if (compiled) check_unchanged(spec, *compiled, status.diagnostics);
    if (compiled) check_state(spec, *compiled, status.diagnostics);
    if (compiled) LinkCheck(spec, status.diagnostics).run(compiled->sinks, links);
    if (compiled) check_lookups(spec.text, compiled->query, tables, status.diagnostics);
    if (compiled && !has_error(status.diagnostics)) {
      status.route = static_cast<uint32_t>(table->routes_.size());
      table->add(spec, std::move(*compiled));
    }
    statuses.push_back(std::move(status));
  }
  table->keep_used(tables);
  table->warn_about_loops(statuses);
  table->warn_about_duplicates(statuses);
  return {std::move(table), std::move(statuses)};
}

void RouteTable::add(const RouteSpec& spec, CompiledRoute compiled) {
  const auto route = static_cast<RouteIndex>(routes_.size());
  const uint8_t lane = lane_of(spec);
  index_.add(compiled.source, route);
  std::vector<uint32_t> endpoints;
  Program program{compiled.condition, compiled.reading, {}, nullptr, spec.skips_unchanged};
  asks_for_unchanged_ = asks_for_unchanged_ || spec.skips_unchanged;
  for (const Sink& sink : compiled.sinks) {
    endpoints.push_back(endpoint_of(sink, spec));
    if (takes_the_message(compiled.query, sink)) program.picks.push_back(endpoints.back());
  }
  if (compiled.query.has_state()) {
    computing_index_.add(compiled.source, route);
    computing_.push_back(route);
    if (remembers(program.condition)) program.condition = {};
  }
  if (program.picks.size() < compiled.sinks.size())
    program.plan = std::make_shared<const ComputePlan>(
        ComputePlan{spec.name, std::move(compiled.query), std::move(compiled.condition), compiled.reading,
                    std::move(compiled.sinks), spec.limits});
  routes_.push_back({spec.name, spec.text, std::move(compiled.source), std::move(endpoints), lane, spec.ttl_s,
                     spec.retain, spec.publish_as, spec.send_back});
  programs_.push_back(std::move(program));
}

void RouteTable::keep_used(std::span<const TableSource> tables) {
  std::set<std::string_view> used;
  for (const RouteIndex route : computing_)
    for (const Lookup& lookup : programs_[route].plan->query.lookups) used.insert(lookup.table);
  for (const TableSource& table : tables)
    if (used.contains(table.name)) tables_.push_back(std::make_shared<const TableSource>(table));
}

bool RouteTable::changes_table(const core::Message& message) const {
  return message.retain &&
         std::ranges::any_of(tables_, [&](const auto& table) { return takes_topic(*table, message.topic); });
}

// Routes that name links have a queue for each list of them, as a lane goes over one link at a time.
uint32_t RouteTable::endpoint_of(const Sink& sink, const RouteSpec& spec) {
  std::string name = endpoint_name(sink);
  const bool goes_up = sink.kind == Sink::Kind::upstream;
  std::vector<std::string> links = goes_up ? spec.links : std::vector<std::string>();
  if (!links.empty()) name.append(":").append(joined(links, ","));
  const auto place = static_cast<uint32_t>(endpoints_.size());
  const auto [known, is_new] = endpoint_by_name_.try_emplace(name, place);
  if (!is_new) return known->second;
  const auto first =
      goes_up ? std::ranges::find(endpoints_, Sink::Kind::upstream, &Endpoint::kind) : endpoints_.end();
  const auto group = first == endpoints_.end() ? place : static_cast<uint32_t>(first - endpoints_.begin());
  endpoints_.push_back(
      {sink.kind, sink.module, sink.input, sink.topic, std::move(name), std::move(links), group});
  return place;
}

void RouteTable::match(const core::Message& message, MatchContext& context,
                       std::vector<Match>& out) const noexcept {
  out.clear();
  prepare(message, index_, context);
  for (const RouteIndex route : context.candidates_) {
    const Program& program = programs_[route];
    ++context.stats_[route].evaluated;
    const uint64_t limits_met = context.evaluator_.limits_met();
    const Truth truth = context.evaluator_.decide(program.condition, program.reading, context.fields_);
    if (context.evaluator_.limits_met() != limits_met) note_limit(route, context);
    if (truth == Truth::yes) add_match(route, context, out);
    if (truth == Truth::undefined) note_undefined(message, route, context);
  }
}

// The words live for ever, so that a body which is hostile again and again allocates once.
void RouteTable::note_limit(RouteIndex route, MatchContext& context) {
  RouteStats& stats = context.stats_[route];
  ++stats.unchecked;
  ++stats.type_errors;
  context.type_errors_[route].assign(kUnchecked).append(context.evaluator_.limit());
}

void RouteTable::note_undefined(const core::Message& message, RouteIndex route, MatchContext& context) {
  RouteStats& stats = context.stats_[route];
  stats.body_problem = context.fields_.body_problem();
  ++(stats.body_problem.empty() ? stats.undefined : stats.unreadable);
  stats.last_ms = message.arrived_ms;
  stats.part = context.evaluator_.blamed().value_or(0);
}

RouteCounts RouteStats::counts() const {
  RouteCounts counts;
  counts.evaluated = evaluated;
  counts.matched = matched;
  counts.results = results;
  counts.undefined = undefined;
  counts.unreadable = unreadable;
  counts.type_errors = type_errors;
  counts.unchecked = unchecked;
  return counts;
}

std::string_view MatchContext::type_error(uint32_t route) const {
  const auto known = type_errors_.find(route);
  return known == type_errors_.end() ? std::string_view() : std::string_view(known->second);
}

std::string RouteTable::last_reason(uint32_t route, const RouteStats& stats) const {
  if (stats.last_ms == 0) return {};
  if (!stats.body_problem.empty()) return "the body " + std::string(stats.body_problem);
  const Expression& condition = programs_[route].condition;
  if (condition.empty()) return {};
  const Node& part = condition[stats.part];
  const std::string text = "`" + routes_[route].text.substr(part.offset, part.length) + "`";
  switch (part.op) {
    case Op::property:
    case Op::system_property:
    case Op::property_or_system:
    case Op::body:
    case Op::body_or_property:
      return text + " is not there, or is no single value";
    case Op::conforms:
      return text + " has no verdict: there is no such value, or it met a limit of checks";
    case Op::lookup:
      return text + " has no such row, or the row no such member";
    case Op::twin_change_includes:
      return text + " has no value: the message is no change of a twin";
    default:
      return text + " has no value: what it stands on is of another type, or out of range";
  }
}

ComputeResult RouteTable::project(RouteIndex route, MatchContext& context) const {
  uint64_t& type_errors = context.stats_[route].type_errors;
  const uint64_t before = type_errors;
  const uint64_t limits_met = context.evaluator_.limits_met();
  std::string sample;
  ComputeResult result =
      routing::project(*programs_[route].plan, context.evaluator_, context.fields_, type_errors, sample);
  if (type_errors != before) context.type_errors_[route] = std::move(sample);
  if (programs_[route].picks.empty() && (result.passes_on || !result.body.empty()))
    ++context.stats_[route].results;
  if (context.evaluator_.limits_met() != limits_met) note_limit(route, context);
  return result;
}

std::span<const RouteIndex> RouteTable::takers(const core::Message& message, MatchContext& context) const {
  prepare(message, computing_index_, context);
  return context.candidates_;
}

void RouteTable::meet(MatchContext& context) const {
  context.table_ = identity_;
  context.stats_.assign(routes_.size(), {});
  context.seen_.assign(endpoints_.size(), {});
  context.type_errors_.clear();
}

void RouteTable::prepare(const core::Message& message, const SourceIndex& index,
                         MatchContext& context) const {
  if (context.table_ != identity_) meet(context);
  ++context.message_;
  context.candidates_.clear();
  context.projecting_.clear();
  context.computing_.clear();
  context.changes_table_ = false;
  context.came_down_ = came_down(message);
  if (is_unroutable(message.topic)) return;
  context.changes_table_ = changes_table(message);
  source_path(message, context.path_);
  index.collect(context.path_, message.topic, context.candidates_);
  std::sort(context.candidates_.begin(), context.candidates_.end());
  if (context.unchanged_)
    std::erase_if(context.candidates_, [this](RouteIndex route) { return programs_[route].skips_unchanged; });
  context.fields_.bind(message);
}

void RouteTable::add_match(RouteIndex route, MatchContext& context, std::vector<Match>& out) const {
  ++context.stats_[route].matched;
  const Program& program = programs_[route];
  bool picks = false;
  for (const uint32_t endpoint : program.picks) {
    if (is_kept_back(route, endpoint, context)) continue;
    add_pick(route, endpoint, context, out);
    picks = true;
  }
  if (picks) ++context.stats_[route].results;
  if (!program.plan) return;
  if (program.plan->query.has_state())
    context.computing_.push_back(route);
  else
    context.projecting_.push_back(route);
}

// A message that came down would go up again to where it is from, and might come down once more.
bool RouteTable::is_kept_back(RouteIndex route, uint32_t endpoint, const MatchContext& context) const {
  return context.came_down_ && endpoints_[endpoint].kind == Sink::Kind::upstream && !routes_[route].send_back;
}

// An endpoint is answered once, with the best priority; of equal ones the first route counts. So is what goes upstream,
// whatever the links: there a message has one id, and goes once.
void RouteTable::add_pick(RouteIndex route, uint32_t endpoint, MatchContext& context,
                          std::vector<Match>& out) const {
  const RouteInfo& info = routes_[route];
  Match match{endpoint, info.lane, info.ttl_s, route, info.retain};
  MatchContext::Seen& seen = context.seen_[endpoints_[endpoint].group];
  if (seen.message != context.message_) {
    seen = {context.message_, out.size()};
    out.push_back(match);
    return;
  }
  Match& known = out[seen.place];
  match.retain = known.retain = known.retain || info.retain;
  if (match.lane < known.lane) known = match;
}

// For each route the routes that may take what it publishes to a topic, whatever their conditions.
std::vector<std::vector<RouteIndex>> RouteTable::feeds() const {
  std::vector<std::vector<RouteIndex>> feeds(routes_.size());
  core::Message republished;
  republished.hops = 1;
  std::string path;
  for (size_t i = 0; i < routes_.size(); ++i) {
    for (const uint32_t sink : routes_[i].endpoints) {
      const Endpoint& endpoint = endpoints_[sink];
      if (!republishes(endpoint.kind)) continue;
      republished.topic = endpoint.topic;
      source_path(republished, path);
      index_.collect(path, endpoint.topic, feeds[i]);
    }
  }
  return feeds;
}

void RouteTable::warn_about_loops(std::vector<RouteStatus>& statuses) const {
  const auto graph = feeds();
  const std::vector<bool> loops = on_a_loop(graph);
  for (RouteStatus& status : statuses) {
    if (!status.route || !loops[*status.route]) continue;
    std::string names;
    for (const RouteIndex step : shortest_loop(graph, *status.route))
      names.append(routes_[step].name).append(" → ");
    names.append(status.name);
    status.diagnostics.push_back(finding(Severity::warning, "routes form a loop: " + names,
                                         "a message goes round at most " + std::to_string(kMaxHops) +
                                             " times; narrow a source or a condition"));
  }
}

// A message that a filter with memory passes on comes beside what other routes pick, not in the place of it.
void RouteTable::warn_about_duplicates(std::vector<RouteStatus>& statuses) const {
  for (RouteStatus& status : statuses) {
    const auto& plan = status.ok() ? programs_[*status.route].plan : nullptr;
    if (!plan || !plan->query.has_state() || !plan->query.passes_on()) continue;
    for (size_t sink = 0; sink < plan->sinks.size(); ++sink) {
      const uint32_t endpoint = routes_[*status.route].endpoints[sink];
      const RouteInfo* const other = who_picks_too(*status.route, endpoint);
      if (other == nullptr) continue;
      Diagnostics found(status.text);
      found.warning(plan->sinks[sink].offset, plan->sinks[sink].length,
                    endpoints_[endpoint].name + " gets such a message twice: the route `" + other->name +
                        "` sends it there, too",
                    "an endpoint gets a message once of all routes that pick; results come beside: narrow a "
                    "source, or take this sink out of one of the routes");
      for (Diagnostic& one : found.take()) status.diagnostics.push_back(std::move(one));
    }
  }
}

// The first route that picks for this endpoint and may meet the same messages; null: there is none.
const RouteInfo* RouteTable::who_picks_too(RouteIndex route, uint32_t endpoint) const {
  if (endpoints_[endpoint].kind == Sink::Kind::null) return nullptr;
  for (size_t other = 0; other < routes_.size(); ++other) {
    const bool picks = std::ranges::find(programs_[other].picks, endpoint) != programs_[other].picks.end();
    if (picks && sources_overlap(routes_[route].source, routes_[other].source)) return &routes_[other];
  }
  return nullptr;
}

}  // namespace headgate::routing
