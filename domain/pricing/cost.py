"""What an answer costs: every token is paid once, by the price of what it is."""

from operator import attrgetter
from typing import Final

from domain.chat.usage import Usage
from domain.pricing.price import Price

HOUR: Final = "1h"
"""The lifetime of cached prompts that some providers sell at a price of its own."""
WEB_SEARCH: Final = "web_search"
USD_DECIMALS: Final = 12
"""Amounts are told to a millionth of a millionth: a token costs some hundred thousand times that, or more."""


_parts: Final = attrgetter(
    "cache_read_tokens",
    "cache_write_tokens",
    "audio_prompt_tokens",
    "reasoning_tokens",
    "audio_completion_tokens",
)
"""The parts of a usage that may have prices of their own."""


def cost_usd(usage: Usage, price: Price) -> float:
    """What `usage` costs; counts that nobody knows are free. Never negative, whatever the counts say."""
    prompt_tokens, completion_tokens = usage.prompt_tokens or 0, usage.completion_tokens or 0
    if price.tiers:
        price = price.for_prompt(prompt_tokens)
    if any(_parts(usage)) or prompt_tokens < 0 or completion_tokens < 0:
        cost = prompt_cost_usd(usage, price) + completion_cost_usd(usage, price)
    else:
        cost = prompt_tokens * price.input_usd + completion_tokens * price.output_usd
    if price.request_usd or price.web_search_usd:
        cost += price.request_usd + price.web_search_usd * max(0, usage.server_tool_calls.get(WEB_SEARCH, 0))
    return cost


def plain_usd(amount_usd: float) -> str:
    """The amount as a decimal without an exponent: `0.0000125`."""
    return f"{amount_usd:.{USD_DECIMALS}f}".rstrip("0").rstrip(".")


def prompt_cost_usd(usage: Usage, price: Price) -> float:
    """The part of the cost that the prompt has, at `price` whatever its tiers.

    What was read from a cache counts first, then what was written to it, then sound; parts that would be more
    than the whole are cut.
    """
    left = usage.prompt_tokens or 0
    if left <= 0:
        return 0.0
    cost = 0.0
    if usage.cache_read_tokens:
        tokens = _part(usage.cache_read_tokens, left)
        cost += tokens * (price.input_usd if price.cache_read_usd is None else price.cache_read_usd)
        left -= tokens
    if usage.cache_write_tokens:
        tokens = _part(usage.cache_write_tokens, left)
        cost += _written_usd(usage, price, tokens)
        left -= tokens
    if usage.audio_prompt_tokens and price.audio_input_usd is not None:
        tokens = _part(usage.audio_prompt_tokens, left)
        cost += tokens * price.audio_input_usd
        left -= tokens
    return cost + left * price.input_usd


def completion_cost_usd(usage: Usage, price: Price) -> float:
    """The part of the cost that the answer has, at `price` whatever its tiers: reasoning first, then sound."""
    left = usage.completion_tokens or 0
    if left <= 0:
        return 0.0
    cost = 0.0
    if usage.reasoning_tokens and price.reasoning_usd is not None:
        tokens = _part(usage.reasoning_tokens, left)
        cost += tokens * price.reasoning_usd
        left -= tokens
    if usage.audio_completion_tokens and price.audio_output_usd is not None:
        tokens = _part(usage.audio_completion_tokens, left)
        cost += tokens * price.audio_output_usd
        left -= tokens
    return cost + left * price.output_usd


def _written_usd(usage: Usage, price: Price, tokens: int) -> float:
    """The cost of `tokens` written to a cache, of which some are kept for an hour."""
    write_usd = price.input_usd if price.cache_write_usd is None else price.cache_write_usd
    hour_usd = write_usd if price.cache_write_1h_usd is None else price.cache_write_1h_usd
    for_an_hour = _part(usage.cache_write_tokens_by_ttl.get(HOUR, 0), tokens)
    return for_an_hour * hour_usd + (tokens - for_an_hour) * write_usd


def _part(tokens: int, whole: int) -> int:
    """`tokens`, at least none and at most the whole."""
    return max(0, min(tokens, whole))
