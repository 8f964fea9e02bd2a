"""The short way of a streamed answer's bytes to its client."""

from collections.abc import Callable
from typing import TypeAlias

Passage: TypeAlias = Callable[[bytes], bool]
"""Whole frames of the client's dialect that tell nothing → whether they went to the client.

To be asked only while the next piece of the answer is waited for: then all that came before has been written.
Where they did not go (the client reads too slowly, or its server cannot say), they must come as a piece.
"""
