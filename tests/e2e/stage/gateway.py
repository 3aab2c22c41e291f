"""A stand-in for the gateway between a customer's Prometheus and the store, with the parts around it: a feed of static
metrics, a hop that adds the account's header, and Prometheus as sender and as store."""

import base64
import collections
import contextlib
import http.client
import http.server
import json
import pathlib
import threading
import urllib.parse

from stage import remote_write
from stage.harness import PATIENCE, HttpService, Process, require_tool
from stage.programs import Prometheus, Stage, free_port

WRITE_PATH = "/storage/api/v2/write"
# Prometheus that scrapes and writes, and answers no query.
AGENT_MODE = "--enable-feature=agent"
ACCOUNT_HEADER = "Cloud-Account-Id"
ACCOUNT = "0b7f1f9e-account"
USERNAME, PASSWORD = "customer", "correct horse"
# What the gateway can be told to answer; 409 keeps the samples that do not match.
FAULTS = (400, 401, 409, 422, 500, 503)
RETRIED = (500, 503)

# One request as it was answered; series is None for a body that was not read.
Answer = collections.namedtuple("Answer", "status account series text")
Dropped = collections.namedtuple("Dropped", "status labels samples")


def post(service, path, body, headers=None, timeout=PATIENCE):
    """(status, text)"""
    connection = http.client.HTTPConnection(service.host, service.port, timeout=timeout)
    with contextlib.closing(connection):
        connection.request("POST", path, body=body, headers=headers or {})
        response = connection.getresponse()
        return response.status, response.read().decode("utf-8", "replace")


def credentials(username=USERNAME, password=PASSWORD):
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


class _Server(http.server.ThreadingHTTPServer):
    # Wide enough for all shards of a sender at once.
    request_queue_size = 64

    def handle_error(self, request, client_address):
        pass  # a client that was killed


class Service(HttpService):
    """An HTTP server in this process, one thread per connection. Subclasses answer by `handle`."""

    def __init__(self):
        self._server = _Server((self.host, 0), self._handler())
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def await_start(self):
        self._thread.start()

    def kill(self):
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    def handle(self, method, path, headers, read):
        """(status, headers, body); `read(limit)` gives the request's body, None when it is longer."""
        raise NotImplementedError

    def _handler(service):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = PATIENCE

            def do_GET(self):
                size = int(self.headers.get("Content-Length", 0))
                unread = [size]

                def read(limit):
                    if size > limit:
                        return None
                    unread[0] = 0
                    return self.rfile.read(size)

                status, headers, body = service.handle(self.command, self.path, self.headers, read)
                # Closing on unread bytes would reset the connection before the answer is seen.
                while unread[0] > 0:
                    unread[0] -= len(self.rfile.read(min(unread[0], 1 << 20))) or unread[0]
                self.send_response(status)
                # Closed after each answer: a server that was killed then answers nobody.
                for name, value in {**headers, "Content-Length": len(body), "Connection": "close"}.items():
                    self.send_header(name, str(value))
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET

            def log_message(self, *_):
                pass

        return Handler


class Feed(Service):
    """Serves `text` to scrapes; None is an exporter that cannot answer."""

    text = ""

    def publish(self, facts):
        """Serves {(name, frozenset of labels): value}, all of them gauges."""
        lines = []
        for name, labels, value in sorted((name, sorted(labels), value) for (name, labels), value in facts.items()):
            heading = [f"# HELP {name} Test.", f"# TYPE {name} gauge"]
            if heading[1] not in lines:
                lines += heading
            pairs = ",".join(f"{label}={json.dumps(text, ensure_ascii=False)}" for label, text in labels)
            lines.append(f"{name}{{{pairs}}} {value!r}")
        self.text = "\n".join(lines) + "\n"

    def handle(self, method, path, headers, read):
        text = self.text
        if text is None:
            return 503, {}, b""
        return 200, {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}, text.encode()


class Hop(Service):
    """Passes writes on and adds a header: Debian's Prometheus 2.42 reads `remote_write.headers` and sends none."""

    def __init__(self, target, headers):
        super().__init__()
        self.target = target
        self.headers = dict(headers)

    def handle(self, method, path, headers, read):
        own = {"host", "content-length", "connection"}
        passed = {name: value for name, value in headers.items() if name.lower() not in own}
        try:
            status, text = post(self.target, path, read(1 << 30), {**passed, **self.headers})
        except OSError as error:
            return 502, {}, str(error).encode()
        return status, {}, text.encode()


