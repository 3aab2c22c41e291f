"""One of the two builds in one scenario: what it runs, and the texts that are compared."""

import contextlib
import gzip
import pathlib
import re
import signal

from stage.harness import run, wait_until
from stage.programs import Clock, Stage

NOW = "2026-03-05T14:30:07+00:00"
# So slow that no moment moves: what is printed is as if the clock stood still. At 0 the exporter could not sleep.
STILL = 1e-8
_NEXT = re.compile(r'<tr><th scope="row" class="name">[^<]*<small>.*</td><td>(.*)</td></tr>')


class Side:
    """Everything it starts ends with `close`. `texts` is {label: text}, `own_words` {text of this run: its name}."""

    def __init__(self, build):
        self.program = build / "kubecost-allocation-exporter"
        self.scaled = build / "tests" / "scaled-exporter"
        self.stage = Stage()
        self.folder = pathlib.Path(self.stage.folder())
        self.texts = {}
        self.own_words = {str(self.folder): "folder"}

    def close(self):
        self.stage.close()

    def enter(self, service):
        """Starts a server of this process, and sees to its end."""
        self.stage.callback(service.kill)
        service.await_start()
        self.knows_port(service.port)
        return service

    def keep(self, label, text):
        for word, name in self.own_words.items():
            label = label.replace(word, f"<{name}>")
        if label in self.texts:
            raise AssertionError(f"{label} is kept twice")
        self.texts[label] = text.decode("utf-8", "backslashreplace") if isinstance(text, bytes) else text

    def knows_port(self, port):
        self.own_words.update({f":{port}": "port", f" port {port}": "port"})

    def run(self, *argv, clock=None, env=None, stdin=b""):
        """Runs the program to its end."""
        env = {**(clock.exporter_environment() if clock else {}), **(env or {})}
        return run(self.scaled if clock else self.program, *argv, env=env, stdin=stdin, timeout=120)

    def command(self, label, *argv, **kwargs):
        """Runs the program to its end and keeps exit code and output."""
        done = self.run(*argv, **kwargs)
        streams = ((name, getattr(done, name).decode("utf-8", "backslashreplace")) for name in ("stdout", "stderr"))
        self.keep(label, f"exit code {done.returncode}\n" + "".join(f"-- {name}\n{text}\n" for name, text in streams))

    def simulator(self, *flags, clock=None, port=0):
        simulator = self.stage.simulator(*flags, clock=clock or Clock(NOW, STILL), port=port)
        self.knows_port(simulator.port)
        return simulator

    def exporter(self, url, *flags, clock=None, binary=None, **kwargs):
        clock = clock or Clock(NOW, STILL)
        exporter = self.stage.exporter(url, *flags, clock=clock, binary=binary or self.scaled, **kwargs)
        self.knows_port(exporter.port)
        return exporter

    def wait_for_polls(self, exporter):
        """Until every view has been read or has failed, and the next read is not due yet."""

        def is_done():
            page = exporter.get("/").decode()
            nexts = _NEXT.findall(page)
            return nexts and not any(text in ("now", "not known yet") or ">now " in text for text in nexts)

        wait_until(is_done, exporter.describe, timeout=60, interval=0.05)

    def request(self, label, service, method, path, headers=None):
        """Keeps status, headers and body of an answer."""
        try:
            answer = service.request(method, path, headers)
        except OSError:
            # Whether the connection or the handshake ends first is a matter of moments.
            return self.keep(label, "no answer")
        body = answer.body
        if answer.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body) if body else body
        # The body is compared; what is masked in it may be of another length.
        told = {"Content-Length": "as long as the body"} if answer.headers["Content-Length"] == str(len(answer.body)) else {}
        head = "".join(f"{name}: {told.get(name, value)}\n" for name, value in answer.headers.items())
        return self.keep(label, f"HTTP {answer.status}\n{head}\n".encode() + body)

    def raw(self, label, service, data):
        """Keeps all that comes back for these bytes."""
        with service.connect() as connection:
            connection.sendall(data)
            answer = b""
            with contextlib.suppress(ConnectionResetError):
                while piece := connection.recv(65536):
                    answer += piece
        self.keep(label, answer.replace(b"\r\n", b"\n"))

    def stop(self, label, exporter):
        """Ends it and keeps its log."""
        exporter.send(signal.SIGTERM)
        code = exporter.wait()
        self.keep(label, "\n".join([*exporter.output["stderr"], *exporter.output["stdout"], f"exit code {code}"]))
