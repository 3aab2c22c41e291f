"""A headless Chromium, driven over its pipe in the DevTools protocol: JSON messages, each ended by a zero byte."""

import base64
import itertools
import json
import os
import select
import time

from stage.harness import PATIENCE, Process, require_tool


class Chromium(Process):
    """One browser with one page. `folder` holds its profile and the two named pipes."""

    def __init__(self, folder):
        binary = require_tool("CHROMIUM", "chromium")
        paths = [os.path.join(folder, name) for name in ("to-browser", "from-browser")]
        for path in paths:
            os.mkfifo(path)
        flags = "--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run --hide-scrollbars"
        shell = f'exec "$1" {flags} --remote-debugging-pipe --user-data-dir="$2/profile" about:blank 3<"$3" 4>"$4"'
        super().__init__(["/bin/sh", "-c", shell, "sh", binary, folder, *paths], {"HOME": folder})
        self._ids = itertools.count(1)
        self._events = []
        self._unread = b""
        # Opening waits for the other side; a browser that did not start is found in await_start().
        self._write = os.open(paths[0], os.O_RDWR)
        self._read = os.open(paths[1], os.O_RDWR)
        self._session = None

    def await_start(self):
        pages = self.call("Target.getTargets")["targetInfos"]
        target = next(page["targetId"] for page in pages if page["type"] == "page")
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.call("Emulation.setFocusEmulationEnabled", enabled=True)

    def kill(self):
        super().kill()
        os.close(self._write)
        os.close(self._read)

    def _receive(self, what):
        deadline = time.monotonic() + PATIENCE
        while b"\0" not in self._unread:
            ready, _, _ = select.select([self._read], [], [], 0.5)
            if ready:
                self._unread += os.read(self._read, 1 << 20)
            elif time.monotonic() > deadline or self.returncode is not None:
                raise AssertionError(f"no answer to {what}; {self.describe()}")
        message, _, self._unread = self._unread.partition(b"\0")
        return json.loads(message)

    def call(self, method, **parameters):
        message = {"id": next(self._ids), "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._write, data) :]
        while True:
            answer = self._receive(method)
            if answer.get("id") == message["id"]:
                if "error" in answer:
                    raise AssertionError(f"{method}: {answer['error']}")
                return answer["result"]
            self._events.append(answer)

    def wait_for_event(self, method):
        while True:
            for i, event in enumerate(self._events):
                if event.get("method") == method:
                    return self._events.pop(i)["params"]
            self._events.append(self._receive(method))

    def shape(self, width, height, scheme="light"):
        """A window of that many CSS pixels, for somebody who prefers that colour scheme."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 500,
        )
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.call("Emulation.setEmulatedMedia", features=features)

    def script(self, enabled):
        """Whether pages may run scripts; evaluate() works all the same."""
        self.call("Emulation.setScriptExecutionDisabled", value=not enabled)

    def open(self, url):
        self._events.clear()
        self.call("Page.navigate", url=url)
        self.wait_for_event("Page.loadEventFired")

    def evaluate(self, expression):
        """The value of a JavaScript expression in the page."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in answer:
            raise AssertionError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def type(self, text):
        """Types into what has the focus and presses Enter, and waits for the page that follows."""
        self._events.clear()
        self.call("Input.insertText", text=text)
        enter = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "text": "\r"}
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, **enter)
        self.wait_for_event("Page.loadEventFired")

    def complaints(self):
        """What the browser has said against the page since it was opened: blocked by policy, not found, errors."""
        self.evaluate("0")  # what was said before has arrived by now
        kinds = ("Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Network.loadingFailed")
        return [json.dumps(event["params"]) for event in self._events if event.get("method") in kinds]

    def requests(self):
        """The URLs that the page made the browser ask for."""
        sent = [event for event in self._events if event.get("method") == "Network.requestWillBeSent"]
        return [event["params"]["request"]["url"] for event in sent]

    def screenshot(self, path):
        shot = self.call("Page.captureScreenshot", format="png")
        with open(path, "wb") as file:
            file.write(base64.b64decode(shot["data"]))
