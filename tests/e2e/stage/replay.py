"""A small HTTP server in this process that answers as told and remembers what it was asked."""

import collections
import contextlib
import datetime
import http.server
import re
import threading
import urllib.parse

Asked = collections.namedtuple("Asked", "method target headers")

_WINDOW = re.compile(rb'("window"\s*:\s*\{\s*"start"\s*:\s*")([^"]*)("\s*,\s*"end"\s*:\s*")([^"]*)(")')


class ReplayServer:
    """`answer(path, parameters)` -> (status, content type, body bytes); parameters as from parse_qs."""

    def __init__(self, answer):
        self.asked = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):  # noqa: N802, the name is the base class's
                outer.asked.append(Asked(self.command, self.path, dict(self.headers.items())))
                url = urllib.parse.urlsplit(self.path)
                status, content_type, body = answer(url.path, urllib.parse.parse_qs(url.query))
                self.send_response(status)
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                with contextlib.suppress(OSError):
                    self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _time(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def move_windows(body, asked):
    """The recorded answer with every row's window inside the asked one, "START,END"; each other byte as recorded.

    A window keeps its length and begins where the asked one does; a longer one is cut to what was asked."""
    start, end = map(_time, asked.split(","))

    def move(match):
        length = _time(match.group(4).decode()) - _time(match.group(2).decode())
        texts = (t.strftime("%Y-%m-%dT%H:%M:%SZ").encode() for t in (start, min(end, start + length)))
        return match.group(1) + next(texts) + match.group(3) + next(texts) + match.group(5)

    return _WINDOW.sub(move, body)


def as_envelope(body):
    """A bare `data` array inside the envelope that every server puts around it; an envelope as it is."""
    return b'{"code":200,"data":' + body + b"}" if body.lstrip().startswith(b"[") else body
