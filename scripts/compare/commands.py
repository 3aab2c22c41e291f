"""What the program prints and how it ends: help, checks of flags and files, render, once, healthcheck."""

import re

from compare.side import NOW, STILL
from stage.programs import ROOT, Clock
from stage.web_site import Site, bcrypt

NOWHERE = "--kubecost.url=http://127.0.0.1:1"
GOOD = (
    "--kubecost.url=https://kc:1/base --kubecost.api=opencost --kubecost.path-prefix=/m --kubecost.connect-timeout=3s "
    "--kubecost.read-timeout=4s --kubecost.deadline=5m --kubecost.max-response-bytes=2MiB --kubecost.gzip=false "
    "--kubecost.server-name=kc.example --kubecost.tls-verify=false --idle=share --share-tenancy-costs=false "
    "--share-namespaces=a,b --share-labels=app:x --filter=namespace:\"x\" --cluster.name=c --cluster-info=off "
    "--cluster-info.label=region=eu --cluster-info.label owner=me=you --currency=EUR --compat.cloudtuner "
    "--day.utc-offset=-08:30 --day.close-delay=90m --day.keep=5 --day.refresh=30m --day.settle-after=24h "
    "--day.pod-resources --hour.close-delay=5m --today.refresh=10m --today.pods --backfill.days=30 --backfill.pods "
    "--backfill.expose-for=2h --backfill.parallel-days=3 --web.listen-address=127.0.0.1:0 --web.listen-address=[::1]:1 "
    "--web.telemetry-path=/m --web.threads=8 --web.max-requests=3 --web.request-timeout=2s "
    "--web.keep-alive-timeout=100ms --log.level=debug --log.format=json"
).split()
# Each alone with --config.check.
BAD = (
    "--kubecost.url=http://kc:9090/|--kubecost.url=http://kc?x=1|--kubecost.url=http://kc:99999|--kubecost.url=ftp://x|"
    "--kubecost.url=http://user:secret@kc:9090|--kubecost.path-prefix=model|--kubecost.path-prefix=/model/|"
    "--kubecost.connect-timeout=500us|--kubecost.read-timeout=inf|--kubecost.deadline=5s|--cluster-info.label=9x=1|"
    "--kubecost.max-response-bytes=1|--currency=euro|--day.close-delay=24h|--day.refresh=1s|--day.keep=32|"
    "--web.listen-address=:1 --web.listen-address=:1|--web.listen-address=:99999|--web.listen-address=::1:9103|"
    "--web.listen-address=[::zz]:1|--web.telemetry-path=metrics|--web.telemetry-path=/healthz|--web.max-requests=16|"
    "--web.request-timeout=10ms|--web.keep-alive-timeout=2s|--kubecost.cert-file=/x|--kubecost.key-file=/x|"
    "--kubecost.username=x|--kubecost.token-file=marked|--kubecost.header-file=X-API-KEY: marked|--kubecost.ca-file=/no|"
    "--kubecost.password=marked-1|--kubecost.token marked-2|-pmarked-3=x|stray|--state.path=/no/such/state|"
    "--web.config.file=/no/such|--kubecost.server-name=kc:9090 --kubecost.url=https://kc|--backfill.parallel-days=91|"
    "--idle=foo --kubecost.deadline=soon --web.threads=1 stray --nonsense --kubecost.url=ftp://x --day.utc-offset=2"
).split("|")
ODD_VALUES = ("?!", "-1", "0", "3", "99999999999999999999", "1e99", "1h", "1000h", "é\n", "a,b", "true", "x" * 300)
COMMANDS = (
    "render|render f --level=node|render f --bogus|render /no/such|once|once --output=xml --date=2026-02-30 --from=2026-1-5"
    " --to --sample-interval=59s --days=0 --idle=foo --bogus --output-file|once --output=csv --days=3 --date=2026-03-01|"
    "once --output=csv --from=2020-01-01 --days=9|once --output=csv --days=367|once --output=prometheus --days=128|"
    "once --output=csv --config.check|once --output=csv --from=2026-03-03 --to=2026-03-01 --config.check|"
    "once --output=json --sample-interval=1h|healthcheck --timeout=0s|healthcheck --timeout=2m|healthcheck --timeout|"
    "healthcheck --timeout=x stray --web.listen-address=nowhere|render once|nonsense|once render"
).split("|")
TLS = "tls_server_config:\n  cert_file: c\n  key_file: k\n"
USER = "basic_auth_users:\n  alice: "
HEADERS = "http_server_config:\n  headers:\n    "
WEB_FILES = [
    "", "---\n", "{}", "tls_server_config: [", "a: b: c", "\tx: y", f"{USER}*hunter2\n", "{}\n---\n{}\n", "- x\n", "text",
    "\nauth_excluded_paths: [/metrics]\n", "[a]: b", "rate_limit:\nrate_limit:\n", "tls_server_config: on\n", TLS,
    f"{TLS}  cert_file: d\n", f"{TLS}  cert: x\n", f"{TLS}  client_auth_type: Require\n", f"{TLS}  client_ca_file: a\n",
    f"{TLS}  client_auth_type: RequireAndVerifyClientCert\n", f"{TLS}  client_allowed_sans: [a]\n", f"{USER}[x]\n",
    f"{TLS}  min_version: TLS10\n", f"{TLS}  min_version: TLS13\n  max_version: TLS12\n", f"{TLS}  max_version: SSL3\n",
    f"{TLS}  cipher_suites: [TLS_RSA_WITH_AES_128_CBC_SHA]\n", f"{TLS}  curve_preferences: [P256]\n", "a: " + "[" * 9999,
    f"{TLS}  prefer_server_cipher_suites: maybe\n", "http_server_config:\n  http3: true\n", f"{HEADERS}Server: x\n",
    f"{HEADERS}X-Frame-Options: maybe\n", f"{HEADERS}X-XSS-Protection: \"1\\r\\nSet-Cookie: a\"\n", f"{USER}hunter2\n",
    f"{USER}$2y$18$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG\n", "rate_limit:\n  interval: 1s\n",
    "rate_limit:\n  interval: 1\n  burst: many\n", f"{USER}\n  \"a:b\": x\n{TLS}  nonsense: 1\n",
]  # fmt: skip


