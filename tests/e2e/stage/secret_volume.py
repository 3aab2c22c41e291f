"""A folder with files as Kubernetes mounts a secret: links into a folder that is exchanged as a whole."""

import os
import pathlib
import shutil


class SecretVolume:
    def __init__(self, folder, **files):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._generation = 0
        self._files = {}
        self.replace(**files)

    def path(self, name):
        return self.folder / name

    def replace(self, **files):
        """The files named get new contents (bytes), all in one step; None takes one away."""
        old = self.folder / f"..{self._generation}"
        self._generation += 1
        new = self.folder / f"..{self._generation}"
        new.mkdir()
        self._files.update(files)
        for name, content in self._files.items():
            if content is not None:
                (new / name).write_bytes(content)
            if not (self.folder / name).is_symlink():
                (self.folder / name).symlink_to(f"..data/{name}")
        (self.folder / "..data_tmp").symlink_to(new.name)
        os.rename(self.folder / "..data_tmp", self.folder / "..data")
        shutil.rmtree(old, ignore_errors=True)
