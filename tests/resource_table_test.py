"""A ninth resource: what its row in kubecost/resource.h does not bring along by itself does not compile without it."""

import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
ROW = '    {Resource::kCarbon, "carbon", "Carbon", "carbonCost", "carbonCostAdjustment", true},\n'
FAMILY = (
    '    {"kubecost_%s_carbon_cost", "Carbon.", Type::kGauge, "%s", Source::kDay, Level::%s, ColumnOf(Resource::kCarbon)},\n'
)
LEVELS = (
    ("cluster", "cluster", "kCluster"),
    ("namespace", "cluster,namespace", "kNamespace"),
    ("pod", "cluster,namespace,pod", "kPod"),
)
# What follows from the row.
DERIVED = """
#include "kubecost/allocation.h"
#include "kubecost/row_fields.h"
#include "metrics/family.h"

static_assert(kubecost::RowFieldOf("carbonCost") == kubecost::RowField{8});
static_assert(kubecost::RowFieldOf("carbonCostAdjustment") == kubecost::RowField{17});
static_assert(kubecost::IsCostField(kubecost::RowField{17}));
static_assert(kubecost::Allocation().costs.size() == 9);
static_assert(static_cast<int>(metrics::Column::kTotal) == 9);
"""


class ResourceTableTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        for room in ("base", "kubecost", "metrics", "exporter/status"):
            shutil.copytree(ROOT / room, cls.folder / room)

    def edit(self, file, old, new):
        path = self.folder / file
        text = path.read_text()
        self.assertIn(old, text)
        path.write_text(text.replace(old, new))

    def check(self, file):
        """What the compiler refuses, or nothing."""
        command = ["g++", "-std=c++20", "-fsyntax-only", "-I.", "-x", "c++", file]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        errors = re.findall(r"error: (.*)", done.stderr)
        self.assertEqual(done.returncode != 0, bool(errors), done.stderr)
        return "\n".join(errors)

    def test_what_is_forgotten_is_named(self):
        table = "kubecost/resource.h"
        self.edit(table, "kExternal, kCount", "kExternal, kCarbon, kCount")
        self.assertIn("every Resource needs its row in kResources", self.check(table))
        self.edit(table, '    {Resource::kExternal, "ext', ROW + '    {Resource::kExternal, "ext')
        self.assertIn("in the order of Resource", self.check(table))
        self.edit(table, ROW, "")
        self.edit(table, "});\n", ROW + "});\n")
        self.assertEqual("", self.check(table))

        self.edit(table, '"carbon", "Carbon"', '"gpu", "Carbon"')
        self.assertIn("two rows of kResources have one name", self.check(table))
        self.edit(table, '"gpu", "Carbon"', '"carbon", "Carbon"')
        self.edit(table, '"carbonCost"', '"gpuCost"')
        self.assertIn("two rows read one field of the API", self.check("kubecost/row_fields.h"))
        self.edit(table, '"Carbon", "gpuCost"', '"Carbon", "carbonCost"')

        families = "metrics/family.h"
        refused = self.check(families)
        for level, labels, name in LEVELS:
            self.assertIn(f"every Resource needs its family kubecost_{level}_..._cost", refused)
            before = f'    {{"kubecost_{level}_c'
            text = (self.folder / families).read_text()
            first = text[text.index(before) :].split("\n")[0]
            self.edit(families, first, FAMILY % (level, labels, name) + first)
        self.edit(families, "kubecost_pod_carbon_cost", "kubecost_pod_carbons_cost")
        self.assertIn("every Resource needs its family kubecost_pod_..._cost", self.check(families))
        self.edit(families, "kubecost_pod_carbons_cost", "kubecost_pod_carbon_cost")
        (self.folder / "derived.cc").write_text(DERIVED)
        self.assertEqual("", self.check("derived.cc"))

        style = "exporter/status/style.cc"
        self.assertIn("every Resource needs its colour in the style", self.check(style))
        self.edit(style, "; --r7:", "; --r8: #777777; --r7:")
        self.edit(style, ".r7 {", ".r8 { fill: var(--r8); } .r7 {")
        self.assertEqual("", self.check(style))


if __name__ == "__main__":
    unittest.main()
