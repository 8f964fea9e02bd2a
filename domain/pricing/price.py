"""The price of a model's tokens."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """USD for one token of each kind, as one provider sells them; None = as the kind that it is a part of.

    input_usd:          of the prompt. Parts of it: cache_read_usd; cache_write_usd, of which cache_write_1h_usd
                        are those kept for an hour; audio_input_usd.
    output_usd:         generated. Parts of it: reasoning_usd, audio_output_usd.
    web_search_usd:     for each search that the provider makes on the model's behalf.
    request_usd:        for each request, beside its tokens.
    tiers:              what is paid instead for long prompts; the bounds rise.
    """

    input_usd: float
    output_usd: float = 0.0
    cache_read_usd: float | None = None
    cache_write_usd: float | None = None
    cache_write_1h_usd: float | None = None
    audio_input_usd: float | None = None
    reasoning_usd: float | None = None
    audio_output_usd: float | None = None
    web_search_usd: float = 0.0
    request_usd: float = 0.0
    tiers: tuple["PriceTier", ...] = ()

    def for_prompt(self, tokens: int) -> "Price":
        """The price that a prompt of so many tokens is paid by: that of the last tier that it is longer than."""
        price = self
        for tier in self.tiers:
            if tokens <= tier.above_tokens:
                break
            price = tier.price
        return price


@dataclass(frozen=True, slots=True)
class PriceTier:
    """The price of all tokens of a request, generated ones too, whose prompt is longer than `above_tokens`."""

    above_tokens: int
    price: Price
