"""Field by field: what becomes of a client's request on its way to an upstream, and whether the losses say so.

A field is a member of an object, or an element of a list, anywhere in the request as the client wrote it. It is lost
where the upstream's request is the same with and without it; it is carried where the upstream's request, read again
and written in the client's dialect, holds it as the client wrote it.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

from adapters.dialects.contract import RenderedRequest, Target
from domain.chat.loss import Loss
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
    """One field of a request: what the request is without it, and which losses are only with it."""

    path: Path
    lost: bool
    losses: tuple[Loss, ...]


def audited(route: Route, body: dict[str, Any]) -> Iterator[Field]:
    """Every field that says something and that can be left out."""
    asked = route.read(body)
    sent = route.sent(asked)
    for path in fields(body):
        if path[0] == "model":
            continue
        lesser = without(body, path)
        try:
            meant = route.read(lesser)
            if meant == asked:
                continue
            less = route.sent(meant)
        except RequestError:
            continue
        gone = Counter(sent.losses) - Counter(less.losses)
        yield Field(path, sent.body == less.body, tuple(gone))


def unnamed(route: Route, body: dict[str, Any]) -> list[str]:
    """Every field that is lost and that no loss names, each as a line to read."""
    named: set[Path] = set()
    found: list[str] = []
    for field in audited(route, body):
        if not field.lost:
            continue
        places = [route.client.place(loss.where, body) for loss in field.losses]
        inside = any(field.path[:length] in named for length in range(1, len(field.path)))
        if inside or any(names(place, field.path) for place in places):
            named.add(field.path)
        else:
            found.append(f"{route}: {pointer(field.path)} = {at(body, field.path)!r} leaves no trace; beside it {places}")
    return found


def names(place: str, path: Path) -> bool:
    """Whether a loss at `place` is said of the field at `path`: of it, of what holds it, or of something in it."""
    here = pointer(path)
    if here == place or place.startswith(f"{here}/"):
        return True
    return here.startswith(f"{place}/") and place.count("/") > (1 if isinstance(path[1], int) else 0)


def told_back(route: Route, body: dict[str, Any]) -> Mapping[str, Any]:
    """What the upstream gets, read again and written in the client's dialect."""
    seen = route.upstream.parse_request({"model": "m", **route.sent(route.read(body)).body})
    return route.client.render_request(replace(seen, source=route.client.name), route.target).body


def needless(route: Route, body: dict[str, Any], exempt: Sequence[str] = ()) -> list[str]:
    """Every field that arrives as it was and that a loss names all the same, each as a line to read."""
    after = told_back(route, body)
    return [
        f"{route}: {pointer(field.path)} = {at(body, field.path)!r} is carried, but {loss.code} "
        f"({loss.detail}) at {route.client.place(loss.where, body)} warns"
        for field in audited(route, body)
        for loss in field.losses
        if loss.code not in exempt
        and pointer(field.path) == route.client.place(loss.where, body)
        and at(body, field.path) == at(after, field.path)
    ]