class _Fault:
    def __init__(self, status, times, matches):
        self.status, self.times, self.matches = status, times, matches


class Gateway(Service):
    """Checks a write as the real one does and forwards the untouched body to a store that takes remote-write.

    `fail()` queues troubles. `answers` lists every request in its order, `dropped` every sample lost for good."""

    def __init__(self, store, accounts=(ACCOUNT,), max_body=100 << 20, store_timeout=20):
        super().__init__()
        self.store = store
        self.accounts = set(accounts)
        self.answers = []
        self.dropped = []
        self._max_body = max_body
        self._store_timeout = store_timeout
        self._faults = []
        self._lock = threading.Lock()

    def fail(self, status, times=1, matches=lambda labels: True):
        """The next `times` requests with a series whose labels match get that status; times=None: until `heal()`."""
        if status not in FAULTS:
            raise ValueError(f"the gateway never answers {status}")
        with self._lock:
            self._faults.append(_Fault(status, times, matches))

    def heal(self):
        with self._lock:
            self._faults.clear()

    def statuses(self):
        return [answer.status for answer in list(self.answers)]

    def handle(self, method, path, headers, read):
        if path != WRITE_PATH:
            return 404, {}, b"no such path"
        if method != "POST":
            return 405, {}, b"POST only"
        account = headers.get(ACCOUNT_HEADER)
        status, text, series = self._write(account, headers, read)
        self.answers.append(Answer(status, account, series, text))
        return status, {}, text.encode()

    def _write(self, account, headers, read):
        """(status, text, series or None)"""
        if headers.get("Authorization") != credentials():
            return 401, "wrong or missing credentials", None
        if not account:
            return 400, f"{ACCOUNT_HEADER} is missing", None
        if account not in self.accounts:
            return 422, "unknown account", None
        body = read(self._max_body)
        if body is None:
            return 400, f"more than {self._max_body} bytes", None
        try:
            series = remote_write.decode(body)
        except remote_write.MalformedError as error:
            return 400, str(error), None
        fault = self._next_fault(series)
        status, text = self._fail(fault, account, series) if fault else self._store(account, body, series)
        return status, text, series

    def _next_fault(self, series):
        with self._lock:
            for fault in self._faults:
                if any(fault.matches(labels) for labels, _ in series):
                    if fault.times is not None:
                        fault.times -= 1
                        if fault.times == 0:
                            self._faults.remove(fault)
                    return fault
        return None

    def _fail(self, fault, account, series):
        lost = series
        if fault.status == 409:
            lost = [one for one in series if fault.matches(one[0])]
            good = [one for one in series if not fault.matches(one[0])]
            if good:
                status, text = self._store(account, remote_write.encode(good), good)
                if status in RETRIED:
                    return status, text
        if fault.status not in RETRIED:
            self._drop(fault.status, lost)
        return fault.status, "by order of the test"

    def _drop(self, status, series):
        self.dropped.extend(Dropped(status, labels, samples) for labels, samples in series)

    def _store(self, account, body, series):
        status, text = self._forward(account, body)
        if status == 503 or status < 300:
            # The store's 204 never gets out: the real gateway takes it for a failure.
            return (503 if status == 503 else 200), text
        # Prometheus refuses a request as a whole, the real store just the bad samples in it: so each series alone.
        refused = []
        for one in series:
            status, text_of_one = self._forward(account, remote_write.encode([one]))
            if status == 503:
                return status, text_of_one
            if status >= 300:
                refused.append(one)
        self._drop(409, refused)
        return (409, text) if refused else (200, "")

    def _forward(self, account, body):
        headers = {
            "Content-Encoding": "snappy",
            "Content-Type": "application/x-protobuf",
            "X-Prometheus-Remote-Write-Version": "0.1.0",
            ACCOUNT_HEADER: account,
        }
        try:
            status, text = post(self.store, "/api/v1/write", body, headers, self._store_timeout)
        except (OSError, http.client.HTTPException) as error:
            return 503, f"the store cannot be reached: {error}"
        return (503 if status >= 500 else status), text


# --- days that stand still --------------------------------------------------------------------------------------------


def key(name, **labels):
    return name, frozenset(labels.items())


