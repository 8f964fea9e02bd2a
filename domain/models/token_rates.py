"""What each vendor's models count, as data: fitted to recorded requests and the tokens their vendors counted.

Text is counted by the shapes of its words; everything else costs what its structure takes to write. The newest
generation of each vendor stands last and is what ids that are not known are taken for (2026-11).
"""

import re
from dataclasses import dataclass, replace
from typing import Final

from domain.chat.content import Family
from domain.models.media_tokens import Area, Flat, MediaRates, Tiles
from domain.models.text_tokens import TextRates


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRates:
    """The tokens of one model's requests.

    density:   how much finer its vocabulary cuts than the one `text` was fitted to.
    request, message, call, result: each of these. tools: that there are tools at all, `chat_tools` more where they
               are offered through Chat Completions. tool: each of them. property, keyword: of a schema's, each.
    forced_call: that a tool must be called. answer_schema: that the answer must follow a schema.
    reads_answer_schema: the schema itself stands in the prompt.
    thinking, adaptive_thinking: that it thinks, within a budget or as it likes.
    reads_thoughts: earlier thoughts are read as text. forgets_thoughts: only those since the last user message.
    sealed_character: each character of an earlier thought's seal, beyond the first `sealed_envelope`.
    """

    text: TextRates
    media: MediaRates
    density: float = 1.0
    request: float = 0.0
    message: float = 0.0
    call: float = 0.0
    result: float = 0.0
    tools: float = 0.0
    chat_tools: float = 0.0
    tool: float = 0.0
    property: float = 0.0
    keyword: float = 0.0
    forced_call: float = 0.0
    answer_schema: float = 0.0
    reads_answer_schema: bool = True
    thinking: float = 0.0
    adaptive_thinking: float = 0.0
    reads_thoughts: bool = False
    forgets_thoughts: bool = False
    sealed_character: float = 0.0
    sealed_envelope: int = 0


@dataclass(frozen=True, slots=True)
class _Models:
    """The models whose id `pattern` matches from its beginning count by `rates`."""

    pattern: re.Pattern[str]
    rates: TokenRates


def rates_for(family: Family, model: str) -> TokenRates:
    """How `model` of `family` counts; families that are not known count like OpenAI's older models."""
    name = model.removeprefix("models/")
    for models in _BY_FAMILY.get(family, ()):
        if models.pattern.match(name):
            return models.rates
    return _NEWEST.get(family, _GPT)


_O200K: Final = TextRates(
    word=1.0,
    long=0.1,
    hump=0.8,
    capitals=0.2,
    number=0.95,
    digit=0.1,
    punctuation=0.87,
    mark=0.0,
    line=1.0,
    indent=0.3,
    accent=0.35,
    letter=0.32,
    ideograph=0.75,
    symbol=1.3,
    pictograph=2.2,
)
_CLAUDE: Final = TextRates(
    word=1.04,
    long=0.36,
    hump=1.2,
    capitals=0.35,
    number=1.1,
    digit=0.2,
    punctuation=1.15,
    mark=0.0,
    line=0.85,
    indent=0.3,
    accent=0.7,
    letter=0.55,
    ideograph=1.1,
    symbol=1.6,
    pictograph=3.0,
)
_GEMMA: Final = TextRates(
    word=1.02,
    long=0.05,
    hump=0.7,
    capitals=0.2,
    number=0.3,
    digit=0.95,
    punctuation=0.87,
    mark=0.0,
    line=1.2,
    indent=0.7,
    accent=0.4,
    letter=0.32,
    ideograph=0.65,
    symbol=1.3,
    pictograph=1.6,
)

_GPT: Final = TokenRates(
    text=_O200K,
    media=MediaRates(picture=Tiles(base=85, per_tile=170, low=85), page=220, second=10),
    request=3.4,
    message=4.0,
    result=8.3,
    tools=11.7,
    property=5.6,
    keyword=2.0,
    forced_call=4.5,
    answer_schema=16.7,
)
_GPT_MINI: Final = replace(
    _GPT, media=MediaRates(picture=Tiles(base=2833, per_tile=5667, low=2833), page=220, second=10)
)
_GPT_REASONING: Final = replace(
    _GPT,
    media=MediaRates(picture=Tiles(base=70, per_tile=140, low=70), page=220, second=10),
    request=1.4,
    message=4.8,
    result=9.4,
    tools=16.0,
    chat_tools=78.0,
    tool=3.5,
    keyword=0.7,
    forced_call=0.0,
    answer_schema=17.2,
    forgets_thoughts=True,
    sealed_character=0.13,
    sealed_envelope=800,
)


