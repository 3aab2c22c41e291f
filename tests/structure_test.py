"""The house rules that a reader cannot see in one file: which room may include which, and where libraries may stand."""

import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
MODEL = ("kubecost/allocation.h", "kubecost/resource.h")
# Room -> the rooms, or files, that it may include besides itself. Its namespace has the folder's name.
ROOMS = {
    "base": (),
    "kubecost": ("base",),
    "metrics": ("base", *MODEL),
    "exporter/polling": ("base", "kubecost", "metrics"),
    "exporter/web": ("base", "metrics"),
    "exporter/status": ("base", "metrics", "exporter/polling/report.h", *MODEL),
    "exporter/commands": ("base", "kubecost", "metrics", "exporter/polling", "exporter/web"),
    "exporter": ("base", "kubecost", "metrics", "exporter/polling", "exporter/web", "exporter/status", "exporter/commands"),
}

# A library's headers -> the one product file that may include them. abseil may stand anywhere.
LIBRARIES = {
    "curl/": ("kubecost/curl_http_client.cc",),
    "rapidjson/": ("kubecost/response_parser.cc",),
    "civetweb.h": ("exporter/web/server.cc",),
    "prometheus/": ("metrics/registry.cc",),
    "zlib.h": ("metrics/gzip.cc",),
    "CLI/": ("exporter/flags.cc",),
    "yaml-cpp/": ("exporter/web/web_config.cc",),
    "crypt.h": ("exporter/web/password_hash.cc",),
    "openssl/": ("base/pem.cc", "exporter/web/tls.cc", "exporter/web/password_hash.cc"),
}
# Headers of no library of ours: the language's and the system's.
SYSTEM = re.compile(r"[a-z_0-9]+|(sys|arpa|netinet)/[a-z_]+\.h|(fcntl|malloc|netdb|signal|unistd)\.h")
OURS = {room.split("/")[0] for room in ROOMS} | {"tests", "benchmarks"}


def room_of(path):
    return str(pathlib.PurePath(path).parent)


def sources(*rooms):
    return sorted(file for room in rooms or ROOMS for file in (ROOT / room).glob("*.*") if file.suffix in (".h", ".cc"))


def includes(file):
    return re.findall(r'^#include ["<]([^">]+)[">]', file.read_text(), re.MULTILINE)


class StructureTest(unittest.TestCase):
    def test_every_folder_with_sources_is_a_room(self):
        tops = {room.split("/")[0] for room in ROOMS}
        folders = {room_of(file.relative_to(ROOT)) for top in tops for file in (ROOT / top).rglob("*.cc")}
        self.assertEqual(folders, set(ROOMS))

    def test_a_room_includes_only_those_below_it(self):
        for room, allowed in ROOMS.items():
            for file in sources(room):
                for include in includes(file):
                    if include.split("/")[0] in OURS:
                        is_allowed = room_of(include) in (room, *allowed) or include in allowed
                        self.assertTrue(is_allowed, f"{file.relative_to(ROOT)} includes {include}")

    def test_a_namespace_has_the_name_of_its_room(self):
        for file in sources():
            expected = file.parent.name
            for name in re.findall(r"^namespace (\w+) \{", file.read_text(), re.MULTILINE):
                # A library's types may be declared where its headers may not stand.
                self.assertIn(name, (expected, f"{file.stem}_internal", "prometheus"), file.relative_to(ROOT))

    def test_one_file_per_library_and_none_in_a_header(self):
        for file in sources():
            name = str(file.relative_to(ROOT))
            for include in includes(file):
                if include.startswith("absl/") or include.split("/")[0] in OURS or SYSTEM.fullmatch(include):
                    continue
                library = next((prefix for prefix in LIBRARIES if include.startswith(prefix)), None)
                self.assertIsNotNone(library, f"{name} includes {include}, which no rule knows")
                self.assertIn(name, LIBRARIES[library], f"{name} includes {include}")

    def test_no_circle_of_units_in_a_room(self):
        for room in ROOMS:
            below = {}
            for file in sources(room):
                own = {include.removesuffix(".h") for include in includes(file) if room_of(include) == room}
                below.setdefault(f"{room}/{file.stem}", set()).update(own - {f"{room}/{file.stem}"})
            # Units that include none of those left are taken away until nothing is left.
            while below:
                free = [unit for unit, units in below.items() if not units & below.keys()]
                self.assertTrue(free, f"these include each other: {sorted(below)}")
                for unit in free:
                    del below[unit]

    def test_every_unit_has_a_test(self):
        named = {str(file.relative_to(ROOT / "tests")).removesuffix("_test.cc") for file in (ROOT / "tests").rglob("*_test.cc")}
        also = set()
        for file in [*(ROOT / "tests").rglob("*_test.cc"), *(ROOT / "tests").rglob("test_*.py")]:
            also |= set(re.findall(r"^(?://|#) Also tests (\S+)\.h$", file.read_text(), re.MULTILINE))
        units = {f"{room_of(file.relative_to(ROOT))}/{file.stem}" for file in sources()} - {"exporter/main"}
        self.assertEqual(units - named - also, set(), "add a test of this name, or a line \"// Also tests room/unit.h\"")
        self.assertEqual(also - units, set(), "these are gone")

    def test_the_design_names_files_that_exist(self):
        text = (ROOT / "docs/design.md").read_text()
        for name in set(re.findall(r"`((?:base|kubecost|metrics|exporter)/[a-z0-9_/]+\.(?:h|cc))`", text)):
            self.assertTrue((ROOT / name).exists(), name)

    def test_two_virtual_seams(self):
        abstract = [str(file.relative_to(ROOT)) for file in sources() if re.search(r"\bvirtual\b.*= 0;", file.read_text())]
        self.assertEqual(abstract, ["base/clock.h", "kubecost/http_client.h"])

    def test_files_stay_readable(self):
        for file in sources():
            self.assertLessEqual(len(file.read_text().splitlines()), 400, file)
        self.assertLessEqual(len((ROOT / "exporter/main.cc").read_text().splitlines()), 60)

    def test_the_date_is_asked_in_one_place(self):
        for file in sources():
            if str(file.relative_to(ROOT)) not in ("base/clock.cc", "base/log.cc"):
                self.assertNotRegex(file.read_text(), r"absl::(Now|GetCurrentTimeNanos)\(|system_clock", file)

    def test_environment_is_read_in_one_place(self):
        for file in sources():
            self.assertNotIn("getenv", file.read_text(), file)


if __name__ == "__main__":
    unittest.main()
