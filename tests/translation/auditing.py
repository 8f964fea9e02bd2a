"""Field by field: what becomes of a client's request on its way to an upstream, and whether the losses say so.

A field is a member of an object, or an element of a list, anywhere in the request as the client wrote it. It is lost
where the upstream's request is the same with and without it; it is carried where the upstream's request, read again
and written in the client's dialect, holds it as the client wrote it.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

from adapters.dialects.contract import RenderedRequest, Target
from domain.chat.request import ChatRequest
from domain.errors import MalformedRequest, RequestError, UnsupportedFeature
from tests.strategies.dialects import Dialect

Path: TypeAlias = tuple[str | int, ...]

CALLERS_OWN: Final = frozenset(
    {
        "args",
        "arguments",
        "definition",
        "grammar",
        "input_schema",
        "logit_bias",
        "metadata",
        "parameters",
        "parametersJsonSchema",
        "response",
        "responseJsonSchema",
        "schema",
    }
)
"""Members whose values are the caller's own JSON: each is one field."""

GATEWAYS_OWN: Final = frozenset({"model", "stream", "stream_options"})
"""Members that the gateway itself acts on, whatever the upstream is told."""
REPEATED: Final = frozenset({("functionResponse", "name")})
"""Members that only repeat what is said elsewhere: a result is of the function that was called."""
OF_THE_WHOLE: Final = frozenset(
    {
        "block_as_text",
        "dropped_builtin_tool",
        "dropped_media",
        "dropped_opaque_part",
        "dropped_part",
        "dropped_reasoning",
        "dropped_tool",
        "orphan_tool_result",
    }
)
"""Losses of a whole part or tool, and so of everything in it."""
OF_ONE_OF_TWO: Final = frozenset({"dropped_cache_hint", "dropped_tool"})
"""Losses of one of two fields that say the same, as that of two searches or two marks at one place: which one is
left out is no matter, and without either nothing is."""
DEFAULTS: Final = (
    ("arguments", "{}"),
    ("display", "summarized"),
    ("n", 1),
    ("ttl", "5m"),
    ("top_logprobs", 0),
)
"""Values that say what is so without them."""
SCHEMAS: Final = frozenset({"input_schema", "parameters", "parametersJsonSchema"})


def takes_nothing(schema: Any) -> bool:
    """Whether a schema is of a tool without arguments, which says as much as none."""
    return isinstance(schema, dict) and not schema.get("properties") and schema.get("type") == "object"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A client's dialect, and the upstream that its request is rendered for."""

    client: Dialect
    upstream: Dialect
    target: Target

    def read(self, body: Mapping[str, Any]) -> ChatRequest:
        return self.client.parse_request(body)

    def sent(self, request: ChatRequest) -> RenderedRequest:
        return self.upstream.render_request(request, self.target)

    def __str__(self) -> str:
        return f"{self.client.name} → {self.upstream.name} ({self.target.model})"


def pointer(path: Path) -> str:
    """The path as a JSON pointer."""
    return "".join(f"/{step}" for step in path)


