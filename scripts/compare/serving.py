"""What a running exporter answers, and what it asks: every part of a scrape, the page, errors, TLS, passwords."""

import itertools

from compare.side import NOW
from stage.harness import wait_until
from stage.programs import CLOSED_DAYS, ONE_DAY, Clock
from stage.web_site import NOWHERE, Site, basic, bcrypt

COLLECTORS = ("pod", "namespace", "cluster", "exporter")
SEARCHES = ("team", "TEAM%2D1", "e", "__idle__", "+team-1+", "no%20such", "%3Cscript%3E", "%FF%FE", "", "x" * 300, "x" * 600,
            "%7Ba", "team-1%00")  # fmt: skip
ACCEPTS = ("application/openmetrics-text", "application/openmetrics-text;version=1.0.0,text/plain;q=0.5", "*/*",
           "application/vnd.google.protobuf")  # fmt: skip
ENCODINGS = ("gzip", "gzip;q=0", "identity", "*", "br, gzip;q=0.1", "deflate", "GZIP", "")
HEALTH = ("/healthz", "/readyz", "/-/healthy", "/-/ready")
BAD_COLLECTS = ("pods", "", "Pod", "pod,namespace", "pod%00", "%22%0a%3Cb%3E", "x" * 5000)
SCALE = ("--log.level=debug", "--backfill.days=6")
RAW = (
    b"GET /metrics?collect[]=cluster HTTP/1.0\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 20_000 + b"\r\n\r\n",
    b"GET /healthz HTTP/3.9\r\n\r\n",
    b"nonsense\r\n\r\n",
    b"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc",
    b"HEAD / HTTP/1.0\r\n\r\n",
    b"GET http://x/healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
)


def scrapes(side, exporter, path="/metrics", label=""):
    """The whole, each choice of parts, each way to compress."""
    side.request(f"{label}scrape", exporter, "GET", path)
    # A scrape counts after its last byte, and its size is told from then on.
    query = f"{path}?collect[]=exporter"
    wait_until(lambda: b"kubecost_exporter_scrape_bytes " in exporter.get(query), "a scrape being counted")
    for chosen in itertools.chain(*(itertools.combinations(COLLECTORS, count) for count in range(1, 5))):
        query = "&".join(f"collect[]={name}" for name in chosen)
        side.request(f"{label}collect {chosen}", exporter, "GET", f"{path}?{query}")
        side.request(f"{label}collect {chosen}, gzip", exporter, "GET", f"{path}?{query}", {"Accept-Encoding": "gzip"})
    for encoding in ENCODINGS:
        side.request(f"{label}encoding {encoding!r}", exporter, "GET", path, {"Accept-Encoding": encoding})
        side.request(f"{label}HEAD, encoding {encoding!r}", exporter, "HEAD", path, {"Accept-Encoding": encoding})
    for accept in ACCEPTS:
        side.request(f"{label}accept {accept}", exporter, "GET", path, {"Accept": accept})


def page(side, exporter, label=""):
    side.request(f"{label}page", exporter, "GET", "/")
    for search in SEARCHES:
        side.request(f"{label}search {search}", exporter, "GET", f"/?search={search}")


def errors(side, exporter, path="/metrics"):
    for health in HEALTH:
        side.request(health, exporter, "GET", health)
    for value in BAD_COLLECTS:
        side.request(f"collect {value}", exporter, "GET", f"{path}?collect[]={value}")
        side.request(f"collect pod and {value}", exporter, "GET", f"{path}?collect[]=pod&collect[]={value}")
    for query in ("collect=pod", "exclude[]=pod", "window=1d&x", "&&", "%", "collect%5B%5D=pod", "collect[]=p%6fd"):
        side.request(f"query {query}", exporter, "GET", f"{path}?{query}")
    for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"):
        for target in ("/", path, "/nothing", "/healthz", "/metrics/", "/../etc/passwd", "//"):
            side.request(f"{method} {target}", exporter, method, target)
    for data in RAW:
        side.raw(f"raw {data[:50]!r}", exporter, data)


def _world(simulator_flags, exporter_flags, path="/metrics", has_errors=False):
    """An exporter that has read all there is from that Kubecost."""

    def scenario(side):
        simulator = side.simulator(*simulator_flags)
        flags = [flag.replace("FOLDER", str(side.folder)) for flag in exporter_flags]
        exporter = side.exporter(simulator.url, *SCALE, *flags)
        side.wait_for_polls(exporter)
        scrapes(side, exporter, path)
        page(side, exporter)
        if has_errors:
            errors(side, exporter, path)
        side.keep("requests", "\n".join(simulator.requests()))
        side.stop("log", exporter)
        for file in sorted(side.folder.iterdir()):
            side.keep(f"file {file.name}", file.read_text())

    return scenario


