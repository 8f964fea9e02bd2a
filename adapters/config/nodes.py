"""The located tree: plain YAML values that remember the file and line they came from.

PyYAML's composer reads the structure; no tag constructs an object. Scalars become what `yaml.safe_load` makes of
them (YAML 1.1), except dates, which stay text: `api_version: 2024-10-21` is a version, not a day.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias, assert_never

import yaml

from adapters.config.mistakes import Findings, Location
from domain.json_types import JSON

MAX_DEPTH: Final = 64
MAX_VALUES: Final = 100_000

_STANDARD: Final = "tag:yaml.org,2002:"
_MERGE: Final = _STANDARD + "merge"
_TEXT_TAGS: Final = frozenset({"str", "timestamp", "value", "merge"})
_TAG_SENTENCE: Final = "a value that begins with '!' is a YAML tag, which is not supported; quote it if it is text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scalar:
    """One value. `text` is it as written; `sources` are the environment variables it came from.

    `defaulted`: the default of a `${X:-default}` was used. `broken`: a mistake about it was reported already.
    """

    value: str | int | float | bool | None = field(repr=False)
    text: str = field(repr=False)
    location: Location
    sources: tuple[str, ...] = ()
    defaulted: bool = False
    broken: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """A YAML sequence."""

    items: tuple["Node", ...]
    location: Location


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One key of a mapping with its value; `location` is the key's."""

    key: str
    value: "Node"
    location: Location


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A YAML mapping, in the order written. Keys are text as written (`50256`, `true`)."""

    entries: Mapping[str, Entry]
    location: Location

    def get(self, key: str) -> "Node | None":
        """The value of `key`, or None if it is not given."""
        entry = self.entries.get(key)
        return None if entry is None else entry.value


Node: TypeAlias = Scalar | Items | Table


def plain(node: Node) -> JSON:
    """The value without its locations, as JSON has it."""
    match node:
        case Scalar():
            return node.value
        case Items():
            return [plain(item) for item in node.items]
        case Table():
            return {key: plain(entry.value) for key, entry in node.entries.items()}
        case _:
            assert_never(node)


def parse_tree(text: str, file: str, *, findings: Findings) -> Node | None:
    """Read one YAML document; None if it is empty.

    Duplicate keys, tags and unreadable scalars are noted in `findings`. Raises ConfigError if the text is not
    YAML, or nests or expands without measure.
    """
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        findings.abort(_syntax_location(error, text, file=file), f"not valid YAML: {_syntax_sentence(error)}")
    except RecursionError:
        findings.abort(Location(file=file), f"nested more than {MAX_DEPTH} levels deep")
    except (ValueError, OverflowError):  # PyYAML hands "\UFFFFFFFF" to chr() as it is
        findings.abort(Location(file=file), "not valid YAML: an escape names a character that does not exist")
    return None if root is None else _Builder(file=file, findings=findings).build(root, depth=0)


class _Builder:
    """Turns PyYAML's nodes into located ones, bounded in depth and number."""

    def __init__(self, *, file: str, findings: Findings) -> None:
        self._file = file
        self._findings = findings
        self._constructor = yaml.constructor.SafeConstructor()
        self._ancestors: set[int] = set()
        self._count = 0

    def build(self, node: yaml.Node, *, depth: int) -> Node:
        where = self._location(node)
        self._count += 1
        if self._count > MAX_VALUES:
            self._findings.abort(where, f"aliases expand to more than {MAX_VALUES} values")
        if depth > MAX_DEPTH:
            self._findings.abort(where, f"nested more than {MAX_DEPTH} levels deep")
        if id(node) in self._ancestors:
            self._findings.abort(where, "an alias stands inside the value that it names")
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        if node.tag not in {_STANDARD + "seq", _STANDARD + "map"}:
            self._findings.refuse(where, _TAG_SENTENCE)
        self._ancestors.add(id(node))
        try:
            if isinstance(node, yaml.SequenceNode):
                return Items(
                    items=tuple(self.build(child, depth=depth + 1) for child in node.value), location=where
                )
            return self._table(node, depth=depth)
        finally:
            self._ancestors.discard(id(node))

    def _location(self, node: yaml.Node) -> Location:
        return Location(file=self._file, line=node.start_mark.line + 1)

    def _scalar(self, node: yaml.ScalarNode) -> Scalar:
        where = self._location(node)
        problem = None
        value: str | int | float | bool | None = None
        try:
            value = self._value(node)
            str(node.value).encode()
        except UnicodeEncodeError:
            problem = "an escape makes half a character (a lone surrogate)"
        except LookupError:
            problem = _TAG_SENTENCE
        except (ValueError, OverflowError):
            problem = "looks like a number and is none; quote it if it is text"
        if isinstance(value, float) and not math.isfinite(value):
            problem = "a number must be finite; quote it if it is text"
        if problem is None:
            return Scalar(value=value, text=node.value, location=where)
        self._findings.refuse(where, problem)
        return Scalar(value=None, text="", location=where, broken=True)

    def _value(self, node: yaml.ScalarNode) -> str | int | float | bool | None:
        kind = node.tag.removeprefix(_STANDARD)
        if kind in _TEXT_TAGS:
            return str(node.value)
        match kind:
            case "null":
                return None
            case "bool":
                return bool(self._constructor.bool_values[node.value.lower()])
            case "int":
                return int(self._constructor.construct_yaml_int(node))
            case "float":
                return float(self._constructor.construct_yaml_float(node))
            case _:
                raise LookupError(kind)

    def _table(self, node: yaml.Node, *, depth: int) -> Table:
        inherited: dict[str, Entry] = {}
        own: dict[str, Entry] = {}
        for key_node, value_node in node.value:
            where = self._location(key_node)
            if key_node.tag == _MERGE:
                for entry in self._merged(value_node, depth=depth):
                    inherited.setdefault(entry.key, entry)
                continue
            value = self.build(value_node, depth=depth + 1)
            if not isinstance(key_node, yaml.ScalarNode):
                self._findings.refuse(where, "a key must be text, not a list or a mapping")
                continue
            key = self._key(key_node)
            if key in own:
                first = own[key].location.line
                self._findings.refuse(where, f"duplicate key '{key}'; it is given in line {first} already")
            own.setdefault(key, Entry(key=key, value=value, location=where))
        return Table(entries={**inherited, **own}, location=self._location(node))

    def _key(self, node: yaml.ScalarNode) -> str:
        scalar = self._scalar(node)
        return scalar.text

    def _merged(self, node: yaml.Node, *, depth: int) -> Iterator[Entry]:
        """The entries that `<<` brings in: of one mapping, or of several, the earlier ones first."""
        merged = self.build(node, depth=depth + 1)
        for table in merged.items if isinstance(merged, Items) else (merged,):
            if isinstance(table, Table):
                yield from table.entries.values()
            else:
                self._findings.refuse(table.location, "'<<' must name a mapping or a list of mappings")


