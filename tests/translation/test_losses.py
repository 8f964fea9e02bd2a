"""Warnings are exactly the losses: of a field of a request that an upstream is not told, and of no other."""

from typing import Final

from tests.translation.auditing import audited, needless, unnamed
from tests.translation.requests_across import Crossing, crossings, each_pair, holds_for

TOLD_OTHERWISE: Final = frozenset({"arguments_not_object", "prefill_not_continued", "wrapped_arguments"})
"""Warnings of what arrives as it was written and yet means less there: a last word of the assistant's that is not
continued, and a text in place of arguments, which travels in an object of the gateway's own."""


@each_pair
def test_what_leaves_no_trace_is_named_and_what_comes_back_is_not(client: str, upstream: str) -> None:
    @holds_for(crossings(upstream, client=client), examples=12)
    def holds(crossing: Crossing) -> None:
        audit = tuple(audited(crossing.route, crossing.body))
        found = unnamed(crossing.route, audit) + needless(crossing.route, audit, exempt=TOLD_OTHERWISE)
        assert not found, "\n".join(found)

    holds()