def _patches(factor: float) -> MediaRates:
    """Pictures cut into squares of 32 pixels, each `factor` tokens."""
    return MediaRates(picture=Area(pixels=32 * 32 / factor, most=1536 * factor), page=220, second=10)


_CLAUDE_3: Final = TokenRates(
    text=_CLAUDE,
    media=MediaRates(picture=Area(pixels=750, most=1600), page=1600, second=0),
    request=6.0,
    message=1.0,
    result=50.0,
    tools=310.0,
    tool=26.0,
    property=2.0,
    keyword=2.0,
    forced_call=60.0,
    answer_schema=98.0,
    thinking=28.0,
    reads_thoughts=True,
    forgets_thoughts=True,
)
_CLAUDE_4_5: Final = replace(
    _CLAUDE_3,
    request=5.5,
    message=1.5,
    result=54.0,
    tools=485.0,
    tool=13.0,
    property=11.0,
    keyword=10.0,
    forced_call=75.0,
    adaptive_thinking=17.0,
)
_CLAUDE_5: Final = replace(
    _CLAUDE_4_5,
    density=1.25,
    media=MediaRates(picture=Area(pixels=750, most=4800), page=2200, second=0),
    request=3.0,
    message=2.0,
    tools=430.0,
    adaptive_thinking=0.0,
    forgets_thoughts=False,
)

_GEMINI_2: Final = TokenRates(
    text=_GEMMA,
    media=MediaRates(
        picture=Tiles(base=0, per_tile=258, side=768, longest=3072, shortest=3072), page=258, second=25
    ),
    request=0.3,
    tools=0.5,
    reads_answer_schema=False,
)
_GEMINI_2_5: Final = replace(
    _GEMINI_2,
    media=MediaRates(picture=Flat(tokens=258), page=258, second=32),
    request=0.5,
    message=0.8,
    call=14.0,
    tools=2.5,
    tool=13.5,
    property=11.0,
    keyword=0.6,
    reads_thoughts=True,
)
_GEMINI_3: Final = replace(
    _GEMINI_2_5,
    media=MediaRates(picture=Flat(tokens=1_090), page=532, second=25),
    request=0.0,
    message=1.2,
    call=0.0,
    result=9.0,
    tools=0.0,
    tool=11.0,
    property=19.0,
    keyword=1.4,
    sealed_character=0.15,
)


def _models(pattern: str, rates: TokenRates) -> _Models:
    return _Models(re.compile(pattern), rates)


_BY_FAMILY: Final[dict[Family, tuple[_Models, ...]]] = {
    "openai": (
        _models(r"o4-mini", replace(_GPT_REASONING, media=_patches(1.72))),
        _models(r"gpt-5-mini", replace(_GPT_REASONING, media=_patches(1.2))),
        _models(r"gpt-5-nano", replace(_GPT_REASONING, media=_patches(1.5))),
        _models(r"gpt-5(\.[0-3])?($|-)|o\d", _GPT_REASONING),
        _models(r"gpt-4\.1-mini", replace(_GPT, media=_patches(1.62))),
        _models(r"gpt-4\.1-nano", replace(_GPT, media=_patches(2.46))),
        _models(r"gpt-4o-mini", _GPT_MINI),
        _models(r"gpt-[34]|gpt-35|chatgpt|ft:|davinci|babbage|gpt-audio|gpt-realtime", _GPT),
    ),
    "anthropic": (
        _models(r"claude-(instant|[123]|(opus|sonnet)-4(-[01])?($|-(20|latest)))", _CLAUDE_3),
        _models(r"claude-((opus|sonnet|haiku)-4-[56]|haiku-4|4-[56])", _CLAUDE_4_5),
    ),
    "google": (
        _models(r"gemma|learnlm|gemini-(1|2\.0|exp|pro$)", _GEMINI_2),
        _models(r"gemini-2", _GEMINI_2_5),
    ),
}
_NEWEST: Final[dict[Family, TokenRates]] = {
    "openai": replace(_GPT_REASONING, media=_patches(1.0)),
    "anthropic": _CLAUDE_5,
    "google": _GEMINI_3,
}
