"""A line of a batch's input → the request it is."""

from types import MappingProxyType
from typing import Any, Final, assert_never

import msgspec

from adapters.dialects.batch_lines import line_paths
from adapters.dialects.envelope import Envelope
from domain.batch.bad_line import BadLine
from domain.batch.line import BatchLine, LineShape
from domain.errors import MalformedRequest

_ABSENT: Final = msgspec.Raw()

_MISSING: Final = "missing_required_parameter"
_WRONG_REQUEST: Final = "invalid_request"
_WRONG_URL: Final = "invalid_url"

_NOTHING_KNOWN: Final = (
    "expected a batch line (custom_id with url and body, or with params) or a bare body with messages, input or "
    "contents; the line has none of these. Say with --dialect what it is written in"
)
_NO_MODEL: Final = (
    "model: expected the model to ask, which Gemini's bodies do not name; name it on the line or with --model"
)
_MEMBERS: Final = MappingProxyType(
    {
        LineShape.OPENAI: "custom_id, method, url and body",
        LineShape.ANTHROPIC: "custom_id and params",
        LineShape.BARE: "a request's own body",
    }
)


class _Line(msgspec.Struct):
    """What lines of both Batch APIs are made of; of a bare body it is empty."""

    custom_id: Any = None
    method: Any = "POST"
    url: Any = None
    body: msgspec.Raw = _ABSENT
    params: msgspec.Raw = _ABSENT


class _Body(msgspec.Struct):
    """What is looked at in a request; everything else is read when the request is asked."""

    model: Any = None
    stream: Any = None


_LINES: Final = msgspec.json.Decoder(_Line)
_BODIES: Final = msgspec.json.Decoder(_Body)


class LineReader:
    """Reads lines, each in the shape it has itself.

    dialect:  what bare bodies are written in, of DIALECTS; `auto` = as their members tell.
    model:    asked instead of the one that each line names.
    endpoint: the only url that OpenAI's lines may have; None = any that is known.
    shape:    the only one that lines may have, OPENAI or ANTHROPIC; None = any.
    """

    def __init__(
        self,
        dialect: str = "auto",
        *,
        model: str | None = None,
        endpoint: str | None = None,
        shape: LineShape | None = None,
    ) -> None:
        if dialect not in line_paths.DIALECTS:
            raise ValueError(f"expected one of {', '.join(line_paths.DIALECTS)}; got {dialect!r}")
        self._dialect = dialect
        self._model = model
        self._endpoint = endpoint
        self._shape = shape

    @property
    def settings(self) -> str:
        """All that decides which lines are good, to be remembered beside what was found to be so."""
        return msgspec.json.encode((self._dialect, self._model is not None, self._endpoint, self._shape)).decode()

    def parse(self, raw: bytes, number: int) -> BatchLine:
        """The request on line `number`. Raises BadLine where it is none."""
        line = _decode(raw, number)
        shape = _shape(line)
        if self._shape is not None and shape is not self._shape:
            raise BadLine(number, f"expected {_MEMBERS[self._shape]}; the line has other members", code=_MISSING)
        match shape:
            case LineShape.ANTHROPIC:
                return self._anthropic(line, number)
            case LineShape.OPENAI:
                return self._openai(line, number)
            case LineShape.BARE:
                return self._bare(raw, number)
        assert_never(shape)

    def _anthropic(self, line: _Line, number: int) -> BatchLine:
        custom_id = _custom_id(line.custom_id, number)
        path = line_paths.MESSAGES
        model, body = self._request(line.params, "params", None, number)
        return BatchLine(
            number=number, custom_id=custom_id, shape=LineShape.ANTHROPIC, path=path, model=model, body=body
        )

    def _openai(self, line: _Line, number: int) -> BatchLine:
        custom_id = _custom_id(line.custom_id, number)
        if line.method != "POST":
            fact = "method: expected POST, the line has another; only POST can be batched"
            raise BadLine(number, fact, code="invalid_method")
        path = self._path(line.url, number)
        if line.body is _ABSENT:
            fact = "body: expected the request as a JSON object; the line has none"
            raise BadLine(number, fact, code=_MISSING)
        model, body = self._request(line.body, "body", line_paths.model_of_path(path), number)
        return BatchLine(
            number=number, custom_id=custom_id, shape=LineShape.OPENAI, path=path, model=model, body=body
        )

    def _path(self, url: object, number: int) -> str:
        path = line_paths.path_of_url(url) if isinstance(url, str) else None
        if path is None:
            fact = f"url: expected one of {line_paths.KNOWN_URLS}; the line has none of them"
            raise BadLine(number, fact, code=_WRONG_URL)
        if self._endpoint is not None and path != self._endpoint:
            fact = f"url: expected {self._endpoint}, the batch's endpoint; got {path}"
            raise BadLine(number, fact, code=_WRONG_URL)
        if self._model is not None and line_paths.model_of_path(path) is not None:
            return line_paths.gemini_path(self._model)
        return path

    def _request(self, raw: msgspec.Raw, where: str, path_model: str | None, number: int) -> tuple[str, bytes]:
        """The model that is asked, and the request's body; where the path names the model, the body does not."""
        body = bytes(raw)
        try:
            seen = _look(body)
            if seen.stream is True:
                raise _streamed(number, f"{where}.stream")
            if path_model is not None:
                return path_model, body
            if self._model is None:
                return (seen.model if isinstance(seen.model, str) else ""), body
            return self._model, Envelope.decode(body).with_members({"model": self._model}).encode()
        except MalformedRequest:
            fact = f"{where}: expected a JSON object; the line has another value there"
            raise BadLine(number, fact, code=_WRONG_REQUEST) from None

    def _bare(self, raw: bytes, number: int) -> BatchLine:
        try:
            envelope = Envelope.decode(raw)
            custom_id = envelope.text("custom_id") or f"line-{number}"
            model = self._model or envelope.text("model")
            streamed = envelope.value("stream") is True
        except MalformedRequest as mistake:
            raise BadLine(number, mistake.message, code=_WRONG_REQUEST) from None
        if streamed:
            raise _streamed(number, "stream")
        path = self._bare_path(envelope, model, number)
        path_model = line_paths.model_of_path(path)
        by_path = path_model is not None
        own = ("custom_id", "model") if by_path else ("custom_id",)
        changed = envelope.without(own) if any(name in envelope for name in own) else envelope
        if self._model is not None and not by_path:
            changed = changed.with_members({"model": self._model})
        body = raw if changed is envelope else changed.encode()
        return BatchLine(
            number=number,
            custom_id=custom_id,
            shape=LineShape.BARE,
            path=path,
            model=path_model or model or "",
            body=body,
        )

    def _bare_path(self, envelope: Envelope, model: str | None, number: int) -> str:
        dialect = self._dialect if self._dialect != "auto" else line_paths.dialect_of(envelope)
        if dialect is None:
            raise BadLine(number, _NOTHING_KNOWN, code=_WRONG_REQUEST)
        if dialect != line_paths.GEMINI:
            return line_paths.BY_DIALECT[dialect]
        if not model:
            raise BadLine(number, _NO_MODEL, code=_MISSING)
        return line_paths.gemini_path(model)


