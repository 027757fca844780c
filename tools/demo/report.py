"""The end of the demo: the account, as a table on standard output."""
import datetime

from hours import Results, alert_of, hour_of
from ledger import Score, Stream, plain_publish_bytes

HOURS = "routes/hours-up"         # a window's result goes by its route's name
ALERTS = "alerts/"                # and below it the machine
READINGS = "modules/sensor/outputs/readings"
ANOMALIES = "modules/filter/outputs/anomalies"
SITE, RAW = "demo-site", "raw-site"


class Report:
    """What the story gathers on its way, and what is made of it at the end."""

    def __init__(self, journals, arrivals, streams, due):
        self.wire_bytes = {}          # hub -> written on its connections to the cloud
        self.connections = {}         # hub -> how many these were
        self.copies = 0               # dropped by the consumer
        self.queues = {}              # hub -> its own account of $upstream
        self.seconds = 0.0
        self._waiting = {}            # hub -> what its $upstream held at the last look
        self._peaks = {}              # hub -> the most of that
        self._journals = journals     # module -> Journal
        self._arrivals = arrivals
        self._topics = streams        # topic -> module that publishes it
        self._due = due               # hours.Due

    def saw_waiting(self, hub, messages):
        self._waiting[hub] = messages
        self._peaks[hub] = max(self._peaks.get(hub, 0), messages)

    def waiting_now(self):
        return f"{self._waiting[SITE]:,} and {self._waiting[RAW]:,}"

    def print(self, windows, windows_are):
        """Prints everything. Returns True if nothing is lost, nothing came twice, and every value is right."""
        accounts = self._computed() + self._upstream() + self._hops()
        print()
        print_table(accounts)
        print()
        self._print_computed()
        self._print_link()
        self._print_saved()
        self._print_alarms(windows, windows_are)
        line("time", f"{self.seconds:.0f} s")
        for account in accounts:
            if not account.good():
                line("NOT GOOD", f"{account.name}: {account.duplicates} duplicates, lost {account.lost[:5]},"
                                 f" not expected {account.unknown[:5]}, wrong {(account.wrong or [])[:5]}")
        return all(account.good() for account in accounts)

    def _computed(self):
        hours = [hour_of(body) for body in self._arrivals.bodies[HOURS]]
        alerts = [alert_of(body) for body in self._arrivals.below(ALERTS)]
        return [Results("hours", self._due.hours, hours, self._due.open),
                Results("alerts", self._due.alerts, alerts)]

    def _upstream(self):
        return [Stream({ANOMALIES: "anomalies", READINGS: "raw readings"}[topic], self._journals[module].acknowledged,
                       [body["id"] for body in self._arrivals.bodies[topic]])
                for topic, module in self._topics.items()]

    def _hops(self):
        return [Stream(f"{sender} to {receiver}", self._journals[sender].acknowledged,
                       self._journals[receiver].received.elements())
                for sender, receiver in (("sensor", "detector"), ("detector", "filter"))]

    def _print_computed(self):
        hours = self._arrivals.bodies[HOURS]
        readings, anomalies = (sum(hour.get(name, 0) for hour in hours) for name in ("readings", "anomalies"))
        line("computed by the hub", f"{len(hours):,} hours with {readings:,} readings and {anomalies:,} anomalous"
                                    f" scores, {self._arrivals.count_below(ALERTS)} alerts")
        line("open at the end", "the hour of the last reading, because no later reading came")

    def _print_link(self):
        line("backlog at its peak", f"{self._peaks[SITE]:,} messages; {self._peaks[RAW]:,} at the hub that sends raw")
        line("copies sent again", f"{self.copies:,} messages, dropped by the consumer by (hub, epoch, seq)")
        for gap in self._arrivals.gaps:
            line("declared as a gap", str(gap))
        for hub, queue in self.queues.items():
            ends = " + ".join(f"{what} {queue[what]:,}"
                              for what in ("delivered", "waiting", "expired", "dropped", "dead"))
            line(f"account of {hub}", f"in {queue['in']:,} = {ends}")

    def _print_saved(self):
        computed, raw, plain = self.wire_bytes[SITE], self.wire_bytes[RAW], self._plain_bytes()
        line("bytes up, computed", f"{computed:,}: measured, all that {SITE} wrote to the cloud,"
                                   f" on {self.connections[SITE]} connections, with CONNECT and pings")
        line("bytes up, raw batches", f"{raw:,}: measured, the same of {RAW}, which sends every reading,"
                                      f" on {self.connections[RAW]} connections")
        line("bytes up, plain MQTT", f"{plain:,}: calculated, every reading and anomaly that arrived"
                                     " as one QoS 1 PUBLISH")
        if computed and raw:
            line("saved by computing", f"{1 - computed / raw:.0%} of raw batches (1/{raw / computed:.1f}),"
                                       f" {1 - computed / plain:.0%} of plain MQTT (1/{plain / computed:.1f})")
            line("saved by batches", f"{1 - raw / plain:.0%} of plain MQTT (1/{plain / raw:.1f})")

    def _plain_bytes(self):
        total = 0
        for topic, module in self._topics.items():
            sizes = self._journals[module].acknowledged
            total += sum(plain_publish_bytes(topic, sizes.get(body["id"], 0))
                         for body in self._arrivals.bodies[topic])
        return total

    def _print_alarms(self, windows, windows_are):
        closed = (body for topic in self._topics for body in self._arrivals.bodies[topic]
                  if body.get("state") == "closed")
        alarms = [(body["from"], body["to"]) for body in closed]
        if windows is None:
            line("anomalies", f"{len(alarms)}, without labels to compare with")
            return
        score = Score(alarms, windows)
        line("anomalies", f"{len(alarms)}: found {score.found} of {len(windows)} {windows_are}, false alarms"
                          f" {len(score.false_alarms)}; {score.precision:.0%} of their time is inside")
        for row in score.rows:
            begin = datetime.datetime.fromtimestamp(row["begin"], datetime.timezone.utc)
            line(f"  {begin:%Y-%m-%d %H:%M}", describe(row))


def describe(row):
    if not row["found"]:
        return "missed"
    return (f"found after {row['first_alarm_s'] / 3600:.1f} h,"
            f" precision {row['precision']:.0%}, recall {row['recall']:.0%} of the time")


def line(name, text):
    print(f"{name:<24} {text}")


def print_table(accounts):
    rows = [("", *(account.name for account in accounts)),
            ("expected", *(f"{account.sent:,}" for account in accounts)),
            ("arrived", *(f"{account.arrived:,}" for account in accounts)),
            ("lost", *(f"{len(account.lost):,}" for account in accounts)),
            ("twice", *(f"{account.duplicates:,}" for account in accounts)),
            ("wrong values", *("" if account.wrong is None else f"{len(account.wrong):,}" for account in accounts))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = (f"{cell:>{width}}" for cell, width in zip(row[1:], widths[1:]))
        print("   ".join((f"{row[0]:<{widths[0]}}", *cells)).rstrip())
