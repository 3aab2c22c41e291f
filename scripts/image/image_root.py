"""A tree of files for an image `FROM scratch`: programs with the shared libraries that they need."""

import os
import pathlib
import re
import shutil
import subprocess


def readelf(option, file):
    return subprocess.run(["readelf", "-W", option, file], check=True, capture_output=True, text=True).stdout


def needed(file):
    """The names of the shared libraries that an ELF file asks for, whatever machine it is for."""
    return re.findall(r"\(NEEDED\) +Shared library: \[(.+)\]", readelf("-d", file))


def interpreter(program):
    """Where the program expects its dynamic loader."""
    return re.search(r"\[Requesting program interpreter: (.+)\]", readelf("-l", program)).group(1)


class ImageRoot:
    """The tree below `folder`. `sources` tells where each file came from; None: it was written here."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.sources = {}

    def _place(self, path):
        target = self.folder / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        return target

    def add(self, path, source, mode=0o644):
        """Copies what `source` is or links to."""
        if path in self.sources:
            return
        real = os.path.realpath(source)
        target = self._place(path)
        shutil.copyfile(real, target)
        target.chmod(mode)
        self.sources[path] = real

    def write(self, path, text):
        target = self._place(path)
        target.write_text(text, encoding="utf-8")
        target.chmod(0o644)
        self.sources[path] = None

    def add_program(self, path, program, triple):
        """The program, its loader, and every library that it or a library needs, by Debian's places for `triple`."""
        self.add(path, program, 0o755)
        loader = interpreter(program)
        waiting = needed(program)
        self.add(loader, _library(os.path.basename(loader), triple), 0o755)
        seen = {os.path.basename(loader)}
        while waiting:
            name = waiting.pop()
            if name in seen:
                continue
            seen.add(name)
            source = _library(name, triple)
            self.add(f"/usr/lib/{triple}/{name}", source)
            waiting += needed(source)

    def settle(self):
        """Times and modes that do not tell when and by whom the tree was made."""
        for path in [self.folder, *sorted(self.folder.rglob("*"))]:
            if path.is_dir():
                path.chmod(0o755)
            os.utime(path, (0, 0))


def _library(name, triple):
    for folder in (f"/lib/{triple}", f"/usr/lib/{triple}"):
        if os.path.exists(f"{folder}/{name}"):
            return f"{folder}/{name}"
    raise SystemExit(f"no {name} for {triple} is installed")