def _shape(line: _Line) -> LineShape:
    if line.params is not _ABSENT:
        return LineShape.ANTHROPIC
    return LineShape.BARE if line.body is _ABSENT and line.url is None else LineShape.OPENAI


def _decode(raw: bytes, number: int) -> _Line:
    try:
        if not raw.isascii():
            raw.decode()
        return _LINES.decode(raw)
    except UnicodeDecodeError as refused:
        fact = f"byte {refused.start} of the line is not UTF-8; convert the file to UTF-8"
    except msgspec.ValidationError:
        fact = "it is another JSON value"
    except msgspec.DecodeError as refused:
        if b"\\u" in raw and (line := _decode_slowly(raw)) is not None:
            return line
        fact = str(refused)
    except RecursionError:
        fact = "it nests too deeply"
    raise BadLine(number, f"expected one JSON object on the line; {fact}", code="invalid_json_line")


def _decode_slowly(raw: bytes) -> _Line | None:
    """A line with lone surrogates, which msgspec refuses and calls are served with all the same."""
    try:
        envelope = Envelope.decode(raw)
        return _Line(
            custom_id=envelope.value("custom_id"),
            method=envelope.value("method") if "method" in envelope else "POST",
            url=envelope.value("url"),
            body=msgspec.Raw(envelope.raw("body")) if "body" in envelope else _ABSENT,
            params=msgspec.Raw(envelope.raw("params")) if "params" in envelope else _ABSENT,
        )
    except MalformedRequest:
        return None


def _look(body: bytes) -> _Body:
    """What is looked at in a request. Raises MalformedRequest where it is not a JSON object."""
    try:
        return _BODIES.decode(body)
    except msgspec.DecodeError:
        envelope = Envelope.decode(body)
        return _Body(model=envelope.value("model"), stream=envelope.value("stream"))


def _custom_id(value: object, number: int) -> str:
    if isinstance(value, str) and value:
        return value
    got = "the line has none" if value is None else "it is empty" if value == "" else "it is another JSON value"
    fact = f"custom_id: expected a string that is not empty, to tell results apart; {got}"
    raise BadLine(number, fact, code="invalid_custom_id")


def _streamed(number: int, where: str) -> BadLine:
    fact = f"{where}: expected false or nothing, got true; a batch's answers are not streamed"
    return BadLine(number, fact, code=_WRONG_REQUEST)
