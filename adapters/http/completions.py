"""POST /v1/completions and its other paths."""

from adapters.dialects.contract import Reply
from adapters.dialects.document import Document
from adapters.dialects.envelope import Envelope
from adapters.dialects.openai_chat.gateway_members import split_gateway_members
from adapters.dialects.openai_completions.vocabulary import ECHOED
from adapters.http.call_reading import CallFacts, named_model, new_call
from adapters.http.inbound import Inbound
from application.chat_call import ChatCall
from application.ports.clock import Clock
from domain.errors import MalformedRequest


class CompletionsReader:
    """Reads legacy Completions requests; a CallReader. `clock` dates the answers whose upstream gives no time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def read(self, body: bytes, inbound: Inbound) -> tuple[ChatCall, Reply]:
        envelope, gateway = split_gateway_members(Envelope.decode(body))
        model = named_model(envelope, inbound)
        if inbound.path_model is not None:
            envelope = envelope.with_members({"model": model})
        prompt = envelope.value("prompt")
        if prompt is None or prompt == []:
            raise MalformedRequest("prompt: expected a text, or a list of at least one", param="prompt")
        options = envelope.value("stream_options")
        reply = Reply(
            model=model,
            include_usage=isinstance(options, dict) and options.get("include_usage") is True,
            created_unix_s=int(self._clock.unix_s()),
            echo={ECHOED: _first(prompt)} if envelope.flag("echo") else {},
        )
        facts = CallFacts(stream=envelope.flag("stream"), gateway=gateway)
        return new_call(inbound, Document(envelope, inbound.dialect, reply), facts), reply


def _first(prompt: object) -> object:
    """The one prompt that an answer by chat can be to."""
    return prompt[0] if isinstance(prompt, list) else prompt
