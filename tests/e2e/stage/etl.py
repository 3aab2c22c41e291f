"""The daily job of docs/etl.md, as that page tells it: read a day as a whole, check it, replace what was booked.

The queries and statements are the ones in that page's code blocks. In place of ClickHouse it writes to SQLite, into a
table of the same shape."""

import collections
import datetime
import json
import pathlib
import re

DOCUMENT = pathlib.Path(__file__).resolve().parents[3] / "docs" / "etl.md"
CHECKS = ("complete", "counted", "added")

_BLOCK = re.compile(r"^```(\w+) ([\w-]+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_TENANT = re.compile(r'tenant_id="\$ACCOUNT"(, )?')

# state: provisional or settled (both booked), or skipped, and then why. at: the moment that was read. written: rows.
Outcome = collections.namedtuple("Outcome", "state reason at written")


def blocks(language):
    """The named code blocks of the documentation: name -> text."""
    found = {}
    for kind, name, text in _BLOCK.findall(DOCUMENT.read_text(encoding="utf-8")):
        if kind == language:
            assert name not in found, f"two blocks are named {name}"
            found[name] = text
    return found


QUERIES = blocks("promql")
QUERIES["ok"] = "\nand on (cluster)\n".join(f"(\n{QUERIES[check]})" for check in CHECKS)
STATEMENTS = blocks("sql")


def fill(query, account=None, cluster="", day=""):
    """The query with its names filled in; without an account, the tenant's matcher is left out."""
    if account is None:
        query = _TENANT.sub("", query)
    values = {"$ACCOUNT": account, "$CLUSTER": cluster, "$DAY": day}
    # JSON's escapes are a part of PromQL's.
    quote = lambda match: json.dumps(values[match.group(1)], ensure_ascii=False)
    return re.sub(r'"(\$[A-Z]+)"', quote, query)


# --- read and check ---------------------------------------------------------------------------------------------------


class Reader:
    """Asks a store. `api(path, **parameters)` returns `data` of an answer of the Prometheus HTTP API."""

    def __init__(self, api, account):
        self._api = api
        self._account = account

    def exposed(self, now, step, reach):
        """{(day, cluster): the moments at which it claimed to be complete, newest first}; also those that never did."""
        steps = reach // step
        answer = self._api(
            "query_range",
            query=fill(QUERIES["exposed"], self._account),
            start=f"{(now - steps * step).timestamp():.3f}",
            end=f"{now.timestamp():.3f}",
            step=f"{step.total_seconds():.3f}",
        )
        found = {}
        for series in answer["result"]:
            labels = series["metric"]
            moments = [at for at, value in series["values"] if float(value) == 1]
            found[labels["date"], labels.get("cluster", "")] = sorted(moments, reverse=True)
        return found

    def ask(self, name, at, day, cluster):
        """Instant query: [(labels, value)]."""
        query = fill(QUERIES[name], self._account, cluster, day)
        answer = self._api("query", query=query, time=f"{at:.3f}")
        return [(sample["metric"], float(sample["value"][1])) for sample in answer["result"]]

    def newest_ok(self, moments, day, cluster):
        return next((at for at in moments if self.ask("ok", at, day, cluster)), None)

    def why_not(self, moments, day, cluster):
        if not moments:
            return "kubecost_day_complete is 0"
        failed = [check for check in CHECKS if not self.ask(check, moments[0], day, cluster)]
        return f"not ok at any of {len(moments)} moments; at the newest these failed: {', '.join(failed) or 'none'}"

    def nodes(self, at, day, cluster):
        """(namespace, pod) -> node; of several the first in order, so that each run takes the same."""
        found = {}
        for labels, _ in self.ask("attributes", at, day, cluster):
            key, node = (labels["namespace"], labels["pod"]), labels.get("node")
            if node:
                found[key] = min(node, found.get(key, node))
        return found


def run(store_api, database, account, days=None, now=None, step=datetime.timedelta(minutes=5),
        reach=datetime.timedelta(days=3), by_tenant=True):  # fmt: skip
    """One run for one account: {(day, cluster): Outcome}.

    store_api: as `Prometheus.api`. now: where T begins (aware); by default two minutes ago, when all batches are there.
    days: only these; by default every exposed one. by_tenant=False for a store without the label `tenant_id`."""
    if now is None:
        now = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=2)
    reader = Reader(store_api, account if by_tenant else None)
    exposed = reader.exposed(now, step, reach)
    report = {}
    for day in set(days or ()) - {day for day, _ in exposed}:
        report[day, None] = Outcome("skipped", "not exposed", None, 0)
    for (day, cluster), moments in sorted(exposed.items()):
        if days is None or day in days:
            report[day, cluster] = _book(reader, database, account, day, cluster, moments)
    return report


