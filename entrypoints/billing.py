"""What the metering of answers needs of the world outside: prices, vocabularies, and how answers are written."""

from collections.abc import Iterable

from adapters.dialects import json_codec
from adapters.dialects.contract import RenderedRequest, UpstreamDialect
from application.course import FamilyOf
from application.metering import Billing, PriceOf
from domain.chat.events import StreamEvent
from domain.errors import FeatherGateError


def billing(price_of: PriceOf, family_of: FamilyOf, dialects: Iterable[UpstreamDialect]) -> Billing:
    """The billing of answers in `dialects`."""
    return Billing(price_of, family_of, AnswerReader(dialects))


class AnswerReader:
    """Reads what passed unread, of a stream or whole, when somebody wants to know what it said after all."""

    def __init__(self, dialects: Iterable[UpstreamDialect]) -> None:
        self._dialects = {dialect.name: dialect for dialect in dialects}

    def __call__(self, dialect: str, raw: bytes) -> Iterable[StreamEvent]:
        """What the beginning of an answer says; nothing where it cannot be read."""
        spoken = self._dialects.get(dialect)
        if spoken is None:
            return ()
        rendered = RenderedRequest(body={})
        if not raw.lstrip().startswith(b"{"):
            return spoken.decoder(rendered).feed(raw)
        try:
            return tuple(spoken.parse_answer(json_codec.decode(raw), rendered))
        except (FeatherGateError, ValueError):
            return ()
