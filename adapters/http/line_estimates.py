"""What the lines of a batch will take at most, read as their routes read them."""

from collections.abc import Callable, Mapping
from typing import Final

from adapters.dialects.document import Document
from adapters.dialects.openai_completions.vocabulary import NAME as COMPLETIONS
from adapters.http.chat_handler import ChatHandler
from adapters.http.embeddings import EmbeddingsHandler, read_call
from adapters.http.inbound import Inbound
from adapters.http.memory_exchange import MemoryExchange
from adapters.http.routes import Route
from application.call_record import CallRecord
from application.chat_call import ChatCall
from application.estimate_call import EstimateCall
from domain.batch.line import BatchLine, LineEstimate
from domain.errors import ErrorKind, MalformedRequest
from domain.json_types import JSON

_SHOWN_CHARACTERS: Final = 200


class LineEstimates:
    """Estimates lines. `find` gives the route of a path and the model it names."""

    def __init__(
        self, find: Callable[[str], tuple[Route, str | None] | None], estimate_call: EstimateCall
    ) -> None:
        self._find = find
        self._estimate = estimate_call

    def of(self, line: BatchLine, headers: Mapping[str, str]) -> LineEstimate:
        """Of `line`, asked with `headers`. Raises RequestErrors, among them UnknownModel."""
        found = self._find(line.path)
        if found is None:
            raise no_route(line.path)
        route, path_model = found
        record = CallRecord(request_id="", route=route.name, received_s=0.0)
        exchange = MemoryExchange(line.path, headers, line.body)
        inbound = Inbound(exchange, record, route.dialect, path_model)
        handler = route.handler
        if isinstance(handler, ChatHandler):
            call, _ = handler.reader.read(line.body, inbound)
            return self._of_prompts(call) or self._estimate.chat(call)
        if isinstance(handler, EmbeddingsHandler):
            return self._estimate.embeddings(read_call(line.body, inbound))
        raise MalformedRequest(f"expected a route that calls a model; {route.name} only counts")

    def _of_prompts(self, call: ChatCall) -> LineEstimate | None:
        """Of a completion of several prompts, or of token ids, which no conversation holds; else None."""
        document = call.document
        if not isinstance(document, Document) or document.dialect != COMPLETIONS:
            return None
        prompts = document.envelope.value("prompt")
        if not isinstance(prompts, list) or (len(prompts) == 1 and isinstance(prompts[0], str)):
            return None
        each = (prompts,) if all(isinstance(item, int) for item in prompts) else prompts
        return _summed([self._of_prompt(prompt, document, call.model) for prompt in each])

    def _of_prompt(self, prompt: JSON, document: Document, model: str) -> LineEstimate:
        is_ids = isinstance(prompt, list)
        changes: Mapping[str, JSON] = {"prompt": "" if is_ids else prompt}
        request = document.changed(model, changes).canonical()
        if not isinstance(prompt, list):
            return self._estimate.request(request, model)
        limit = request.max_output_tokens
        most = None if limit is None else limit * request.candidates
        return self._estimate.token_ids(model, len(prompt), most)


def no_route(path: str) -> MalformedRequest:
    """The refusal of a path that is no route's."""
    return MalformedRequest(
        f"expected one of the gateway's routes that call a model; {path[:_SHOWN_CHARACTERS]} is none",
        kind=ErrorKind.NOT_FOUND,
        code="not_found",
    )


def _summed(estimates: list[LineEstimate]) -> LineEstimate:
    answers = [one.answer_tokens for one in estimates if one.answer_tokens is not None]
    costs = [one.cost_usd for one in estimates if one.cost_usd is not None]
    return LineEstimate(
        prompt_tokens=sum(one.prompt_tokens for one in estimates),
        answer_tokens=sum(answers) if len(answers) == len(estimates) else None,
        cost_usd=sum(costs) if len(costs) == len(estimates) else None,
    )
