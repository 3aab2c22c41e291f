"""What is in the image, for this machine's architecture and the other one, and what its papers say of it."""

import hashlib
import json
import os
import pathlib
import re
import stat
import subprocess
import sys
import unittest

from containers import PROGRAM, image, podman
from image_root import interpreter, needed, readelf
from stage.harness import run

ROOT = pathlib.Path(__file__).resolve().parents[2]

SBOM = "/usr/share/sbom/kubecost-allocation-exporter.spdx.json"
MAX_BYTES = 25_000_000
MACHINES = {"amd64": "Advanced Micro Devices X86-64", "arm64": "AArch64"}
# Everything else is a library, a licence or the SBOM.
FILES = {PROGRAM, "/etc/group", "/etc/nsswitch.conf", "/etc/passwd", "/etc/ssl/certs/ca-certificates.crt"}
LIBRARY = re.compile(r"/usr/lib/[^/]+-linux-gnu/lib[^/]+\.so[.0-9]*")
PAPER = re.compile(r"/usr/share/(common-licenses/[^/]+|doc/[^/]+/copyright|doc/kubecost-allocation-exporter/LICENSE)")


class ContentsTest(unittest.TestCase):
    VARIABLE, ARCH = "IMAGE", "ARCH"

    @classmethod
    def setUpClass(cls):
        cls.image = image(cls.VARIABLE)
        cls.arch = os.environ[cls.ARCH]
        cls.config = json.loads(podman("image", "inspect", cls.image))[0]
        cls.root = pathlib.Path(podman("image", "mount", cls.image).strip())
        cls.addClassCleanup(podman, "image", "unmount", cls.image)
        found = [path for path in cls.root.rglob("*") if not path.is_dir()]
        cls.files = {f"/{path.relative_to(cls.root)}": path for path in found}
        cls.sbom = json.loads(cls.files[SBOM].read_text(encoding="utf-8"))

    def test_nothing_is_in_it_but_what_has_a_reason(self):
        loader = interpreter(self.files[PROGRAM])
        others = set(self.files) - FILES - {loader, SBOM}
        self.assertEqual(FILES | {loader, SBOM}, set(self.files) - others)
        self.assertEqual([], sorted(path for path in others if not LIBRARY.fullmatch(path) and not PAPER.fullmatch(path)))
        executable = {path for path, file in self.files.items() if file.stat().st_mode & 0o111}
        self.assertEqual({PROGRAM, loader}, executable, "no shell, no package manager")

    def test_whose_it_is(self):
        for path in [self.root, *self.root.rglob("*")]:
            status = path.lstat()
            name = f"/{path.relative_to(self.root)}"
            owner = 65532 if name == "/state" else 0
            self.assertEqual((owner, owner), (status.st_uid, status.st_gid), name)
            self.assertFalse(stat.S_ISLNK(status.st_mode), name)
            self.assertEqual(0, status.st_mode & 0o7022, f"{name}: neither setuid nor writable for others")
            if path != self.root:
                self.assertEqual(0, status.st_mtime, f"{name}: the same whenever it is built")

    def test_size(self):
        size = sum(file.stat().st_size for file in self.files.values())
        print(f"\n{self.image}: {size / 1e6:.1f} MB in {len(self.files)} files, {self.config['Size']} B", file=sys.stderr)
        self.assertLessEqual(max(size, self.config["Size"]), MAX_BYTES)

    def test_every_library_is_there_and_none_too_many(self):
        libraries = {pathlib.Path(path).name: path for path in self.files if ".so" in path}
        wanted, waiting = {pathlib.Path(interpreter(self.files[PROGRAM])).name}, [PROGRAM]
        while waiting:
            for name in set(needed(self.files[waiting.pop()])) - wanted:
                self.assertIn(name, libraries)
                wanted.add(name)
                waiting.append(libraries[name])
        self.assertEqual(wanted, set(libraries))
        for path in (PROGRAM, *libraries.values()):
            machine = re.search(r"Machine: +(.+)", readelf("-h", self.files[path])).group(1)
            self.assertEqual(MACHINES[self.arch], machine, path)
        # Stripped: no symbols but those of the dynamic linker.
        self.assertNotIn(".symtab", readelf("-S", self.files[PROGRAM]))

    def test_it_starts(self):
        emulator = os.environ.get("EMULATOR") if self.arch != os.environ["ARCH"] else None
        if self.arch != os.environ["ARCH"] and not emulator:
            self.skipTest("no emulator of the other architecture")
        command = [emulator, "-L", self.root, self.files[PROGRAM]] if emulator else []
        command = command or ["podman", "run", "--rm", "--pull=never", "--network=none", self.image]
        env = {key: os.environ[key] for key in ("CONTAINERS_CONF", "CONTAINERS_STORAGE_CONF")}
        done = run(*command, "--version", env=env)
        self.assertIn(f"revision: {os.environ['REVISION']}", done.stdout.decode(), done.stderr)

    def test_how_it_is_run(self):
        self.assertEqual((self.arch, "linux"), (self.config["Architecture"], self.config["Os"]))
        config = self.config["Config"]
        self.assertEqual("65532:65532", config["User"])
        self.assertEqual([PROGRAM], config["Entrypoint"])
        self.assertEqual(None, config.get("Cmd"))
        self.assertEqual("SIGTERM", config["StopSignal"])
        self.assertEqual({"9103/tcp": {}}, config["ExposedPorts"])
        self.assertEqual([], [text for text in config["Env"] if not text.startswith("PATH=")])

    def test_labels(self):
        labels = self.config["Labels"]
        for name in ("title", "description", "version", "revision", "created", "licenses", "base.name"):
            self.assertTrue(labels[f"org.opencontainers.image.{name}"], name)
        self.assertEqual("kubecost-allocation-exporter", labels["org.opencontainers.image.title"])
        self.assertEqual("Apache-2.0", labels["org.opencontainers.image.licenses"])
        version = re.search(r"project\(\S+ VERSION (\S+) ", (ROOT / "CMakeLists.txt").read_text(encoding="utf-8"))
        self.assertEqual(version.group(1), labels["org.opencontainers.image.version"])
        self.assertEqual(os.environ["REVISION"], labels["org.opencontainers.image.revision"])

    def test_every_file_stands_in_the_sbom(self):
        told = {}
        for file in self.sbom["files"]:
            sums = {each["algorithm"]: each["checksumValue"] for each in file["checksums"]}
            told[file["fileName"].removeprefix(".")] = sums
        found = {path: file.read_bytes() for path, file in self.files.items() if path != SBOM}
        sums = {
            path: {"SHA1": hashlib.sha1(text).hexdigest(), "SHA256": hashlib.sha256(text).hexdigest()}
            for path, text in found.items()
        }
        self.assertEqual(told, sums)

    def test_every_package_stands_in_the_sbom(self):
        packages = {package["name"]: package for package in self.sbom["packages"]}
        ours = packages.pop("kubecost-allocation-exporter")
        self.assertEqual(f"revision {os.environ['REVISION']}", ours["sourceInfo"])
        system = packages.pop("debian")
        self.assertEqual(("12", "OPERATING-SYSTEM"), (system["versionInfo"], system["primaryPackagePurpose"]))
        # Shared ones, those that stand in headers alone, those compiled from source, and the certificates.
        for name in ("libc6", "libssl3", "libabsl20220623", "rapidjson-dev", "libcli11-dev", "civetweb", "curl",
                     "ca-certificates"):  # fmt: skip
            self.assertIn(name, packages)
        for name, package in packages.items():
            self.assertTrue(package["versionInfo"], name)
            locator = package["externalRefs"][0]["referenceLocator"]
            self.assertTrue(locator.startswith("pkg:deb/debian/") and "&distro=debian-12" in locator, locator)
            self.assertIn(f"/usr/share/doc/{name}/copyright", self.files)
        self.assertEqual("curl", packages["curl"]["licenseDeclared"])
        runtime = self.relations("EXPANDED_FROM_ARCHIVE")
        ids = {file["fileName"].removeprefix("."): file["SPDXID"] for file in self.sbom["files"]}
        for path, name in ids.items():
            if ".so" in path:
                self.assertIn(name, runtime, f"{path} is of no package")

    def relations(self, kind):
        relations = self.sbom["relationships"]
        return {each["spdxElementId"]: each["relatedSpdxElement"] for each in relations if each["relationshipType"] == kind}

    def test_the_sbom_is_one_document(self):
        self.assertEqual("SPDX-2.3", self.sbom["spdxVersion"])
        ids = [each["SPDXID"] for each in (*self.sbom["packages"], *self.sbom["files"])]
        self.assertEqual(sorted(set(ids)), sorted(ids))
        for identifier in ids:
            self.assertRegex(identifier, r"\ASPDXRef-[A-Za-z0-9.-]+\Z")
        known = {"SPDXRef-DOCUMENT", *ids}
        for relation in self.sbom["relationships"]:
            self.assertLessEqual({relation["spdxElementId"], relation["relatedSpdxElement"]}, known)
        self.assertTrue(self.relations("DESCRIBES")["SPDXRef-DOCUMENT"].endswith("kubecost-allocation-exporter"))


class OtherArchitectureTest(ContentsTest):
    VARIABLE, ARCH = "OTHER_IMAGE", "OTHER_ARCH"


class BundleTest(unittest.TestCase):
    def test_the_certificates_are_whole(self):
        root = pathlib.Path(podman("image", "mount", image()).strip())
        self.addCleanup(podman, "image", "unmount", image())
        bundle = (root / "etc/ssl/certs/ca-certificates.crt").read_text(encoding="ascii")
        certificates = re.findall(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----\n", bundle, re.DOTALL)
        self.assertGreater(len(certificates), 100)
        self.assertEqual(bundle, "".join(certificates))
        parsed = subprocess.run(
            ["openssl", "storeutl", "-noout", "-certs", root / "etc/ssl/certs/ca-certificates.crt"],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        self.assertIn(f"Total found: {len(certificates)}", parsed.stdout)


if __name__ == "__main__":
    unittest.main()
