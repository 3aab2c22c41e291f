"""Certificates for tests, made by the openssl program: authorities, what they sign, and what signs itself."""

import collections
import datetime
import pathlib
import re
import subprocess

from stage.harness import require_tool

# Paths of PEM files.
Identity = collections.namedtuple("Identity", "certificate key")

# Far from any clock a test runs on.
PAST = datetime.datetime(2019, 1, 1, tzinfo=datetime.timezone.utc)
LONG_PAST = datetime.datetime(2018, 1, 1, tzinfo=datetime.timezone.utc)
FUTURE = datetime.datetime(2049, 12, 31, tzinfo=datetime.timezone.utc)

_CONFIG = """
[ca]
default_ca = this
[this]
dir = .
database = index.txt
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
[req]
distinguished_name = empty
prompt = no
[empty]
"""


def openssl(folder, *arguments):
    command = [require_tool("OPENSSL", "openssl"), *map(str, arguments)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{command}: {done.stderr}")
    return done.stdout


def _new_key(folder, name):
    key = folder / f"{name}.key"
    openssl(folder, "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key)
    return key


def _alternative_names(names):
    return ",".join(("IP:" if re.fullmatch(r"[0-9.]+", name) else "DNS:") + name for name in names)


def self_signed(folder, name, names, not_after=FUTURE):
    """A certificate for `names` without an authority, as an installer makes it."""
    return Authority(folder, name, not_after, f"subjectAltName={_alternative_names(names)}").identity


class Authority:
    """A certificate authority in a folder of its own below `folder`."""

    def __init__(self, folder, name, not_after=FUTURE, extensions="basicConstraints=critical,CA:TRUE"):
        self.folder = pathlib.Path(folder) / name
        self.folder.mkdir(parents=True)
        (self.folder / "index.txt").write_text("")
        (self.folder / "openssl.cnf").write_text(_CONFIG)
        self._key = _new_key(self.folder, "ca")
        self.certificate = self._sign("ca", self._key, name, extensions, LONG_PAST, not_after, ["-selfsign"])
        self.identity = Identity(self.certificate, self._key)

    def _sign(self, file, key, subject, extensions, not_before, not_after, more):
        request = self.folder / f"{file}.csr"
        openssl(self.folder, "req", "-new", "-config", "openssl.cnf", "-key", key, "-subj", f"/CN={subject}", "-out", request)
        (self.folder / f"{file}.ext").write_text(f"[added]\n{extensions}\n")
        certificate = self.folder / f"{file}.crt"
        times = ["-startdate", f"{not_before:%Y%m%d%H%M%SZ}", "-enddate", f"{not_after:%Y%m%d%H%M%SZ}"]
        openssl(
            self.folder, "ca", "-batch", "-notext", "-config", "openssl.cnf", "-keyfile", self._key, *more,
            *times, "-extfile", f"{file}.ext", "-extensions", "added", "-in", request, "-out", certificate,
        )
        return certificate

    def issue(self, name, names, not_before=LONG_PAST, not_after=FUTURE):
        """A certificate for a server with these names, or for a client called `name`, and its key."""
        key = _new_key(self.folder, name)
        extensions = f"subjectAltName={_alternative_names(names)}"
        more = ["-cert", self.certificate]
        return Identity(self._sign(name, key, name, extensions, not_before, not_after, more), key)
