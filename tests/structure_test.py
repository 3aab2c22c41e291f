"""The house rules that a reader cannot see in one file: which room may include which, and where libraries may stand."""

import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
ROOMS = ("kubecost", "metrics", "exporter")

# A library's headers -> the one product file that may include them, or one in each of two rooms. abseil may stand
# anywhere.
LIBRARIES = {
    "curl/": "kubecost/curl_http_client.cc",
    "rapidjson/": "kubecost/response_parser.cc",
    "civetweb.h": "exporter/server.cc",
    "prometheus/": "exporter/self_metrics.cc",
    "zlib.h": "metrics/gzip.cc",
    "CLI/": "exporter/flags.cc",
    "spdlog/": "exporter/log.cc",
    "yaml-cpp/": "exporter/web_config.cc",
    "crypt.h": "exporter/password_hash.cc",
    "openssl/": ("kubecost/certificates.cc", "exporter/crypto.cc"),
}
# Headers of no library of ours: the language's and the system's.
SYSTEM = re.compile(r"[a-z_0-9]+|(sys|arpa|netinet)/[a-z_]+\.h|(fcntl|malloc|netdb|signal|unistd)\.h")


def sources(*rooms):
    return sorted(file for room in rooms for file in (ROOT / room).glob("*.*") if file.suffix in (".h", ".cc"))


def includes(file):
    return re.findall(r'^#include ["<]([^">]+)[">]', file.read_text(), re.MULTILINE)


class StructureTest(unittest.TestCase):
    def test_kubecost_sees_only_itself(self):
        self.check_rooms("kubecost", lambda include: include.startswith("kubecost/"))

    def test_metrics_sees_itself_and_the_model(self):
        self.check_rooms("metrics", lambda include: include.startswith("metrics/") or include == "kubecost/allocation.h")

    def test_the_product_sees_no_test(self):
        self.check_rooms("exporter", lambda include: include.split("/")[0] in ROOMS)

    def check_rooms(self, room, allowed):
        for file in sources(room):
            for include in includes(file):
                if include.split("/")[0] in (*ROOMS, "tests", "benchmarks"):
                    self.assertTrue(allowed(include), f"{file.relative_to(ROOT)} includes {include}")

    def test_the_poller_knows_no_server_and_the_server_no_poller(self):
        self.assertNotIn("exporter/server.h", includes(ROOT / "exporter/poller.cc") + includes(ROOT / "exporter/poller.h"))
        self.assertNotIn("exporter/poller.h", includes(ROOT / "exporter/server.cc") + includes(ROOT / "exporter/server.h"))

    def test_one_file_per_library_and_none_in_a_header(self):
        for file in sources(*ROOMS):
            name = str(file.relative_to(ROOT))
            for include in includes(file):
                if include.startswith("absl/") or include.split("/")[0] in ROOMS or SYSTEM.fullmatch(include):
                    continue
                library = next((prefix for prefix in LIBRARIES if include.startswith(prefix)), None)
                self.assertIsNotNone(library, f"{name} includes {include}, which no rule knows")
                files = LIBRARIES[library]
                self.assertIn(name, (files,) if isinstance(files, str) else files, f"{name} includes {include}")

    def test_two_virtual_seams(self):
        abstract = [str(file.relative_to(ROOT)) for file in sources(*ROOMS) if re.search(r"\bvirtual\b.*= 0;", file.read_text())]
        self.assertEqual(abstract, ["exporter/clock.h", "kubecost/http_client.h"])

    def test_files_stay_readable(self):
        for file in sources(*ROOMS):
            self.assertLessEqual(len(file.read_text().splitlines()), 400, file)
        self.assertLessEqual(len((ROOT / "exporter/main.cc").read_text().splitlines()), 60)

    def test_environment_is_read_in_one_place(self):
        for file in sources(*ROOMS):
            self.assertNotIn("getenv", file.read_text(), file)


if __name__ == "__main__":
    unittest.main()