_SENTENCES: Final = (
    (
        "found undefined alias",
        "a value that begins with '*' is a YAML alias and no anchor has that name; quote text",
    ),
    ("found undefined tag handle", _TAG_SENTENCE),
    ("found character '\\t'", "a tab cannot indent; use spaces"),
    ("mapping values are not allowed here", "a second ':' in one value; quote the value"),
    ("found unexpected end of stream", "a quote is not closed"),
    ("but found another document", "the file holds more than one YAML document"),
)
_QUOTED: Final = re.compile(r"""(['"])(?P<text>.*?)\1""", re.DOTALL)
_LONGEST_ESCAPE: Final = len(r"\U0010ffff")


def _syntax_sentence(error: yaml.YAMLError) -> str:
    """PyYAML's complaint in our words, never with a piece of the file that could be a secret."""
    if not isinstance(error, yaml.MarkedYAMLError):
        return "it holds a character that YAML does not allow"
    problem = error.problem or error.context or "unreadable"
    for beginning, sentence in _SENTENCES:
        if problem.startswith(beginning):
            return sentence
    if error.problem_mark and error.context_mark and error.context_mark.line != error.problem_mark.line:
        problem += f" (in what begins in line {error.context_mark.line + 1})"
    return _QUOTED.sub(_if_a_token, problem)


def _if_a_token(found: re.Match[str]) -> str:
    """What PyYAML quotes, if it is one character or a token's name (`<block end>`); more could be a secret."""
    text = found["text"]
    escape = text.startswith("\\") and len(text) <= _LONGEST_ESCAPE
    return found[0] if len(text) == 1 or text.startswith("<") or escape else "a name"


def _syntax_location(error: yaml.YAMLError, text: str, *, file: str) -> Location:
    if isinstance(error, yaml.reader.ReaderError):
        return Location(file=file, line=text.count("\n", 0, error.position) + 1)
    mark = (error.problem_mark or error.context_mark) if isinstance(error, yaml.MarkedYAMLError) else None
    return Location(file=file, line=None if mark is None else mark.line + 1)