def day_facts(day, pods, cluster="one", complete=1, settled=0, total=None, hidden=(), node="node-1"):
    """The series of a day, {(name, labels): value}; `hidden` pods are counted and not exposed."""
    of = {"cluster": cluster, "date": day}
    facts = {
        key("kubecost_cluster_daily_cost", **of): sum(pods.values()) if total is None else total,
        key("kubecost_day_complete", **of): complete,
        key("kubecost_day_settled", **of): settled,
    }
    if complete:
        facts[key("kubecost_day_pods", **of)] = len(pods)
    for name, cost in pods.items():
        namespace, pod = name.split("/")
        who = {**of, "namespace": namespace, "pod": pod}
        if complete and name not in hidden:
            facts[key("kubecost_pod_daily_cost", **who)] = cost
            attributes = {"node": node, "controller_kind": "deployment", "controller": "c"}
            facts[key("kubecost_pod_daily_info", **who, **attributes)] = 1
    return facts


def scraped(facts):
    """The series that the store has after the facts came through a pipeline: an empty label is none."""
    extra = {("job", "kubecost"), ("instance", "exporter"), ("tenant_id", ACCOUNT)}
    found = {}
    for (name, labels), value in facts.items():
        found[name, frozenset((label, text) for label, text in labels | extra if text)] = float(value)
    return found


# --- Prometheus at both ends ------------------------------------------------------------------------------------------


class ConfiguredPrometheus(Prometheus):
    def __init__(self, binary, folder, config, *flags, port=None):
        path = pathlib.Path(folder) / "prometheus.yml"
        path.write_text(json.dumps(config), encoding="utf-8")  # JSON is YAML
        self.port = port or free_port()
        storage = "agent" if AGENT_MODE in flags else "tsdb"
        argv = [binary, f"--config.file={path}", f"--storage.{storage}.path={folder}/data", "--log.level=warn"]
        Process.__init__(self, [*argv, f"--web.listen-address=127.0.0.1:{self.port}", *flags])

    def api(self, path, **parameters):
        """As before, but queries by POST: the documented ones are long, and a job would send them so."""
        if not path.startswith("query"):
            return super().api(path, **parameters)
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        status, text = post(self, f"/api/v1/{path}", urllib.parse.urlencode(parameters), headers)
        if status != 200:
            raise AssertionError(f"{path} {parameters}: HTTP {status}: {text[:500]}")
        return json.loads(text)["data"]


def sender_config(target, url, folder, external_labels=None, batch=2000):
    password = pathlib.Path(folder) / "password"
    password.write_text(PASSWORD, encoding="utf-8")
    queue = {
        "max_shards": 2,
        "max_samples_per_send": batch,
        "retry_on_http_429": True,
        "batch_send_deadline": "100ms",
        "min_backoff": "30ms",
        "max_backoff": "100ms",
    }
    write = {
        "url": url,
        "basic_auth": {"username": USERNAME, "password_file": str(password)},
        "queue_config": queue,
        "metadata_config": {"send": False},
    }
    scrape = {
        "job_name": "kubecost",
        "honor_labels": True,
        "static_configs": [{"targets": [f"{target.host}:{target.port}"], "labels": {"instance": "exporter"}}],
    }
    return {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "external_labels": external_labels or {}},
        "scrape_configs": [scrape],
        "remote_write": [write],
    }


Pipeline = collections.namedtuple("Pipeline", "target sender hop gateway store")


class GatewayStage(Stage):
    def feed(self):
        return self._start(Feed)

    def configured(self, config, *flags, port=None):
        """A Prometheus with that configuration."""
        binary = require_tool("PROMETHEUS", "prometheus")
        return self._start(ConfiguredPrometheus, binary, self.folder(), config, *flags, port=port)

    def store(self, port=None):
        """A Prometheus that takes remote-write and answers PromQL."""
        return self.configured({}, "--web.enable-remote-write-receiver", port=port)

    def gateway(self, store, **settings):
        return self._start(Gateway, store, **settings)

    def hop(self, gateway, account=ACCOUNT):
        return self._start(Hop, gateway, {ACCOUNT_HEADER: account})

    def sender(self, target, receiver, **settings):
        """A Prometheus that scrapes `target` each second and writes to `receiver`, a hop or a gateway."""
        url = f"http://{receiver.host}:{receiver.port}{WRITE_PATH}"
        return self.configured(sender_config(target, url, self.folder(), **settings))

    def pipeline(self, target, **settings):
        """target -> sender -> hop -> gateway -> store; the account becomes the tenant, as the real store makes it."""
        store = self.store()
        gateway = self.gateway(store)
        hop = self.hop(gateway)
        settings.setdefault("external_labels", {"tenant_id": ACCOUNT})
        return Pipeline(target, self.sender(target, hop, **settings), hop, gateway, store)
