"""`.env` files: one `NAME=value` a line, as `docker compose` and python-dotenv read them."""

import re
from pathlib import Path
from typing import Final

from adapters.config.mistakes import Findings, Location
from adapters.config.reading import read_text

_BLANK: Final = re.compile(r"(?:[ \t\r]*(?:#[^\n]*)?\n)*[ \t\r]*(?:#[^\n]*)?")
_ASSIGNMENT: Final = re.compile(
    r"""[ \t]*(?:export[ \t]+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*
    (?: '(?P<literal>[^']*)' (?=[ \t\r]*(?:\#[^\n]*)?(?:\n|\Z))
      | "(?P<escaped>(?:[^"\\]|\\.)*)" (?=[ \t\r]*(?:\#[^\n]*)?(?:\n|\Z))
      | (?P<bare>(?!['"])[^\n]*)
    )[^\n]*(?:\n|\Z)""",
    re.VERBOSE | re.DOTALL,
)
_COMMENT: Final = re.compile(r"(?:^|[ \t])#.*")
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED: Final = {"n": "\n", "r": "\r", "t": "\t"}


def read_dotenv(path: Path) -> dict[str, str]:
    r"""The variables of a `.env` file; none if there is no such file.

    `export` before a name is allowed, values may be quoted (double quotes know `\n`, `\t`, `\"`, `\\` and may
    span lines), ` #` begins a comment. Nothing is interpolated. Raises ConfigError for lines of another form.
    """
    if not path.is_file():
        return {}
    findings = Findings()
    text = read_text(path, asked_by=Location(file=str(path)), findings=findings)
    variables = _parse(text, str(path), findings=findings)
    findings.require_none()
    return variables


def _parse(text: str, file: str, *, findings: Findings) -> dict[str, str]:
    variables: dict[str, str] = {}
    position = 0
    while True:
        blank = _BLANK.match(text, position)
        position = blank.end() if blank else position
        if position >= len(text):
            return variables
        found = _ASSIGNMENT.match(text, position)
        if found is None:
            line = text.count("\n", 0, position) + 1
            findings.refuse(Location(file=file, line=line), "expected NAME=value, with quotes closed")
            position = (text.find("\n", position) + 1) or len(text)
            continue
        variables[found["name"]] = _value(found)
        position = found.end()


def _value(found: re.Match[str]) -> str:
    if found["literal"] is not None:
        return found["literal"]
    if found["escaped"] is not None:
        return _ESCAPE.sub(lambda escape: _ESCAPED.get(escape[1], escape[1]), found["escaped"])
    return _COMMENT.sub("", found["bare"]).strip()
