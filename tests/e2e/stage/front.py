"""What stands in front of a Kubecost: TLS, a check of credentials, a login. Lets in what it likes to the simulator."""

import collections
import contextlib
import http.client
import http.server
import socket
import ssl
import threading

from stage.harness import PATIENCE

# A request that came through TLS: header names in lower case; `client` is the common name of a client's certificate.
Request = collections.namedtuple("Request", "path headers sni tls client connection")
# What is answered in place of Kubecost.
Refusal = collections.namedtuple("Refusal", "status headers body")


def server_context(identity, client_authority=None, minimum=ssl.TLSVersion.TLSv1_2, maximum=ssl.TLSVersion.TLSv1_3):
    """A server that shows `identity` and, with an authority, wants a certificate of it from clients."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(identity.certificate, identity.key)
    if minimum < ssl.TLSVersion.TLSv1_2:
        # What OpenSSL itself would refuse by now.
        context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = minimum
    context.maximum_version = maximum
    if client_authority:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(client_authority)
    return context


class Front(http.server.ThreadingHTTPServer):
    """Listens on the loopback. `context` (None for plain HTTP) and `admit` may be replaced at any time; `admit` gets a
    Request and returns a Refusal, or None to let it in."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, upstream_port, context=None, admit=lambda request: None):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.upstream_port = upstream_port
        self.context = context
        self.admit = admit
        self.before_handshake = lambda: None
        self.let_in = []
        self.refused = []
        self.failed_handshakes = []
        self.connections = 0
        self.port = self.server_address[1]
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def url(self, host="127.0.0.1"):
        return f"{'https' if self.context else 'http'}://{host}:{self.port}"

    def finish_request(self, request, client_address):
        # In a thread of its own: a client that is slow with its handshake holds up no other.
        self.connections += 1
        request.settimeout(PATIENCE)
        if not self.context:
            super().finish_request(request, client_address)
            return
        self.before_handshake()
        self.context.sni_callback = lambda connection, name, _: setattr(connection, "asked_name", name)
        try:
            secured = self.context.wrap_socket(request, server_side=True, do_handshake_on_connect=False)
        except OSError:
            return
        try:
            secured.do_handshake()
        except (ssl.SSLError, OSError) as error:
            self.failed_handshakes.append(str(error))
            self._let_alert_arrive(secured)
            return
        super().finish_request(secured, client_address)
        with contextlib.suppress(OSError):
            secured.close()

    @staticmethod
    def _let_alert_arrive(connection):
        # Unread bytes at the close would make it a reset, which overtakes the alert.
        with contextlib.suppress(OSError):
            raw = socket.socket(fileno=connection.detach())
            raw.settimeout(PATIENCE)
            with raw:
                raw.shutdown(socket.SHUT_WR)
                while raw.recv(4096):
                    pass

    def handle_error(self, request, client_address):
        """A client that went away is none of the tests' business."""

    def close(self):
        self.shutdown()
        self._thread.join()
        self.server_close()


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def do_GET(self):
        is_tls = isinstance(self.connection, ssl.SSLSocket)
        certificate = self.connection.getpeercert() if is_tls else None
        names = [pair[0] for pair in (certificate or {}).get("subject", ())]
        request = Request(
            self.path,
            {name.lower(): value for name, value in self.headers.items()},
            getattr(self.connection, "asked_name", None),
            self.connection.version() if is_tls else None,
            dict(names).get("commonName"),
            self.connection,
        )
        refusal = self.server.admit(request)
        (self.server.refused if refusal else self.server.let_in).append(request)
        self.answer(*(refusal or self.forward()))

    def forward(self):
        upstream = http.client.HTTPConnection("127.0.0.1", self.server.upstream_port, timeout=PATIENCE)
        with contextlib.closing(upstream):
            upstream.request("GET", self.path)
            response = upstream.getresponse()
            return response.status, {"Content-Type": response.headers["Content-Type"]}, response.read()

    def answer(self, status, headers, body):
        # Without a Date: it would be this machine's, while clocks of tests show another time.
        self.send_response_only(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
