"""What dpkg knows: whose file it is, which version, which licence."""

import collections
import functools
import os
import re
import subprocess

# Debian's short names of licences, where SPDX has another.
_SPDX_NAMES = {
    "Expat": "MIT",
    "MIT": "MIT",
    "Apache-2": "Apache-2.0",
    "Apache-2.0": "Apache-2.0",
    "BSD-2-clause": "BSD-2-Clause",
    "BSD-3-clause": "BSD-3-Clause",
    "BSD-3-Clause": "BSD-3-Clause",
    "Zlib": "Zlib",
    "zlib": "Zlib",
    "curl": "curl",
    "LGPL-2.1": "LGPL-2.1-only",
    "LGPL-2.1+": "LGPL-2.1-or-later",
    "GPL-2+": "GPL-2.0-or-later",
    "GPL-3+": "GPL-3.0-or-later",
    "MPL-2.0": "MPL-2.0",
}

# What copyright files say that no machine can read, by the start of the package's name: the cross compiler's packages
# have longer ones. Of ca-certificates it is the certificates that are taken.
_LICENCES = {
    "ca-certificates": "MPL-2.0",
    "libc6": "LGPL-2.1-or-later",
    "libgcc": "GPL-3.0-or-later WITH GCC-exception-3.1",
    "libstdc++": "GPL-3.0-or-later WITH GCC-exception-3.1",
    "linux-libc-dev": "GPL-2.0-only WITH Linux-syscall-note",
}

# `source` and `source_version` are those of the source package.
Package = collections.namedtuple("Package", "name version arch source source_version licence copyright_file")

# For instance debian, 12.
System = collections.namedtuple("System", "id version")


def system():
    with open("/etc/os-release", encoding="utf-8") as lines:
        fields = dict(line.rstrip("\n").split("=", 1) for line in lines if "=" in line)
    return System(fields["ID"].strip('"'), fields["VERSION_ID"].strip('"'))


def _run(*argv, check=True):
    return subprocess.run(argv, check=check, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"}).stdout


def _spellings(path):
    """With /lib a link to /usr/lib, dpkg knows a file by either."""
    plain = os.path.normpath(path)
    for spelling in dict.fromkeys((plain, os.path.realpath(plain))):
        yield spelling
        if spelling.startswith("/usr/lib"):
            yield spelling.removeprefix("/usr")
        elif spelling.startswith("/lib"):
            yield f"/usr{spelling}"


def owners(paths):
    """{path: name of the installed package, with its architecture where dpkg tells one}, None for a stranger."""
    spellings = {path: list(dict.fromkeys(_spellings(path))) for path in paths}
    asked = sorted({spelling for several in spellings.values() for spelling in several})
    found = {}
    for start in range(0, len(asked), 500):
        for line in _run("dpkg", "-S", *asked[start : start + 500], check=False).splitlines():
            names, _, path = line.rpartition(": ")
            if not line.startswith("diversion "):
                found[path] = names.split(", ")[0]
    return {path: next((found[s] for s in several if s in found), None) for path, several in spellings.items()}


@functools.cache
def package(name):
    fields = "${Package}\n${Version}\n${Architecture}\n${source:Package}\n${source:Version}\n"
    short, version, arch, source, source_version = _run("dpkg-query", "-W", "-f", fields, name).split("\n")[:5]
    copyright_file = f"/usr/share/doc/{short}/copyright"
    known = next((name for start, name in _LICENCES.items() if short.startswith(start)), None)
    return Package(short, version, arch, source, source_version, known or _licence(copyright_file), copyright_file)


def source_package(name, folder):
    """A package that was compiled here, from Debian's source in `folder`."""
    version = _run("dpkg-parsechangelog", "-l", f"{folder}/debian/changelog", "-S", "Version").strip()
    copyright_file = f"{folder}/debian/copyright"
    return Package(name, version, "source", name, version, _licence(copyright_file), copyright_file)


def _licence(copyright_file):
    """The SPDX name of the licence that a machine-readable copyright file gives for the whole; None: not known."""
    with open(copyright_file, encoding="utf-8", errors="replace") as file:
        text = file.read()
    if "format" not in text[:200].lower():
        return None
    for stanza in re.split(r"\n\s*\n", text):
        if re.search(r"^Files:\s*\*\s*$", stanza, re.MULTILINE):
            named = re.search(r"^License:[ \t]*(.*)$", stanza, re.MULTILINE)
            return _SPDX_NAMES.get(named.group(1).strip()) if named else None
    return None
