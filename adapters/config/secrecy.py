"""What must not be printed: which names hold secrets, and how their values are masked."""

import itertools
import re
from collections.abc import Iterable
from typing import Final

from domain.secret import MASK

_WORD: Final = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")
_ANYWHERE: Final = frozenset(
    {"secret", "secrets", "password", "passwd", "passphrase", "authorization", "credential", "credentials"}
    | {"cookie", "apikey", "apikeys", "webhook", "bearer", "token"}
)
_AT_THE_END: Final = frozenset(
    {"key", "keys", "auth", "jwt", "pwd", "pass", "pat", "license", "dsn", "signature", "sig", "salt"}
)
_BEFORE_KEY: Final = frozenset({"api", "access", "private", "master", "subscription", "account", "signing"})
_RUN_TOGETHER: Final = ("apikey", "password", "secret", "token")
_TOKENS_OF_TEXT: Final = frozenset({"cost", "per"})
_LOOKS_LIKE_A_KEY: Final = re.compile(
    r"\b(?:sk|pk|rk|gsk|xai|pplx|csk|nvapi|fw|hf|r8|ghp|glpat|xox[abp])[-_][A-Za-z0-9_\-]{6,}"
    r"|\bAIza[A-Za-z0-9_\-]{10,}|\bAKIA[A-Z0-9]{8,}|\beyJ[A-Za-z0-9_\-]{8,}[A-Za-z0-9_.\-]*"
    r"|(?<=Bearer )\S+|(?<=Basic )\S+"
)
_USERINFO: Final = re.compile(r"(?<=://)\S*(?=@)")
_QUERY: Final = re.compile(r"(?<=[?&])([^=&\s]+)=([^&#\s]*)")
_SHORTEST: Final = 8


def holds_secret(name: str) -> bool:
    """Whether a key, header or variable of this name is taken to hold a secret.

    Errs on the side of yes; token counts and prices (`max_tokens`, `input_cost_per_token`) are no.
    """
    found: list[str] = _WORD.findall(name)
    words = [word.lower().rstrip("0123456789") for word in found if not word.isdigit()]
    if not words or _TOKENS_OF_TEXT.intersection(words):
        return False
    if words[-1] in _AT_THE_END or _ANYWHERE.intersection(words):
        return True
    if any(word in _BEFORE_KEY and after == "key" for word, after in itertools.pairwise(words)):
        return True
    return words[-1].endswith(_RUN_TOGETHER)


class Masker:
    """Masks texts that hold a secret: known ones of eight characters or more, and what has a key's shape."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = sorted({text for text in secrets if len(text) >= _SHORTEST}, key=lambda text: (-len(text), text))
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def mask(self, text: str) -> str:
        """The text with every secret in it masked; user names and passwords of URLs too."""
        if self._known is not None:
            text = self._known.sub(MASK, text)
        text = _USERINFO.sub(MASK, text)
        text = _QUERY.sub(lambda found: f"{found[1]}={MASK if holds_secret(found[1]) else found[2]}", text)
        return _LOOKS_LIKE_A_KEY.sub(MASK, text)