def flags_of(side, *command):
    """The flags that help tells."""
    return re.findall(r"^ +(?:-\w,)?(--[a-z][a-z.-]+)", side.run(*command, "--help").stdout.decode(), re.MULTILINE)


def help_texts(side):
    for argv in (["--help"], ["-h"], ["--version"], *([name, "--help"] for name in ("render", "once", "healthcheck"))):
        side.command(" ".join(argv), *argv)


def flags(side):
    """Good and bad ones, alone and together, on the command line and in the environment."""
    side.command("good flags", "--config.check", *GOOD)
    side.command("no flags", "--config.check")
    side.command("good environment", env=dict(pair.partition("=")[::2] for pair in ("KUBECOST_EXPORTER_CONFIG_CHECK=true",)))
    for text in BAD:
        side.command(text, "--config.check", *text.split(" "))
    for text in COMMANDS:
        side.command(f"command {text}", *text.split(" "))


def flag_values(side):
    """Odd values: each for all flags at once, which lists every problem, and one for each flag alone."""
    for command in ((), ("once",)):
        flags_of_it = flags_of(side, *command)
        for value in ("", *ODD_VALUES):
            argv = [f"{flag}={value}" for flag in flags_of_it]
            side.command(f"{command} all {value[:20]!r}", *command, "--config.check", *argv)
        for flag in flags_of_it:
            side.command(f"{command} {flag} alone", *command, "--config.check", f"{flag}=?!")
            side.command(f"{command} {flag} bare", *command, "--config.check", flag)
    names = ["KUBECOST_EXPORTER_" + re.sub("[.-]", "_", flag[2:]).upper() for flag in flags_of(side)]
    for value in ("", *ODD_VALUES):
        side.command(f"environment {value[:20]!r}", "--config.check", env=dict.fromkeys(names, value))


def files(side):
    """--config.check with the files that flags name: missing, empty, wrong, good."""
    site = Site(side.folder)
    texts = {"empty": "", "binary": "a\0b", "lines": "a\nb\n", "long": "x" * 70_000, "headers": "X-API-KEY: k\nA: b\n",
             "bad-headers": "no colon\nHost: x\nContent-Length: 1\n", "blank": " \n"}  # fmt: skip
    for name, text in texts.items():
        (side.folder / name).write_text(text)
    paths = [side.folder / name for name in (*texts, "missing", ".")] + [*site.server, *site.client]
    for flag in ("ca", "token", "header"):
        for path in paths:
            side.command(f"{flag} {path}", "--config.check", "--kubecost.url=https://kc", f"--kubecost.{flag}-file={path}")
    for cert, key in [site.server, site.client, site.server[::-1], (site.server.certificate, site.client.key)]:
        pair = f"--kubecost.cert-file={cert}", f"--kubecost.key-file={key}"
        side.command(f"{cert} {key}", "--config.check", "--kubecost.url=https://kc", *pair)
    for path in paths:
        side.command(f"state {path}", "--config.check", f"--state.path={path}")
        user = "--kubecost.username=me", f"--kubecost.password-file={path}"
        side.command(f"password {path}", "--config.check", *user)
    for number, text in enumerate(WEB_FILES):
        site.path.write_text(text)
        side.command(f"web file {number} {text[:60]!r}", "--config.check", f"--web.config.file={site.path}")
        side.command(f"start with web file {number}", NOWHERE, f"--web.config.file={site.path}", "--web.listen-address=x")
    site.write(tls_server_config=site.mutual_tls(), basic_auth_users={"user": bcrypt("right")}, rate_limit={})
    side.command("good web file", "--config.check", f"--web.config.file={site.path}")


