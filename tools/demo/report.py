"""The end of the demo: the account, as a table on standard output."""
import datetime

from ledger import Score, Stream, plain_publish_bytes


class Report:
    """What the story gathers on its way, and what is made of it at the end."""

    def __init__(self, journals, arrivals, streams):
        self.backlog_peak = 0
        self.wire_bytes = 0           # written by the hub on its connections to the cloud
        self.connections = 0
        self.copies = 0               # dropped by the consumer
        self.queue = {}               # the hub's own account of $upstream
        self.seconds = 0.0
        self._journals = journals     # module -> Journal
        self._arrivals = arrivals
        self._topics = streams        # topic -> module that publishes it

    def print(self, windows, windows_are):
        """Prints everything. Returns True if nothing is lost and nothing came twice."""
        accounts = self._upstream() + self._hops()
        print()
        print_table(accounts)
        print()
        self._print_link()
        self._print_alarms(windows, windows_are)
        line("time", f"{self.seconds:.0f} s")
        for account in accounts:
            if not account.good():
                line("NOT GOOD", f"{account.name}: {account.duplicates} duplicates, lost {account.lost[:5]},"
                                 f" never published {account.unknown[:5]}")
        return all(account.good() for account in accounts)

    def _upstream(self):
        return [Stream(topic.rsplit("/", 1)[1], self._journals[module].acknowledged,
                       [body["id"] for body in self._arrivals.bodies[topic]])
                for topic, module in self._topics.items()]

    def _hops(self):
        return [Stream(f"{sender} to {receiver}", self._journals[sender].acknowledged,
                       self._journals[receiver].received.elements())
                for sender, receiver in (("sensor", "detector"), ("detector", "filter"))]

    def _print_link(self):
        plain = self._plain_bytes()
        line("backlog at its peak", f"{self.backlog_peak:,} messages")
        line("copies sent again", f"{self.copies:,} messages, dropped by the consumer by (hub, epoch, seq)")
        for gap in self._arrivals.gaps:
            line("declared as a gap", str(gap))
        line("bytes up, Headgate", f"{self.wire_bytes:,}: all that the hub wrote to the cloud,"
                                   f" on {self.connections} connections, with CONNECT and pings")
        line("bytes up, plain MQTT", f"{plain:,}: computed, every message that arrived as one QoS 1 PUBLISH")
        if self.wire_bytes:
            line("ratio", f"1/{plain / self.wire_bytes:.1f}")
        ends = " + ".join(f"{what} {self.queue[what]:,}"
                          for what in ("delivered", "waiting", "expired", "dropped", "dead"))
        line("the hub's own account", f"in {self.queue['in']:,} = {ends}")

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
            ("published", *(f"{account.sent:,}" for account in accounts)),
            ("arrived", *(f"{account.arrived:,}" for account in accounts)),
            ("lost", *(f"{len(account.lost):,}" for account in accounts)),
            ("duplicate ids", *(f"{account.duplicates:,}" for account in accounts))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = (f"{cell:>{width}}" for cell, width in zip(row[1:], widths[1:]))
        print(f"{row[0]:<{widths[0]}}", *cells, sep="   ")
