"""cmake/Hardening.cmake, as it arrived in the binary."""

import json
import os
import pathlib
import subprocess
import unittest

BINARY = pathlib.Path(os.environ["BUILD_DIR"]) / "kubecost-allocation-exporter"


def readelf(*arguments):
    return subprocess.run(["readelf", "--wide", *arguments, str(BINARY)], check=True, capture_output=True, text=True).stdout


class HardeningTest(unittest.TestCase):
    def test_its_addresses_change_at_each_start(self):
        self.assertIn("Position-Independent Executable", readelf("--file-header"))

    def test_its_function_pointers_are_read_only_once_it_runs(self):
        self.assertIn("GNU_RELRO", readelf("--program-headers"))
        self.assertRegex(readelf("--dynamic"), r"FLAGS_1.*\bNOW\b.*\bPIE\b")

    def test_its_stack_holds_no_code(self):
        stack = next(line for line in readelf("--program-headers").splitlines() if "GNU_STACK" in line)
        self.assertRegex(stack, r" RW +0x")

    def test_its_functions_notice_an_overflow(self):
        symbols = readelf("--dyn-syms")
        self.assertIn("__stack_chk_fail", symbols)
        self.assertRegex(symbols, r"__(memcpy|memmove|memset|vsnprintf)_chk")

    def test_its_server_was_compiled_like_the_rest(self):
        """Of the whole binary one protected function would do; civetweb reads what strangers send."""
        commands = json.loads((BINARY.parent / "compile_commands.json").read_text(encoding="utf-8"))
        compiled = {pathlib.Path(entry["file"]).name: entry["command"].split() for entry in commands}
        for name in ("civetweb.c", "server.cc", "response_parser.cc"):
            for flag in ("-fPIE", "-fstack-protector-strong", "-D_FORTIFY_SOURCE=3"):
                self.assertIn(flag, compiled[name], name)

    def test_it_looks_for_libraries_where_the_system_has_them_only(self):
        self.assertNotRegex(readelf("--dynamic"), r"RPATH|RUNPATH")


if __name__ == "__main__":
    unittest.main()
