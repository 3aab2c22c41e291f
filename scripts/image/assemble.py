#!/usr/bin/env python3
"""Puts together what the image holds, after compile.sh: the program, its libraries, CA certificates, the few files that
libc asks for, all licences, and the bill of materials.

    scripts/image/assemble.py --created=2026-11-21T00:00:00Z FOLDER
"""

import argparse
import os
import pathlib
import re
import subprocess

import debian
import sbom
from image_root import ImageRoot

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path("/build/exporter")
PROGRAM = f"/usr/bin/{sbom.NAME}"
CA_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
SBOM = f"/usr/share/sbom/{sbom.NAME}.spdx.json"
COMMON_LICENCES = "/usr/share/common-licenses"

WRITTEN = {
    "/etc/passwd": "nonroot:x:65532:65532:nonroot:/:/sbin/nologin\n",
    "/etc/group": "nonroot:x:65532:\n",
    # Without it, libc asks DNS before /etc/hosts is read.
    "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
}


def cmake_setting(name):
    cache = (BUILD / "CMakeCache.txt").read_text(encoding="utf-8")
    return re.search(rf"^{name}:[A-Z]+=(.*)$", cache, re.MULTILINE).group(1)


def compiled_in():
    """{Package: how} of what became a part of the program: by the linker's map, and the compiler's list of headers."""
    linker_map = (BUILD / "exporter.map").read_text(encoding="utf-8")
    linked = re.findall(r"^LOAD (/.*\.[ao])$", linker_map, re.MULTILINE)
    listed = subprocess.run(["ninja", "-C", BUILD, "-t", "deps"], check=True, capture_output=True, text=True).stdout
    headers = set(re.findall(r"^ +(/.*)$", listed, re.MULTILINE))
    sources = [debian.source_package(name, f"{SOURCE}/third_party/{name}") for name in ("civetweb", "curl")]
    found = dict.fromkeys(sources, "STATIC_LINK")
    for paths, kind in ((linked, "STATIC_LINK"), (sorted(headers), "GENERATED_FROM")):
        for path, owner in debian.owners(paths).items():
            if owner:
                found.setdefault(debian.package(owner), kind)
            elif not path.startswith((f"{SOURCE}/", f"{BUILD}/", "/opt/curl/")):
                raise SystemExit(f"{path} is compiled in, and of no package")
    return found


def add_licences(root, packages):
    """Each package's own terms, and the common texts that they refer to."""
    root.add(f"/usr/share/doc/{sbom.NAME}/LICENSE", f"{SOURCE}/LICENSE")
    named = set()
    for package in packages:
        root.add(f"/usr/share/doc/{package.name}/copyright", package.copyright_file)
        text = pathlib.Path(package.copyright_file).read_text(encoding="utf-8", errors="replace")
        named.update(re.findall(rf"{COMMON_LICENCES}/([A-Za-z0-9.+-]*[A-Za-z0-9])", text))
    for name in sorted(named):
        if os.path.exists(f"{COMMON_LICENCES}/{name}"):
            root.add(f"{COMMON_LICENCES}/{name}", f"{COMMON_LICENCES}/{name}")


def main():
    parser = argparse.ArgumentParser(description="Puts together what the image holds.")
    parser.add_argument("--created", required=True)
    parser.add_argument("folder", type=pathlib.Path)
    arguments = parser.parse_args()
    root = ImageRoot(arguments.folder)
    root.add_program(PROGRAM, str(BUILD / sbom.NAME), cmake_setting("KUBECOST_EXPORTER_TARGET"))
    root.add(CA_BUNDLE, CA_BUNDLE)
    for path, text in WRITTEN.items():
        root.write(path, text)

    sources = {path: source for path, source in root.sources.items() if source and path != PROGRAM}
    owners = debian.owners(sources.values())
    # The bundle is made when the package is installed.
    owners[os.path.realpath(CA_BUNDLE)] = "ca-certificates"
    shipped = {path: debian.package(owners[source]) for path, source in sources.items()}
    static = compiled_in()
    add_licences(root, sorted({*shipped.values(), *static}))
    contents = {path: (root.folder / path[1:]).read_bytes() for path in root.sources}
    version, revision = cmake_setting("CMAKE_PROJECT_VERSION"), cmake_setting("KUBECOST_EXPORTER_REVISION")
    root.write(SBOM, sbom.document(version, revision, arguments.created, SBOM, contents, shipped, static, debian.system()))
    root.settle()


main()
