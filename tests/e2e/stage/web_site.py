"""An exporter behind --web.config.file, and everything its scrapers need: authorities, certificates, passwords."""

import base64
import ctypes
import json
import pathlib
import ssl

from stage import pki
from stage.harness import require_tool, run, wait_until

NAME = "exporter.test"
NOWHERE = "http://127.0.0.1:1"

_crypt = ctypes.CDLL("libcrypt.so.1").crypt
_crypt.argtypes = (ctypes.c_char_p, ctypes.c_char_p)
_crypt.restype = ctypes.c_char_p


def bcrypt(password, cost=5, kind="2y"):
    return _crypt(password.encode(), f"${kind}${cost:02}$abcdefghijklmnopqrstuu".encode()).decode()


def basic(user, password):
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


class Site:
    """A folder with what both sides need. The configuration is JSON, which is YAML."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.authority = pki.Authority(self.folder, "authority")
        self.server = self.authority.issue("server", [NAME, "127.0.0.1"])
        self.clients = pki.Authority(self.folder, "clients")
        self.client = self.clients.issue("prometheus", ["prometheus.test", "10.1.2.3"])
        self.stranger = pki.Authority(self.folder, "strangers").issue("prometheus", ["prometheus.test"])
        self.path = self.folder / "web.yml"

    def tls(self, **more):
        return {"cert_file": str(self.server.certificate), "key_file": str(self.server.key), **more}

    def mutual_tls(self, **more):
        return self.tls(
            client_ca_file=str(self.clients.certificate), client_auth_type="RequireAndVerifyClientCert", **more
        )

    def write(self, **sections):
        """In one step, so that no half of it is read."""
        new = self.folder / "web.yml.new"
        new.write_text(json.dumps(sections, indent=1), encoding="utf-8")
        new.rename(self.path)

    def context(self, identity=None):
        """What a client trusts and shows."""
        context = ssl.create_default_context(cafile=self.authority.certificate)
        context.check_hostname = False
        if identity:
            context.load_cert_chain(identity.certificate, identity.key)
        return context

    def exporter(self, stage, *flags, url=NOWHERE, **kwargs):
        """With TLS, trusted; without a client certificate."""
        exporter = stage.exporter(url, f"--web.config.file={self.path}", *flags, **kwargs)
        if "tls_server_config" in json.loads(self.path.read_text(encoding="utf-8")):
            exporter.context = self.context()
        return exporter


def web_metric(exporter, name, **labels):
    return exporter.value(f"kubecost_exporter_web_{name}", **labels)


def wait_for_reload(exporter, good=True):
    wait_until(
        lambda: web_metric(exporter, "config_last_reload_successful") == (1 if good else 0),
        lambda: f"a reload that is {'good' if good else 'bad'}; {exporter.describe()}",
        interval=0.1,
    )


def curl(exporter, path, *arguments):
    """(exit code, HTTP status, body); 000 when there was no answer."""
    url = f"{'https' if '--http' not in arguments else 'http'}://{exporter.host}:{exporter.port}{path}"
    done = run(
        require_tool("CURL", "curl"), "-sS", "--noproxy", "*", "-w", "\n%{http_code}", url,
        *(argument for argument in arguments if argument != "--http"),
    )
    body, _, code = done.stdout.decode().rpartition("\n")
    return done.returncode, code, body.encode()


def s_client(exporter, *arguments):
    """What openssl's own client says of a handshake with the exporter."""
    done = run(
        require_tool("OPENSSL", "openssl"), "s_client", "-connect", f"{exporter.host}:{exporter.port}", "-brief", *arguments
    )
    return done.returncode, (done.stdout + done.stderr).decode()
