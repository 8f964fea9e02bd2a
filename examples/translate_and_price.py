"""Pure work on requests, without any I/O: build, count, price, and translate between the vendors' formats.

`domain` alone is enough to build, count and price; the wire formats are in `adapters.dialects`.
"""

import json

from adapters.dialects.anthropic_messages.dialect import AnthropicMessages
from adapters.dialects.contract import Target
from adapters.dialects.gemini.dialect import Gemini
from adapters.dialects.openai_chat.dialect import OpenAIChat
from domain.chat.content import Text
from domain.chat.request import ChatRequest, Message, Role, Sampling, Tool
from domain.chat.usage import Usage
from domain.models.catalogue import profile_for
from domain.models.token_estimate import estimate_tokens
from domain.pricing.cost import cost_usd
from domain.pricing.price import Price

PRICE = Price(input_usd=3e-6, output_usd=15e-6, cache_read_usd=0.3e-6)


def build() -> ChatRequest:
    """A request as every vendor means it."""
    return ChatRequest(
        model="claude-sonnet-4-5",
        messages=(
            Message(Role.SYSTEM, (Text("You are brief."),)),
            Message(Role.USER, (Text("What is the weather in Paris?"),)),
        ),
        tools=(Tool(name="weather", parameters={"type": "object", "properties": {"city": {"type": "string"}}}),),
        sampling=Sampling(temperature=0.2, seed=7),
        max_output_tokens=200,
    )


def count_and_price(request: ChatRequest) -> None:
    """Count and price it before it is sent; `domain` needs neither a key nor the network for it."""
    tokens = estimate_tokens(request, "anthropic")
    most_usd = cost_usd(Usage(prompt_tokens=tokens, completion_tokens=request.max_output_tokens), PRICE)
    print(f"about {tokens} tokens in, and at most ${most_usd:.6f} for all")


def translate(request: ChatRequest) -> None:
    """Write it for three vendors, and say what each cannot be told."""
    for dialect, provider, family, model in (
        (OpenAIChat(), "openai", "openai", "gpt-4.1"),
        (AnthropicMessages(), "anthropic", "anthropic", "claude-sonnet-4-5"),
        (Gemini(), "gemini", "google", "gemini-2.5-flash"),
    ):
        target = Target(provider=provider, family=family, model=model, profile=profile_for(provider, model))
        rendered = dialect.render_request(request, target)
        print(f"{dialect.name}: {json.dumps(rendered.body)[:100]}…")
        for loss in rendered.losses:
            print(f"  lost: {loss.code} {loss.where}")


def read(body: bytes) -> ChatRequest:
    """Read what a client of Chat Completions wrote. Raises MalformedRequest with the path of a mistake."""
    return OpenAIChat().parse_request(json.loads(body))


if __name__ == "__main__":
    built = build()
    count_and_price(built)
    translate(built)
    translate(read(b'{"model": "m", "messages": [{"role": "user", "content": "Hello"}], "seed": 1}'))