def fields(value: Any, at: Path = ()) -> Iterator[Path]:
    """The path of every field in `value`, outer ones first."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield (*at, name)
            if name not in CALLERS_OWN:
                yield from fields(inner, (*at, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield (*at, index)
            yield from fields(inner, (*at, index))


def without(value: Any, path: Path) -> Any:
    """`value` without the field at `path`; nothing is changed in place."""
    first, rest = path[0], path[1:]
    if isinstance(value, dict):
        kept = {name: inner for name, inner in value.items() if rest or name != first}
        return {**kept, first: without(value[first], rest)} if rest else kept
    inner = [without(value[first], rest)] if rest else []
    return [*value[:first], *inner, *value[int(first) + 1 :]]


def at(value: Any, path: Path) -> Any:
    """What stands at `path`, None where nothing does."""
    for step in path:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value


def accepted(route: Route, body: dict[str, Any]) -> dict[str, Any] | None:
    """`body` without what the upstream refuses outright; None where nothing it could answer is left."""
    for _ in range(40):
        try:
            route.sent(route.read(body))
        except UnsupportedFeature as refused:
            lesser = _without_refused(route, body, refused.param)
            if lesser is None:
                return None
            body = lesser
        except MalformedRequest:
            return None
        else:
            return body
    return None


def _without_refused(route: Route, body: dict[str, Any], param: str | None) -> dict[str, Any] | None:
    if param is None:
        return None
    where = "/" + param.removeprefix("/").replace("[", "/").replace("]", "").replace(".", "/")
    placed = route.client.place(where, body)
    known = {pointer(path): path for path in fields(body)}
    while placed and placed not in known:
        placed = placed.rpartition("/")[0]
    return without(body, known[placed]) if placed else None


@dataclass(frozen=True, slots=True)
class Field:
    """A field that can be left out and says something.

    lost: the upstream gets the same without it. carried: whether what it gets holds the field as it was written, when
    that is written in the client's dialect as if it came from there, and as if it came from another.
    losses: codes and places of all losses. own_losses: of those that are there only with it.
    """

    path: Path
    value: Any
    lost: bool
    carried: tuple[bool, ...]
    own_losses: tuple[tuple[str, str], ...]
    losses: frozenset[tuple[str, str]]

    def is_named(self) -> bool:
        """Whether a loss is said of the field: of itself, of something in it, or, if with it alone, of its holder."""
        here = pointer(self.path)
        for code, place in self.losses:
            if place == here or place.startswith(f"{here}/"):
                return True
            if here.startswith(f"{place}/") and (code in OF_THE_WHOLE or _is_member(place)):
                return True
        if any(code in OF_ONE_OF_TWO for code, _ in self.own_losses):
            return True
        return any(here.startswith(f"{place}/") for _, place in self.own_losses if place not in _LISTS)


_LISTS: Final = frozenset({"/messages", "/input", "/contents", "/tools"})
_CONFIGS: Final = frozenset({"/generationConfig", "/toolConfig", "/output_config", "/text"})


def _is_member(place: str) -> bool:
    """Whether a loss there is of one member, and so of all in it; not of a message, a part or a tool in some way."""
    return not place.rpartition("/")[2].isdecimal() and place not in _LISTS | _CONFIGS


def audited(route: Route, body: dict[str, Any]) -> Iterator[Field]:
    """Every field that says something and that can be left out, outer ones first; not what stands in a lost one."""
    asked = route.read(body)
    sent = route.sent(asked)
    backs = told_back(route, sent)
    places = {loss: route.client.place(loss.where, body) for loss in sent.losses}
    gone: set[Path] = set()
    for path in fields(body):
        value = at(body, path)
        if _is_no_field(path, value) or any(path[:length] in gone for length in range(1, len(path))):
            continue
        try:
            meant = route.read(without(body, path))
            if meant == asked:
                continue
            less = route.sent(meant)
        except RequestError:
            continue
        own = Counter(sent.losses) - Counter(less.losses)
        lost = sent.body == less.body
        if lost:
            gone.add(path)
        yield Field(
            path=path,
            value=value,
            lost=lost,
            carried=tuple(at(back, path) == value for back in backs),
            own_losses=tuple((loss.code, places[loss]) for loss in own),
            losses=frozenset((loss.code, place) for loss, place in places.items()),
        )


def _is_no_field(path: Path, value: Any) -> bool:
    """Whether it is a mere tag, repeats what stands elsewhere, is the gateway's own affair, or asks for nothing."""
    if path[0] in GATEWAYS_OWN or path[-1] == "type" or path[-2:] in REPEATED:
        return True
    if (len(path) > 1 and value is False) or (path[-1], value) in DEFAULTS:
        return True
    return _says_nothing(value) or (path[-1] in SCHEMAS and takes_nothing(value))


def _says_nothing(value: Any) -> bool:
    """Whether it is null, empty, or an object of such; a message is, where its content is."""
    if isinstance(value, dict) and "role" in value:
        value = {name: value[name] for name in value.keys() & {"content", "parts"}}
    if isinstance(value, dict):
        return all(_says_nothing(inner) for inner in value.values())
    return value in (None, "", [])


def told_back(route: Route, sent: RenderedRequest) -> tuple[Mapping[str, Any], ...]:
    """What the upstream gets, read again and written in the client's dialect: as it is, and as from another."""
    seen = route.upstream.parse_request({"model": "m", **sent.body})
    found = []
    for source in (route.client.name, ""):
        with suppress(RequestError):
            found.append(route.client.render_request(replace(seen, source=source), route.target).body)
    return tuple(found)


def unnamed(route: Route, audit: Iterable[Field]) -> list[str]:
    """Every field that is lost and that no loss names, each as a line to read."""
    return [
        f"{route}: {pointer(field.path)} = {field.value!r} leaves no trace and no warning; "
        f"of all {sorted(field.losses)} only {list(field.own_losses)} are there because of it"
        for field in audit
        if field.lost and not any(field.carried) and not field.is_named()
    ]


def needless(route: Route, audit: Iterable[Field], exempt: Collection[str] = ()) -> list[str]:
    """Every field that arrives as it was and that a loss names all the same, each as a line to read."""
    return [
        f"{route}: {pointer(field.path)} = {field.value!r} is carried, but {code} is warned of"
        for field in audit
        if field.carried[:1] == (True,)
        for code, place in field.own_losses
        if place == pointer(field.path) and code not in exempt
    ]
