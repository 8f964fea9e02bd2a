"""Configuration files from disk, with those they include."""

from collections.abc import Mapping
from pathlib import Path

from adapters.config.environment import substitute
from adapters.config.mistakes import Findings, Location
from adapters.config.nodes import Entry, Items, Node, Scalar, Table, parse_tree


def read_text(path: Path, *, asked_by: Location, findings: Findings) -> str:
    """The file as text. Raises ConfigError that says why it cannot be read, at `asked_by`."""
    if path.is_dir():
        findings.abort(asked_by, f"{_named(path, asked_by)} is a directory, not a file")
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        findings.abort(asked_by, f"{_named(path, asked_by)} does not exist")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        findings.abort(asked_by, f"{_named(path, asked_by)} cannot be read: {reason or 'not a path'}")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        findings.abort(Location(file=str(path), line=line), "not UTF-8 text")


def read_config(path: Path, environment: Mapping[str, str], *, findings: Findings) -> Table:
    """The file with everything it includes, as one tree without `include`.

    An included file's lists extend those of the including file, its mappings are merged into them, and where
    both give a value the included file's wins, as in litellm. `environment` resolves references in file names.
    Raises ConfigError for files that cannot be read.
    """
    return _Reader(environment=environment, findings=findings).read(
        path, asked_by=Location(file=str(path)), ancestors=()
    )


class _Reader:
    def __init__(self, *, environment: Mapping[str, str], findings: Findings) -> None:
        self._environment = environment
        self._findings = findings
        self._done: set[Path] = set()

    def read(self, path: Path, *, asked_by: Location, ancestors: tuple[Path, ...]) -> Table:
        text = read_text(path, asked_by=asked_by, findings=self._findings)
        identity = path.resolve()
        self._done.add(identity)
        tree = parse_tree(text, str(path), findings=self._findings)
        if tree is None or (isinstance(tree, Scalar) and tree.value is None and not tree.broken):
            self._findings.abort(Location(file=str(path)), "the file is empty; at least a model_list is needed")
        if not isinstance(tree, Table):
            self._findings.abort(tree.location, "a configuration must be a mapping (`model_list:` and so on)")
        merged = {key: entry for key, entry in tree.entries.items() if key != "include"}
        for name in self._included(tree):
            included = self._read_included(path, name, ancestors=(*ancestors, identity))
            if included is not None:
                merged = _merge(merged, included.entries)
        return Table(entries=merged, location=tree.location)

    def _included(self, tree: Table) -> tuple[Scalar, ...]:
        node = tree.get("include")
        if node is None or (isinstance(node, Scalar) and node.value is None):
            return ()
        if not isinstance(node, Items):
            self._findings.refuse(node.location, "'include' must be a list of file names")
            return ()
        names = tuple(item for item in node.items if isinstance(item, Scalar) and isinstance(item.value, str))
        if len(names) < len(node.items):
            self._findings.refuse(node.location, "'include' must be a list of file names")
        return names

    def _read_included(self, parent: Path, name: Scalar, *, ancestors: tuple[Path, ...]) -> Table | None:
        resolved = substitute(name.text, self._environment)
        if resolved.problem is not None:
            self._findings.refuse(name.location, resolved.problem)
            return None
        path = parent.parent / resolved.text
        try:
            identity = path.resolve()
        except (OSError, ValueError):
            self._findings.abort(name.location, "an included file's name is not a path")
        if identity in ancestors:
            self._findings.abort(name.location, "the file includes itself, directly or through another")
        if identity in self._done:
            return None
        return self.read(path, asked_by=name.location, ancestors=ancestors)


def _merge(base: Mapping[str, Entry], later: Mapping[str, Entry]) -> dict[str, Entry]:
    merged = dict(base)
    for key, entry in later.items():
        known = merged.get(key)
        if known is None:
            merged[key] = entry
        else:
            merged[key] = Entry(key=key, location=entry.location, value=_merged_value(known.value, entry.value))
    return merged


def _merged_value(base: Node, later: Node) -> Node:
    if isinstance(base, Items) and isinstance(later, Items):
        return Items(items=(*base.items, *later.items), location=base.location)
    if isinstance(base, Table) and isinstance(later, Table):
        return Table(entries=_merge(base.entries, later.entries), location=base.location)
    return later


def _named(path: Path, asked_by: Location) -> str:
    return "the file" if asked_by.line is None else f"the included file {path}"