def render(side):
    """Every recorded answer and some of the simulator's, whole, cut short and with all levels."""
    for path in sorted((ROOT / "tests" / "testdata").glob("*.json")):
        text = path.read_bytes()
        for level in ("pod", "namespace", "cluster"):
            side.command(f"{path.name} as {level}", "render", path, f"--level={level}")
        side.command(f"{path.name} named", "render", "--cluster.name=mine", path, "--level", "namespace")
        for size in (0, 1, len(text) // 2, len(text) - 3):
            side.command(f"{path.name} cut at {size}", "render", "-", stdin=text[:size])
    for fault in ("none", "hostile_names", "null_costs", "duplicate_rows", "invalid_utf8", "string_numbers", "html",
                  "error_in_200", "overflow_number", "extra_fields", "no_window", "data_null"):  # fmt: skip
        simulator = side.simulator("--pods=40", "--clusters=2", "--null-efficiency-rate=0.1", f"--fault={fault}")
        for aggregate in ("cluster,namespace,pod,node,controllerKind,controller", "cluster,namespace", "cluster"):
            day = "window=2026-03-04T00:00:00Z,2026-03-05T00:00:00Z&accumulate=true&idle=true&includeIdle=true"
            answer = simulator.request("GET", f"/model/allocation?{day}&aggregate={aggregate}").body
            side.command(f"{fault} by {aggregate}", "render", "-", f"--level={LEVELS[aggregate.count(',')]}", stdin=answer)


LEVELS = {0: "cluster", 1: "namespace", 5: "pod"}


def once(side):
    """Every form, one day and several, of several kinds of Kubecost."""
    worlds = {
        "plain": (["--pods=60", "--clusters=2", "--currency=EUR"], []),
        "odd": (["--pods=50", "--fault=hostile_names", "--null-cost-rate=0.05", "--event=off:2026-03-02"], ["--idle=share"]),
        "opencost": (["--product=opencost", "--pods=40", "--utc-offset=+05:30"], ["--day.utc-offset=+05:30", "--idle=off"]),
        "named": (["--pods=30", "--envelope=old"], ["--cluster.name=mine", "--day.pod-resources", "--compat.cloudtuner"]),
    }
    for name, (simulator_flags, exporter_flags) in worlds.items():
        simulator = side.simulator(*simulator_flags)
        for form in ("prometheus", "openmetrics", "csv", "json"):
            for days in ([], ["--days=3"], ["--from=2026-03-01", "--to=2026-03-03"], ["--date=2026-03-02"]):
                argv = ["once", f"--kubecost.url={simulator.url}", f"--output={form}", *days, *exporter_flags]
                side.command(f"{name} {form} {days}", *argv, clock=Clock(NOW, STILL))
        path = side.folder / f"{name}.out"
        argv = ["once", f"--kubecost.url={simulator.url}", "--output=openmetrics", "--sample-interval=6h"]
        side.command(f"{name} to a file", *argv, f"--output-file={path}", "--log.format=json", clock=Clock(NOW, STILL))
        side.keep(f"{name} file", path.read_text())
        side.command(f"{name} to nowhere", *argv, "--output-file=/no/such/file", clock=Clock(NOW, STILL))
        side.keep(f"{name} requests", "\n".join(simulator.requests()))


def once_fails(side):
    """How each kind of trouble ends it, with its tries; on a clock that runs."""
    simulator = side.simulator("--pods=30", "--event=off:2026-03-02")
    for fault in ("http_500", "http_401", "http_404", "html", "data_null", "reset", "wrong_window", "recompute", "not_json",
                  "redirect", "extra_cluster", "stall_body", "huge_name"):  # fmt: skip
        simulator.set_fault(fault, path="/allocation")
        argv = ["once", f"--kubecost.url={simulator.url}", "--output=csv", "--days=2", "--kubecost.read-timeout=300ms"]
        side.command(fault, *argv, clock=Clock(NOW, 30_000))
    side.command("nobody there", "once", NOWHERE, "--output=json", clock=Clock(NOW, 30_000))


def healthcheck(side):
    """Alive, not there, at a port that speaks TLS and asks for a password, and at one that is no exporter."""
    site = Site(side.folder)
    exporter = side.exporter("http://127.0.0.1:1")
    simulator = side.simulator("--pods=5")
    for label, port in (("alive", exporter.port), ("no exporter", simulator.port), ("nobody", 1)):
        side.command(label, "healthcheck", f"--web.listen-address=127.0.0.1:{port}", "--timeout=2s")
        side.command(f"{label}, quiet", "healthcheck", env={"KUBECOST_EXPORTER_WEB_LISTEN_ADDRESS": f":{port}"})
    site.write(tls_server_config=site.mutual_tls(), basic_auth_users={"user": bcrypt("right")})
    secured = side.exporter("http://127.0.0.1:1", f"--web.config.file={site.path}")
    for flags_of_it in ([], [f"--web.config.file={site.path}"]):
        argv = ["healthcheck", f"--web.listen-address=127.0.0.1:{secured.port}", *flags_of_it]
        side.command(f"TLS {len(flags_of_it)}", *argv)
    side.stop("log", exporter)
    side.stop("log of the secured one", secured)


def frozen():
    scenarios = (once, render, files, flag_values, flags, healthcheck, help_texts)
    return {scenario.__name__.replace("_", " "): scenario for scenario in scenarios}


def running():
    return {"once fails": once_fails}
