"""Words that both sides of the dialect share, and where leftovers stand.

Rendering a request is the inverse of parsing it. What the canonical values have no word for stands under
`ext[FAMILY]`, always at its own level, and is laid over what is rendered there:

- the request's: top-level members, those of `text` and `reasoning` nested under these names (`reasoning.summary`
  as the word that was given, beside `ReasoningSettings.visible`), and a `tool_choice` or `include` that says more
  than the canonical form. Members that Chat Completions knows too stand under `ext[OPENAI]`, as that dialect
  leaves them.
- a system, developer or user message's: members of its item (`type`, `id`, `status`).
- an assistant's run of items is one Message. Its texts and refusals hold members of their content part, and the
  first of each message item the members of the item (`type`, `id`, `status`, `phase`) under ITEM, which is there
  even where it is empty. A content list of one text that says nothing more is written as a string.
- a call's, a result's, a thought's: members of their items; a result of a custom tool its `type`, a thought its
  `summary` or `content` as they were where its one text does not tell them exactly.
- items that have no counterpart are OpaqueParts of FAMILY: `kind` is the item's type, `raw` the item.
- a citation's: its annotation's members, see `citations`.
- `Tool.grammar` has the shape of Chat Completions: `{"type": "grammar", "grammar": {…}}`.
"""

from typing import Final

NAME: Final = "openai_responses"
FAMILY: Final = "openai_responses"
"""The family of leftovers that only this format knows."""

OPENAI: Final = "openai"
"""The family of OpenAI's signatures and files, and of leftovers that Chat Completions knows too."""

ITEM: Final = "item"
"""The leftover member that holds the members of the message item which a content part begins."""

TOOL_ERROR: Final = "[tool error] "
"""What a result that is an error begins with: the wire has no flag for it."""
