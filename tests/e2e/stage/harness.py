"""Processes, HTTP and waiting, for tests that drive real programs."""

import collections
import contextlib
import ctypes
import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
import unittest

# How long to wait for what must happen. Generous: the machine may be busy; nothing waits this long when all is well.
PATIENCE = 60

_LIBC = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1


def require_tool(variable, name):
    """Path of a program; skips the test when it is not there."""
    path = os.environ.get(variable) or shutil.which(name)
    if not path or not os.access(path, os.X_OK):
        raise unittest.SkipTest(f"{name} is missing: install it or set {variable}")
    return path


def wait_until(condition, what, timeout=PATIENCE, interval=0.02):
    """Polls until `condition()` is true and returns what it returned; an error says what was waited for."""
    deadline = time.monotonic() + timeout
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout} s: {what() if callable(what) else what}")
        time.sleep(interval)


def _die_with_parent():
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def clean_environment(extra=None):
    """This process's environment without what would change the programs' behaviour (proxies, exporter settings)."""
    keep = {"PATH", "HOME", "TMPDIR", "LANG", "LC_ALL"}
    env = {key: value for key, value in os.environ.items() if key in keep or key.endswith("SAN_OPTIONS")}
    return {**env, **(extra or {})}


def run(*argv, stdin=b"", env=None, timeout=PATIENCE):
    """Runs a program to its end."""
    argv = [str(part) for part in argv]
    return subprocess.run(
        argv, input=stdin, env=clean_environment(env), capture_output=True, timeout=timeout, check=False
    )


class Process:
    """A running program in a process group of its own, its output collected line by line."""

    def __init__(self, argv, env=None):
        self.argv = [str(part) for part in argv]
        self.output = {"stdout": [], "stderr": []}
        self._popen = subprocess.Popen(
            self.argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=clean_environment(env),
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )
        self._readers = [
            threading.Thread(target=self._collect, args=(name,), daemon=True) for name in ("stdout", "stderr")
        ]
        for reader in self._readers:
            reader.start()

    def _collect(self, name):
        for line in getattr(self._popen, name):
            self.output[name].append(line.decode("utf-8", "backslashreplace").rstrip("\n"))

    @property
    def returncode(self):
        return self._popen.poll()

    def describe(self):
        tail = "\n  ".join(self.output["stdout"][-5:] + self.output["stderr"][-25:])
        return f"{os.path.basename(self.argv[0])} (exit code {self.returncode}) wrote:\n  {tail}"

    def wait_for_line(self, stream, pattern, timeout=PATIENCE):
        """Returns the match of the first line that `pattern` is found in."""
        expression = re.compile(pattern)

        def find():
            ended = self.returncode is not None and not any(reader.is_alive() for reader in self._readers)
            match = next(filter(None, map(expression.search, list(self.output[stream]))), None)
            if ended and not match:
                raise AssertionError(f"no line with {pattern!r}; {self.describe()}")
            return match

        return wait_until(find, lambda: f"a line with {pattern!r}; {self.describe()}", timeout)

    def send(self, number):
        self._popen.send_signal(number)

    def wait(self, timeout=PATIENCE):
        """Exit code, after all output has been collected."""
        code = self._popen.wait(timeout)
        for reader in self._readers:
            reader.join(timeout)
        return code

    def kill(self):
        """Ends the whole group at once; does nothing to one that has ended."""
        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._popen.pid, signal.SIGKILL)
        self.wait()
        for pipe in (self._popen.stdout, self._popen.stderr):
            pipe.close()


Response = collections.namedtuple("Response", "status headers body")


class HttpService:
    """What can be asked over HTTP at `host`:`port`."""

    host = "127.0.0.1"
    port = None
    # Of TLS; None for plain HTTP.
    context = None
    # What every request carries.
    headers = {}

    def open(self, timeout=PATIENCE):
        if self.context:
            return http.client.HTTPSConnection(self.host, self.port, timeout=timeout, context=self.context)
        return http.client.HTTPConnection(self.host, self.port, timeout=timeout)

    def request(self, method, path, headers=None, timeout=PATIENCE):
        with contextlib.closing(self.open(timeout)) as connection:
            connection.request(method, path, headers={**self.headers, **(headers or {})})
            response = connection.getresponse()
            return Response(response.status, response.headers, response.read())

    def get(self, path):
        response = self.request("GET", path)
        if response.status != 200:
            raise AssertionError(f"GET {path}: HTTP {response.status}: {response.body[:500]!r}")
        return response.body

    def connect(self, receive_buffer=None):
        """A bare TCP connection, for what an HTTP library would not do."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        raw = socket.socket(family, socket.SOCK_STREAM)
        if receive_buffer:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        raw.settimeout(PATIENCE)
        raw.connect((self.host, self.port))
        return raw
