"""What the documents list is what there is."""

import re
from pathlib import Path

import pytest

from adapters.config.deployment_keys import DEPLOYMENT, LITELLM_PARAMS, MODEL_INFO
from adapters.config.keys import NAMED_SECTIONS, TOP_LEVEL
from adapters.config.sections import Section
from adapters.observability.counting import CallCounts
from adapters.observability.metric_families import CallCollector
from entrypoints.arguments import parse_arguments
from tests.architecture.modules import ROOT

README = (ROOT / "README.md").read_text("utf-8")
CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text("utf-8")

DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
SECTIONS = (TOP_LEVEL, DEPLOYMENT, LITELLM_PARAMS, MODEL_INFO, *NAMED_SECTIONS.values())


def test_the_readme_lists_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse_arguments(["--help"])
    options = set(re.findall(r"(?<![\w-])--?[a-z][\w-]*", capsys.readouterr().out)) - {"-h", "--help"}
    listed = set(re.findall(r"(?<![\w-])--?[a-z][\w-]*", "\n".join(re.findall(r"^\| `-.*", README, re.MULTILINE))))
    assert options == listed


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.name)
def test_every_key_with_an_effect_is_documented(section: Section) -> None:
    prose = re.sub(r"^```.*?^```$", "", CONFIGURATION, flags=re.MULTILINE | re.DOTALL)
    named = set(re.findall(r"[\w-]+", " ".join(re.findall(r"`[^`\n]+`", prose))))
    chosen = {key for key, choices in section.choices.items() if choices.acted_on}
    keys = {key for key in (*section.acted_on, *chosen) if not key.startswith("supports_")}
    assert keys - named == set()


def test_the_readme_lists_every_metric() -> None:
    families = list(CallCollector(CallCounts()).collect())
    names = {family.name + ("_total" if family.type == "counter" else "") for family in families}
    assert {name for name in names if f"`{name}`" not in README} == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    targets = re.findall(r"\]\((?!https?://)([^)#]+)", document.read_text("utf-8"))
    assert [target for target in targets if not (document.parent / target).exists()] == []
