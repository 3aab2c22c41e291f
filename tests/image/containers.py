"""The image in containers of podman, which share the network of this process. scripts/image-test.sh makes the place.

From the environment: IMAGE, and what podman goes by (CONTAINERS_CONF, CONTAINERS_STORAGE_CONF).
"""

import json
import os
import pathlib
import socket
import struct
import subprocess
import threading
import unittest
import uuid

from stage.harness import PATIENCE, Process, run
from stage.programs import Exporter

PROGRAM = "/usr/bin/kubecost-allocation-exporter"
ENVIRONMENT = {key: os.environ[key] for key in ("CONTAINERS_CONF", "CONTAINERS_STORAGE_CONF") if key in os.environ}
# As strict as a cluster can be: nothing is writable, no right is left.
STRICT = ("--read-only", "--read-only-tmpfs=false", "--cap-drop=all", "--security-opt=no-new-privileges")


def image(variable="IMAGE"):
    """The image's name; skips the test when there is none."""
    name = os.environ.get(variable)
    if not name:
        raise unittest.SkipTest(f"{variable} is not set: scripts/image-test.sh builds the image and sets it")
    return name


def podman(*arguments):
    """Runs podman to its end; returns what it wrote to standard output."""
    done = run("podman", *arguments, env=ENVIRONMENT, timeout=4 * PATIENCE)
    if done.returncode != 0:
        raise AssertionError(f"podman {' '.join(map(str, arguments))}: {done.returncode}: {done.stderr.decode()}")
    return done.stdout.decode()


def run_command(name, *options):
    return ["podman", "run", "--rm", "--pull=never", "--network=host", f"--name={name}", *STRICT, *options, image()]


def run_once(*arguments, options=()):
    """Runs the image to its end."""
    return run(*run_command(f"once-{uuid.uuid4().hex}", *options), *arguments, env=ENVIRONMENT, timeout=4 * PATIENCE)


class ContainerExporter(Exporter):
    """The image, serving where it does without a flag. One at a time: the port is fixed."""

    def __init__(self, kubecost_url, *flags, options=()):
        self.name = f"exporter-{uuid.uuid4().hex}"
        Process.__init__(
            self, [*run_command(self.name, *options), f"--kubecost.url={kubecost_url}", *flags], ENVIRONMENT
        )
        self.addresses = []
        self._told_addresses = (":9103",)

    def inspect(self):
        return json.loads(podman("inspect", self.name))[0]

    def kill(self):
        if self.returncode is None:
            podman("rm", "--force", "--time=0", self.name)
        super().kill()


def play(path, manifest):
    """Plays the manifest of one pod that `path` holds; returns the pod's address."""
    podman("play", "kube", path)
    name = manifest["metadata"]["name"] + ("" if manifest["kind"] == "Pod" else "-pod-0")
    infra = podman("pod", "inspect", "--format={{.InfraContainerID}}", name).strip()
    networks = json.loads(podman("inspect", infra))[0]["NetworkSettings"]["Networks"]
    return next(iter(networks.values()))["IPAddress"]


class PodExporter(Exporter):
    """The exporter in a container of a pod, which was started by somebody else."""

    returncode = None
    port = 9103

    def __init__(self, container, host):
        self.name = container
        self.host = host

    def is_healthy(self):
        return self._is_healthy()

    def inspect(self):
        return json.loads(podman("inspect", self.name))[0]

    def describe(self):
        return podman("logs", self.name)


class NameServer:
    """A DNS server at 127.0.0.1 that knows `names`, all of this machine."""

    def __init__(self, *names):
        self.asked = []
        self._names = names
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 53))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        while True:
            question, client = self._socket.recvfrom(512)
            if len(question) <= 12:  # the end
                return
            self._socket.sendto(self._answer(question), client)

    def _answer(self, packet):
        labels, at = [], 12
        while packet[at]:
            labels.append(packet[at + 1 : at + 1 + packet[at]].decode())
            at += 1 + packet[at]
        name = ".".join(labels)
        kind = struct.unpack(">H", packet[at + 1 : at + 3])[0]
        self.asked.append(name)
        known = name in self._names
        address = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 60, 4) + socket.inet_aton("127.0.0.1")
        answers = [address] if known and kind == 1 else []
        flags = 0x8180 if known else 0x8183  # no such name
        return packet[:2] + struct.pack(">HHHHH", flags, 1, len(answers), 0, 0) + packet[12 : at + 5] + b"".join(answers)

    def close(self):
        self._socket.sendto(b"", ("127.0.0.1", 53))
        self._thread.join()
        self._socket.close()


def make_certificate(folder, name):
    """A certificate of the host `name` that signs itself, in FOLDER/cert.pem, with FOLDER/key.pem."""
    folder = pathlib.Path(folder)
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}",
         "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    return folder / "cert.pem", folder / "key.pem"