def _book(reader, database, account, day, cluster, moments):
    at = reader.newest_ok(moments, day, cluster)
    if at is None:
        return Outcome("skipped", reader.why_not(moments, day, cluster), None, 0)
    costs = {(labels["namespace"], labels["pod"]): cost for labels, cost in reader.ask("rows", at, day, cluster)}
    written = replace(database, account, day, cluster, costs, reader.nodes(at, day, cluster))
    settled = reader.ask("settled", at, day, cluster)
    return Outcome("settled" if settled else "provisional", "", at, written)


# --- replace ----------------------------------------------------------------------------------------------------------


def create(database):
    """The table. SQLite knows neither the engine nor its sorting key: reading by sign does not need them."""
    database.execute(
        "CREATE TABLE expenses (cloud_account_id TEXT NOT NULL, resource_id TEXT NOT NULL, date TEXT NOT NULL,"
        " cost REAL NOT NULL, sign INTEGER NOT NULL, k8s_namespace TEXT, k8s_node TEXT, k8s_service TEXT)"
    )


def _moment(day):
    return f"{day} 00:00:00"


def _wanted(cluster, costs, nodes, booked_nodes):
    """The rows to be booked, each as (resource, namespace, node, service, cost)."""
    for (namespace, pod), cost in costs.items():
        service = f"{namespace}/{pod}"
        resource = f"{cluster}/{service}"
        yield resource, namespace, nodes.get((namespace, pod), booked_nodes.get(resource)), service, cost


def replace(database, account, day, cluster, costs, nodes):
    """Makes `costs`, {(namespace, pod): cost}, the rows of that day and cluster; returns how many rows it wrote."""
    key = {"ACCOUNT": account, "DAY": _moment(day), "CLUSTER": cluster}
    booked = {tuple(line[:-1]): line[-1] for line in database.execute(STATEMENTS["booked"], key)}
    booked_nodes = {line[0]: line[2] for line in booked}
    wanted = set(_wanted(cluster, costs, nodes, booked_nodes))
    surplus = {line: booked.get(line, 0) - (line in wanted) for line in booked.keys() | wanted}
    changes = []
    # Cancelling comes first: a merge keeps the last row of a key.
    for sign in (-1, 1):
        for line, count in sorted(surplus.items(), key=lambda item: item[0][0]):
            changes += [(line, sign)] * max(0, -sign * count)
    with database:
        for (resource, namespace, node, service, cost), sign in changes:
            row = {"RESOURCE": resource, "NAMESPACE": namespace, "NODE": node, "SERVICE": service, "COST": cost}
            database.execute(STATEMENTS["write"], {"ACCOUNT": account, "DAY": _moment(day), "SIGN": sign, **row})
    return len(changes)


def rows(database, account, day):
    """What the table says was spent: {resource_id: cost}."""
    found = {}
    names = {"ACCOUNT": account, "DAY": _moment(day)}
    for resource, _, _, _, amount in database.execute(STATEMENTS["cost"], names):
        assert resource not in found, f"{resource} is booked twice"
        found[resource] = amount
    return found


def merge(database):
    """What ClickHouse does with the table in the background whenever it likes, by its rules for collapsing."""
    groups = {}
    for line in database.execute("SELECT * FROM expenses ORDER BY rowid"):
        account, resource, date = line[:3]
        groups.setdefault((account, date, resource), []).append(line)
    kept = []
    for lines in groups.values():
        states = [line for line in lines if line[4] == 1]
        cancels = [line for line in lines if line[4] == -1]
        if len(states) > len(cancels):
            kept.append(states[-1])
        elif len(states) < len(cancels):
            kept.append(cancels[0])
        elif lines[-1][4] == 1:
            kept += [cancels[0], states[-1]]
    with database:
        database.execute("DELETE FROM expenses")
        database.executemany("INSERT INTO expenses VALUES (?, ?, ?, ?, ?, ?, ?, ?)", kept)
