"""The page that says what translations keep is the one that the code would write."""

from tests.architecture.modules import ROOT
from tests.documents.translation_page import page

PAGE = ROOT / "docs" / "translation.md"


def test_the_page_says_what_the_code_does() -> None:
    assert PAGE.read_text("utf-8") == page(), "docs/translation.md is not what the code does: run `make docs`"
