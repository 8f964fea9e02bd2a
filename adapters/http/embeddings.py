"""POST /v1/embeddings and its other paths."""

from adapters.dialects import json_codec
from adapters.dialects.embeddings.document import EmbeddingsDocument
from adapters.dialects.embeddings.openai import render_response
from adapters.dialects.envelope import Envelope
from adapters.dialects.openai_chat.gateway_members import split_gateway_members
from adapters.http.answer_heads import AnswerHeads
from adapters.http.call_reading import drops_params, is_strict, named_model, timeout_s
from adapters.http.inbound import Inbound
from adapters.http.reception import Reception
from adapters.http.wish_reading import read_wishes
from application.embed import Embed, Embedded
from application.embedding_call import EmbeddingCall
from application.ports.embedder import RelayedEmbeddings
from domain.errors import MalformedRequest


class EmbeddingsHandler:
    """Answers requests for embeddings, in OpenAI's format, whoever gives the vectors."""

    def __init__(self, reception: Reception, embed: Embed, heads: AnswerHeads) -> None:
        self._reception = reception
        self._embed = embed
        self._heads = heads

    async def handle(self, inbound: Inbound) -> None:
        """Answer one request. Raises AccessErrors, RequestErrors and what Embed raises."""
        call = read_call(await self._reception.body(inbound), inbound)
        embedded = await self._embed.run(call)
        answer = _rendered(embedded)
        inbound.record.status = 200
        exchange = inbound.exchange
        await exchange.start(200, self._heads.buffered(inbound, embedded.call, embedded.deployment, len(answer)))
        await exchange.finish(answer)


def read_call(body: bytes, inbound: Inbound) -> EmbeddingCall:
    """The call that body, path and headers make together. Raises MalformedRequest."""
    envelope, gateway = split_gateway_members(Envelope.decode(body))
    model = named_model(envelope, inbound)
    if inbound.path_model is not None:
        envelope = envelope.with_members({"model": model})
    if "input" not in envelope:
        raise MalformedRequest("input: expected a text or a list of texts", param="input")
    headers = inbound.exchange.headers
    return EmbeddingCall(
        request_id=inbound.record.request_id,
        model=model,
        document=EmbeddingsDocument(envelope),
        record=inbound.record,
        timeout_s=timeout_s(headers, gateway),
        wishes=read_wishes(headers, gateway, model),
        drop_params=drops_params(gateway),
        strict=is_strict(headers),
    )


def _rendered(embedded: Embedded) -> bytes:
    answer = embedded.answer
    if isinstance(answer, RelayedEmbeddings):
        return answer.body
    return json_codec.encode(render_response(answer, embedded.call.document.canonical()))
