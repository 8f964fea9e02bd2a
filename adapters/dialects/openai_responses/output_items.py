"""The shapes of an answer's items and content parts, the same for buffered and streamed answers."""

from collections.abc import Iterable, Mapping
from typing import Final

from adapters.dialects.openai_responses.citations import render_annotation
from adapters.dialects.openai_responses.finish import INCOMPLETE, render_finish
from adapters.dialects.openai_responses.vocabulary import OPENAI
from adapters.dialects.sealed import Bearer, Sealed, seal
from domain.chat.content import Citation, Inline, Opaque, Reasoning, ToolCall
from domain.chat.response import Finish, FinishReason
from domain.json_types import JSON

IN_PROGRESS: Final = "in_progress"
MESSAGE_PREFIX: Final = "msg_"
REASONING_PREFIX: Final = "rs_"
IMAGE_PREFIX: Final = "ig_"
_CALL_PREFIXES: Final = {"function": "fc_", "custom": "ctc_"}
_PICTURES: Final = frozenset({"png", "webp", "jpeg", "gif"})
_CUT_SHORT: Final = frozenset({"message", "function_call"})
"""Types of items whose status tells that the answer ended within them."""


class Naming:
    """The ids of one answer's items, and the names its client gave to tools.

    namespaced: namespace and name of the tools that the client keeps in namespaces.
    """

    __slots__ = ("_namespaced", "_stem")

    def __init__(self, answer_id: str, namespaced: Mapping[str, tuple[str, str]]) -> None:
        self._stem = answer_id.partition("_")[2]
        self._namespaced = namespaced

    def item_id(self, prefix: str, index: int) -> str:
        """The id of the item at `index` of the output: the answer's own with another prefix, and the index."""
        return f"{prefix}{self._stem}{index:02x}"

    def tool(self, name: str) -> dict[str, JSON]:
        """The members that name a called tool."""
        if name not in self._namespaced:
            return {"name": name}
        namespace, own_name = self._namespaced[name]
        return {"name": own_name, "namespace": namespace}


def call_prefix(kind: str) -> str:
    """What the ids of a call's item begin with."""
    return _CALL_PREFIXES[kind]


def message(item_id: str, content: list[JSON], status: str) -> dict[str, JSON]:
    """What the model says."""
    return {"id": item_id, "type": "message", "status": status, "role": "assistant", "content": content}


def output_text(text: str, citations: Iterable[Citation] = (), logprobs: Iterable[JSON] = ()) -> dict[str, JSON]:
    """A text and its sources, as far as the wire has words for them."""
    rendered = [render_annotation(citation, len(text)) for citation in citations]
    annotations = [annotation for annotation in rendered if annotation is not None]
    return {"type": "output_text", "annotations": annotations, "logprobs": list(logprobs), "text": text}


def refusal(text: str) -> dict[str, JSON]:
    """The model declines."""
    return {"type": "refusal", "refusal": text}


def summary_text(text: str) -> dict[str, JSON]:
    """A part of a thought's summary."""
    return {"type": "summary_text", "text": text}


def reasoning_text(text: str) -> dict[str, JSON]:
    """A part of a thought as it was thought."""
    return {"type": "reasoning_text", "text": text}


def reasoning_begun(item_id: str) -> dict[str, JSON]:
    """A thought of which nothing is known yet."""
    return {"id": item_id, "type": "reasoning", "summary": []}


def reasoning(item_id: str, thought: Reasoning) -> dict[str, JSON]:
    """A thought. OpenAI's own signature is the encrypted content; another's is sealed into it.

    That there is none is sealed too: the API refuses thoughts that it neither encrypted nor stored, so those must
    be known when they come back.
    """
    is_raw = thought.form == "raw"
    item: dict[str, JSON] = {
        "id": item_id,
        "type": "reasoning",
        "summary": [summary_text(thought.text)] if thought.text and not is_raw else [],
    }
    if is_raw and thought.text:
        item["content"] = [reasoning_text(thought.text)]
    signature = thought.signature
    if signature is not None and signature.family == OPENAI:
        return {**item, "encrypted_content": signature.value}
    return {**item, "encrypted_content": seal(Sealed(signature, redacted=thought.redacted))}


def carrier(item_id: str, signature: Opaque, bearer: Bearer) -> dict[str, JSON]:
    """A thought without words that carries the signature of the call after it, or of the text before it."""
    return {
        "id": item_id,
        "type": "reasoning",
        "summary": [],
        "encrypted_content": seal(Sealed(signature, bearer)),
    }


def call(item_id: str, called: ToolCall, naming: Naming, status: str) -> dict[str, JSON]:
    """A tool is to be called."""
    rendered: dict[str, JSON] = {"id": item_id, "type": "function_call", "status": status}
    if called.kind == "custom":
        rendered |= {"type": "custom_tool_call", "call_id": called.id, "input": called.raw}
    else:
        rendered |= {"call_id": called.id, "arguments": called.raw if called.raw.strip() else "{}"}
    return {**rendered, **naming.tool(called.name)}


def image(item_id: str, picture: Inline) -> dict[str, JSON]:
    """A picture that the model made."""
    made: dict[str, JSON] = {"id": item_id, "type": "image_generation_call", "status": "completed"}
    kind = picture.media_type.removeprefix("image/")
    return {**made, "result": picture.base64, **({"output_format": kind} if kind in _PICTURES else {})}


def is_cut_short(item: dict[str, JSON], finish: Finish, output: list[JSON]) -> bool:
    """Whether the answer ended within `item`, the last one of `output`."""
    if finish.reason is FinishReason.STOP:
        return False
    status, _ = render_finish(finish, refused=declines(finish, output))
    return status == INCOMPLETE and item["type"] in _CUT_SHORT


def declines(finish: Finish, output: list[JSON]) -> bool:
    """Whether the answer ended because the model declines, which one of the items says."""
    if finish.reason is not FinishReason.CONTENT_FILTER:
        return False
    said = (part for item in output if item["type"] == "message" for part in item["content"])
    return any(part["type"] == "refusal" for part in said)


def logprob(entry: JSON) -> dict[str, JSON]:
    """A token's log probability; its bytes are its text's where they are not told."""
    alternatives = [_told(alternative) for alternative in entry.get("top_logprobs") or ()]
    return {**_told(entry), "top_logprobs": alternatives}


def _told(entry: JSON) -> dict[str, JSON]:
    token, told = entry["token"], entry.get("bytes")
    return {
        "token": token,
        "bytes": told if isinstance(told, list) else list(token.encode("utf-8", "surrogatepass")),
        "logprob": entry["logprob"],
    }
