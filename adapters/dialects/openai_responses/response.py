"""Buffered answers: canonical → wire."""

from adapters.dialects.contract import Reply
from adapters.dialects.openai_responses.answer_frame import render_ended, render_frame
from adapters.dialects.openai_responses.output import render_output
from adapters.dialects.openai_responses.output_items import Naming
from adapters.dialects.openai_responses.tools import namespaced
from domain.chat.response import ChatResponse
from domain.json_types import JSON


def render_response(response: ChatResponse, reply: Reply) -> dict[str, JSON]:
    """The first candidate, under the name the client asked for; the format has no word for others."""
    frame = render_frame(
        response.id, reply, created_unix_s=response.created_unix_s, service_tier=response.service_tier
    )
    candidate = response.candidates[0]
    output = render_output(candidate, Naming(frame["id"], namespaced(frame["tools"])))
    return render_ended(frame, output, candidate.finish, response.usage)
