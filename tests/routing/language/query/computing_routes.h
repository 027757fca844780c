// Routes that compute, to be spoilt by tests: each part of the language is in one of them.
#pragma once

#include <array>
#include <string_view>

namespace headgate::testing {

inline constexpr std::array<std::string_view, 24> kComputingRoutes = {
    "SELECT $body.asset AS asset, count(*) AS anomalies, max($body.score) AS score_max, percentile($body.temp, 0.95) "
    "AS t95, $window.start AS t0 FROM /messages/modules/filter/outputs/confirmed TIMESTAMP BY $body.ts OVER "
    "$body.asset GROUP BY $body.asset, Tumbling(5m) HAVING count(*) > 0 INTO $upstream",
    "SELECT $body.asset AS asset, $body.score AS score FROM /messages/modules/ml/outputs/score WHERE "
    "rising($body.score > 0.95) OVER ($body.asset) INTO Upstream(\"alerts/{$body.asset}\")",
    "FROM \"plc/+/temperature\" WHERE changed($body.value, 0.5, 10m) INTO $upstream",
    "FROM \"meter/#\" WHERE changed($body.kwh, \"1%\") AND $body.quality = 'good' INTO $upstream",
    "SELECT avg($body.rms) AS rms, stddev($body.rms) AS sd FROM /messages/modules/vib/* GROUP BY $connectionModuleId, "
    "Hopping(1m, 10s) HAVING stddev($body.rms) > 0.2 INTO Topic(\"insights/vibration\")",
    "FROM \"gps/+\" WHERE every(30s) INTO $upstream",
    "FROM \"camera/+/event\" WHERE sample(0.05) OR $body.class = 'person' INTO $upstream",
    "SELECT first($body.ts) AS start, last($body.ts) AS stop, delta($body.kwh) AS kwh FROM \"ev/+/charge\" GROUP BY "
    "$body.session, Session(2m, 4h) INTO $upstream",
    "SELECT count_if($body.ok = false) AS bad, count(*) AS n FROM \"line/1/part\" GROUP BY Count(100, 10) INTO "
    "Upstream(\"quality/line1\")",
    "FROM /messages/modules/boiler/* WHERE holds($body.p > 8.5, 15s) INTO BrokeredEndpoint(\"/modules/t/inputs/i\")",
    "SELECT distinct($body.tag) AS tags, rate($body.counter) AS per_s FROM \"rfid/+/read\" WHERE dedup($body.epc, "
    "10m) GROUP BY $body.gate, TumblingWindow(minute, 15) INTO $upstream, Topic(\"rfid/summary\"), $deadletter",
    "SELECT *, topic_level(2) AS machine, payload() AS 'the value' FROM 'plant/+/temp' INTO $null",
    "SELECT avg(payload()) FILTER (WHERE topic_level(-1) = 'temp') AS t, avg(payload()) FILTER (WHERE topic_level(-1) "
    "= 'p') AS p FROM 'plant/+/+' GROUP BY topic_level(2), Tumbling(1m) INTO Topic('sum/{topic_level(2)}')",
    "SELECT *, lookup('lines', lookup('limits', $body.m).line).name[0] AS line FROM '#' WHERE $body.t > lookup('limits', "
    "$body.m).max INTO Topic(\"a/{lookup('lines', $body.m).line}\")",
    "SELECT lag($body.a, 3) AS before, diff($body.a) OVER (site, $topic) AS step FROM '#' INTO $upstream",
    "SELECT argmax($body.id, $body.a) AS top, collect($body.a, 5) AS some, median($body.a) FROM '#' GROUP BY "
    "SlidingWindow(second, 10) INTO $null",
    "SELECT lower($body.a) || '!' AS a, $window.rev, $window.complete FROM '#' GROUP BY lower($body.a), "
    "HoppingWindow(Duration(minute, 10), Hop(second, 30), Offset(ms, -500)) INTO Topic('x/{lower($body.a)}')",
    "FROM '#' INTO Topic('a/{$body.a}-{{x}}/{level}'), Topic('b'), Upstream('{$topic}/c')",
    "SELECT (1 + $body.a) * - 2 ?? 5 AS x FROM '#' WHERE falling($body.b) AND NOT (level = 'x') INTO $null",
    "SELECT varp($body.a) AS v, stdev({$body.a}) AS s, min($body.a[1]) FROM '#' TIMESTAMP BY $body.t GROUP BY "
    "SESSION(Timeout(minute, 2), MaxDuration(hour, 4)), $body.k % 7 HAVING $body.k % 7 > 3 INTO $null",
    "FROM /messages/* WHERE group = 'a' AND by != having OR count <> over INTO $upstream",
    "SELECT count AS count, filter AS over, as AS as FROM /messages/* INTO $upstream",
    "SELECT sum($body.a) + sum($body.b) / count(*) AS ratio FROM '#' GROUP BY Tumbling(1d, 6h) INTO $null",
    "SELECT *, conforms($body.gps[0].at, 'x/position.json') AS at FROM '#' WHERE NOT conforms($body, 'it.json') INTO "
    "$deadletter"};

}  // namespace headgate::testing
