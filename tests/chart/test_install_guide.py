"""docs/install.md says what is so: the files it names exist, what it quotes Helm says, and no line of remote_write and no
answer of the gateway is left out."""

import re
import unittest

from examples import EXAMPLES, load
from stage.gateway import FAULTS, RETRIED
from helm import ROOT, HelmError, both

GUIDE = ROOT / "docs" / "install.md"


def section(text, heading):
    return re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)", text, re.DOTALL | re.MULTILINE).group(1)


def rows(text):
    """The cells of every row of the tables in a text; a bar within a cell is escaped."""
    lines = [line for line in text.splitlines() if line.startswith("|") and not line.startswith("|---")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


class InstallGuideTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.helms = both()
        cls.text = GUIDE.read_text(encoding="utf-8")

    def test_files_it_names_exist(self):
        folders = "|".join(folder.name for folder in EXAMPLES.iterdir() if folder.is_dir())
        file = r"[\w.-]+\.(?:yaml|yml|sh|tf|tofu)"
        found = set(re.findall(rf"(?<![\w/-])(?:chart/examples/)?((?:{folders})/{file})", self.text))
        self.assertGreater(len(found), 15)
        for name in found:
            self.assertTrue((EXAMPLES / name).exists(), name)
        for folder in folders.split("|"):
            self.assertIn(f"{folder}/", self.text)

    def test_links_lead_somewhere(self):
        for document in (GUIDE, EXAMPLES / "README.md"):
            for target in re.findall(r"\]\(([^)]+)\)", document.read_text(encoding="utf-8")):
                path, _, anchor = target.partition("#")
                file = (document.parent / path).resolve() if path else document
                with self.subTest(document=document.name, target=target):
                    self.assertTrue(file.exists())
                    headings = re.findall(r"^#+ (.*)$", file.read_text(encoding="utf-8"), re.MULTILINE) if anchor else []
                    anchors = [re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings]
                    self.assertIn(anchor, [*anchors, ""])

    def test_chart_errors(self):
        block = re.search(r"<!-- chart-errors -->\n(.*)<!-- /chart-errors -->", self.text, re.DOTALL).group(1)
        errors = rows(block)[1:]
        self.assertGreater(len(errors), 5)
        for message, values, _ in errors:
            for helm in self.helms:
                with self.subTest(helm=helm.name, message=message), self.assertRaises(HelmError) as caught:
                    helm.template(flags=[f"--set={values.strip('`')}"])
                # Helm 3 puts what the schema says in words of its own, as the guide tells.
                if helm.name == "helm4" or not message.startswith(("`additional", "`value")):
                    self.assertIn(message.strip("`"), str(caught.exception))

    def test_each_line_of_remote_write(self):
        (write,) = load("remote-write/prometheus.yml")["remote_write"]
        settings = set()
        for key, value in write.items():
            settings |= {f"{key}.{name}" for name in value} if isinstance(value, dict) else {key}
        names = [name for row in rows(section(self.text, "remote_write")) for name in re.findall("`([^`/]+)`", row[0])]
        self.assertEqual(sorted(settings), sorted(names))

    def test_each_answer_of_the_gateway(self):
        answers = {int(row[0]): row for row in rows(section(self.text, "What the gateway answers"))[1:]}
        self.assertEqual(set(FAULTS), set(answers))
        for status, row in answers.items():
            self.assertEqual("sends again" in row[2], status in RETRIED, row)


if __name__ == "__main__":
    unittest.main()
