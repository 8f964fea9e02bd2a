"""Canned answers of the routes beside chat: counts, vectors, continued texts, and responses that are kept."""

import base64
import struct
from typing import Any

from tests.e2e.canned.contents import (
    COMPLETION_TOKENS,
    CREATED_UNIX_S,
    PROMPT_TOKENS,
    TEXT,
    VECTORS,
    Asked,
    Canned,
    whole,
)
from tests.e2e.canned.responses import RESPONSE_ID, response_to


def counted(name: str) -> Canned:
    """A count, under the name that the vendor has for it."""
    return whole({name: PROMPT_TOKENS})


def embeddings(asked: Asked) -> Canned:
    """OpenAI's vectors, as base64 of 32-bit floats where that is asked for."""
    packed = asked.body.get("encoding_format") == "base64"
    texts = asked.body["input"] if isinstance(asked.body["input"], list) else [asked.body["input"]]
    vectors: list[Any] = [VECTORS[place % 2] for place in range(len(texts))]
    if packed:
        vectors = [base64.b64encode(struct.pack("<3f", *vector)).decode() for vector in vectors]
    listed = [{"object": "embedding", "index": n, "embedding": vector} for n, vector in enumerate(vectors)]
    usage = {"prompt_tokens": PROMPT_TOKENS, "total_tokens": PROMPT_TOKENS}
    return whole({"object": "list", "data": listed, "model": asked.model, "usage": usage})


def gemini_embeddings(asked: Asked) -> Canned:
    vectors = [{"values": VECTORS[place % 2]} for place in range(len(asked.body["requests"]))]
    return whole({"embeddings": vectors, "usageMetadata": {"promptTokenCount": PROMPT_TOKENS}})


def completion(asked: Asked) -> Canned:
    choice = {"text": TEXT, "index": 0, "finish_reason": "stop", "logprobs": None}
    usage = {
        "prompt_tokens": PROMPT_TOKENS,
        "completion_tokens": COMPLETION_TOKENS,
        "total_tokens": PROMPT_TOKENS + COMPLETION_TOKENS,
    }
    head = {"id": "cmpl-up1", "object": "text_completion", "created": CREATED_UNIX_S, "model": asked.model}
    return whole({**head, "choices": [choice], "usage": usage})


def stored_response(asked: Asked) -> Canned:
    """What is kept under RESPONSE_ID: the response, its input, its end."""
    if asked.method == "DELETE":
        return whole({"id": RESPONSE_ID, "object": "response", "deleted": True})
    path = asked.path.partition("?")[0]
    if path.endswith("/input_items"):
        content = [{"type": "input_text", "text": "How is Paris?"}]
        item = {"id": "msg_in1", "type": "message", "role": "user", "status": "completed", "content": content}
        ends = {"first_id": "msg_in1", "last_id": "msg_in1", "has_more": False}
        return whole({"object": "list", "data": [item], **ends})
    return whole(response_to({}, status="cancelled" if path.endswith("/cancel") else "completed"))