EVERYTHING = ("--compat.cloudtuner", "--day.pod-resources", "--today.pods", "--backfill.pods", "--day.keep=2")
EVENTS = ("--event=off:2026-03-02", "--event=half:2026-03-03", "--event=move:2026-03-04", "--event=vanish:2026-03-01")
WORLDS = {
    "defaults": (["--pods=80"], [], "/metrics", True),
    "every family": (["--pods=80", "--clusters=2", "--currency=EUR"], ["--log.format=json", *EVERYTHING]),
    "three clusters, events": (["--pods=90", "--clusters=3", *EVENTS], ["--state.path=FOLDER/state", "--day.keep=6"]),
    "opencost at +05:30": (["--product=opencost", "--pods=50", "--utc-offset=+05:30"], ["--day.utc-offset=+05:30"]),
    "odd values": (["--pods=70", "--null-cost-rate=0.05", "--negative-cost-rate=0.05", "--null-efficiency-rate=0.1",
                    "--pod-uid", "--unallocated-properties"], [*EVERYTHING]),
    "hostile names": (["--pods=40", "--fault=hostile_names"], [*EVERYTHING, "--log.format=json"]),
    "old answers, shared idle": (["--pods=40", "--envelope=old", "--keep-attributes=all", "--currency=USD",
                                  "--currency-endpoint=productConfigs"], ["--idle=share", "--share-tenancy-costs=false"]),
    "other names": (["--pods=40", "--fault=no_cluster"], ["--cluster.name=mine", "--cluster-info.label=region=eu",
                    "--currency=CHF", "--idle=off", "--web.telemetry-path=/other/path",
                    "--filter=namespace:\"a\"", "--share-namespaces=kube-system", "--share-labels=app:x"], "/other/path"),
    "one day alone": (["--pods=30", "--adjustments=true"], [*ONE_DAY, "--cluster-info=off", "--kubecost.gzip=false"]),
    "closed days": (["--pods=30", "--nodes=2", "--namespaces=3", "--history-days=2"], [*CLOSED_DAYS, "--day.keep=4"]),
}  # fmt: skip


def real_clock(side):
    """The program itself instead of the one on another clock."""
    simulator = side.stage.simulator("--pods=30")
    side.knows_port(simulator.port)
    exporter = side.exporter(simulator.url, *ONE_DAY, "--log.level=debug", binary=side.program)
    side.wait_for_polls(exporter)
    scrapes(side, exporter)
    errors(side, exporter)
    side.stop("log", exporter)


def secured(side):
    """Passwords, headers and a rate limit; TLS with and without client certificates."""
    site = Site(side.folder)
    simulator = side.simulator("--pods=20")
    headers = {"Strict-Transport-Security": "max-age=1", "X-Frame-Options": "deny", "Content-Security-Policy": "none"}
    site.write(tls_server_config=site.mutual_tls(), basic_auth_users={"user": bcrypt("right"), "other": bcrypt("x")},
               http_server_config={"http2": True, "headers": headers})  # fmt: skip
    # Its clock moves on: files are looked at again after a second.
    exporter = side.exporter(simulator.url, *ONE_DAY, "--log.level=debug", f"--web.config.file={site.path}", clock=Clock(NOW))
    exporter.context, exporter.headers = site.context(site.client), basic("user", "right")
    side.wait_for_polls(exporter)
    scrapes(side, exporter)
    page(side, exporter)
    logins = [{"Authorization": text} for text in ("", "Basic", "Basic !", "Bearer x", basic("user", "wrong")["Authorization"],
                                                   basic("nobody", "right")["Authorization"])]  # fmt: skip
    for login in logins:
        for path in ("/", "/metrics", "/nothing", "/healthz"):
            side.request(f"{login} {path}", exporter, "GET", path, login)
        side.request(f"{login} POST", exporter, "POST", "/metrics", login)
    for label, identity in (("no certificate", None), ("a stranger's", site.stranger)):
        exporter.context = site.context(identity)
        side.request(f"client with {label}", exporter, "GET", "/metrics")
        side.request(f"client with {label}: health", exporter, "GET", "/healthz")
    exporter.context = None
    side.request("without TLS", exporter, "GET", "/metrics")
    exporter.context = site.context(site.client)
    good = site.path.read_text()
    for number, text in enumerate(("", "{", good.replace("RequireAndVerifyClientCert", "NoClientCert"), good)):
        told = len(exporter.log("web configuration"))
        site.path.write_text(text)
        # It looks at the file when it is asked something.
        wait_until(lambda n=told: exporter.request("GET", "/") and len(exporter.log("web configuration")) > n, exporter.describe)
        side.request(f"after change {number}", exporter, "GET", "/metrics?collect[]=exporter")
        side.request(f"page after change {number}", exporter, "GET", "/")
    side.stop("log", exporter)


def passwords_alone(side):
    site = Site(side.folder)
    site.write(basic_auth_users={"user": bcrypt("right")}, rate_limit={"interval": "1h", "burst": 3})
    exporter = side.exporter(NOWHERE, *ONE_DAY, "--log.format=json", f"--web.config.file={site.path}")
    for number in range(6):
        for login in ({}, basic("user", "right"), basic("user", "wrong")):
            side.request(f"{number} {login}", exporter, "GET", "/nothing", login)
    side.request("health", exporter, "GET", "/healthz")
    side.stop("log", exporter)


def cannot_start(side):
    """A port that is taken, and addresses that are not ours."""
    holder = side.exporter(NOWHERE)
    for label, address in {"taken": f"127.0.0.1:{holder.port}", "not ours": "192.0.2.1:0", "IPv6": "[2001:db8::1]:0",
                           "name": "no.such.name.invalid:0"}.items():
        side.command(label, f"--kubecost.url={NOWHERE}", f"--web.listen-address={address}")
    site = Site(side.folder)
    site.write(tls_server_config={"cert_file": str(site.server.certificate), "key_file": str(site.client.key)})
    side.command("keys do not match", f"--kubecost.url={NOWHERE}", f"--web.config.file={site.path}")


def frozen():
    worlds = {name: _world(*settings) for name, settings in WORLDS.items()}
    return {**worlds, "passwords alone": passwords_alone, "cannot start": cannot_start}


def running():
    return {"the program itself": real_clock, "secured": secured}
