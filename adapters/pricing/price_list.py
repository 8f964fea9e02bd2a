"""The price list that is shipped: `prices.json`, made from the data of genai-prices (see LICENSE.genai-prices)."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, TypeAlias

import msgspec

from domain.pricing.price import Price, PriceTier

PRICES_FILE: Final = Path(__file__).with_name("prices.json")

_MILLION: Final = 1_000_000
_THOUSAND: Final = 1_000
_DECIMALS: Final = 15
_DATE: Final = re.compile(r"-(20\d\d)-?(0[1-9]|1[0-2])-?(0[1-9]|[12]\d|3[01])(?=[-:@]|$)")

_Pattern: TypeAlias = str | list[str]
"""`x`, `x*`, `*x`, `*x*` or `^regular expression`, lower-case; of a list every one has to match."""


class _Kinds(msgspec.Struct):
    """USD per million tokens of a kind; per thousand searches and requests."""

    input: float = 0.0
    output: float = 0.0
    cache_read: float | None = None
    cache_write: float | None = None
    cache_write_1h: float | None = None
    audio_input: float | None = None
    reasoning: float | None = None
    audio_output: float | None = None
    web_searches: float = 0.0
    requests: float = 0.0

    def price(self, tiers: tuple[PriceTier, ...] = ()) -> Price:
        return Price(
            input_usd=_per_token(self.input),
            output_usd=_per_token(self.output),
            cache_read_usd=_known(self.cache_read),
            cache_write_usd=_known(self.cache_write),
            cache_write_1h_usd=_known(self.cache_write_1h),
            audio_input_usd=_known(self.audio_input),
            reasoning_usd=_known(self.reasoning),
            audio_output_usd=_known(self.audio_output),
            web_search_usd=self.web_searches / _THOUSAND,
            request_usd=self.requests / _THOUSAND,
            tiers=tiers,
        )


class _Model(_Kinds, kw_only=True):
    """One model's prices. match: how its ids look. above: its prices for prompts longer than so many tokens."""

    match: list[_Pattern]
    above: list[tuple[int, _Kinds]] = []

    def matches(self, model: str) -> bool:
        return any(
            _matches(pattern, model) if isinstance(pattern, str) else all(_matches(one, model) for one in pattern)
            for pattern in self.match
        )


class _Provider(msgspec.Struct):
    """also: the providers whose models it sells at their prices, where it has none of its own for them."""

    models: list[_Model]
    also: list[str] = []


class _File(msgspec.Struct):
    date: str
    source: str
    providers: dict[str, msgspec.Raw]


class PriceList:
    """Prices by provider and model; a provider's part is read when it is first asked for.

    date:   the day whose prices it holds, as `2026-11-22`.
    source: where they were taken from.
    """

    def __init__(self, document: bytes) -> None:
        """Raises msgspec.DecodeError where `document` is no price list."""
        file = msgspec.json.decode(document, type=_File)
        self.date = file.date
        self.source = file.source
        self._unread = file.providers
        self._read: dict[str, _Provider] = {}

    @classmethod
    def shipped(cls) -> "PriceList":
        """The one that comes with the gateway."""
        return cls(PRICES_FILE.read_bytes())

    def price_for(self, provider: str, model: str) -> Price | None:
        """What `provider` asks for the tokens of `model`, its own id of it; None where the list does not know.

        A model with a date in its name, unknown by it, has the price of the same model without one.
        """
        for name in _spellings(model.lower()):
            for seller in (provider, *self._provider(provider).also):
                found = next((m for m in self._provider(seller).models if m.matches(name)), None)
                if found is not None:
                    return found.price(tuple(PriceTier(bound, kinds.price()) for bound, kinds in found.above))
        return None

    def providers(self) -> Iterable[str]:
        """The names of the providers whose prices it knows."""
        return self._unread.keys()

    def _provider(self, name: str) -> _Provider:
        if name not in self._read:
            unread = self._unread.get(name)
            self._read[name] = _Provider([]) if unread is None else msgspec.json.decode(unread, type=_Provider)
        return self._read[name]


def _spellings(model: str) -> Iterator[str]:
    """The id as it is; with the date in it written in full (`-20251211` → `-2025-12-11`); and without."""
    yield model
    if _DATE.search(model) is not None:
        yield _DATE.sub(r"-\1-\2-\3", model)
        yield _DATE.sub("", model)


def _matches(pattern: str, model: str) -> bool:
    if pattern[0] == "^":
        return re.search(pattern, model) is not None
    if pattern[-1] == "*":
        return pattern[1:-1] in model if pattern[0] == "*" else model.startswith(pattern[:-1])
    return model.endswith(pattern[1:]) if pattern[0] == "*" else model == pattern


def _per_token(per_million: float) -> float:
    """0.2 per million is 2e-07, not 2.0000000000000002e-07."""
    return round(per_million / _MILLION, _DECIMALS)


def _known(per_million: float | None) -> float | None:
    return None if per_million is None else _per_token(per_million)
