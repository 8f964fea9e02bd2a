"""Whether bytes are UTF-8, without more memory than a block takes."""

import codecs
from typing import Final

_BLOCK_BYTES: Final = 64 * 1024
_Decoder: Final = codecs.getincrementaldecoder("utf-8")


def check_utf8(text: bytes) -> None:
    """Raises UnicodeDecodeError, whose `start` is the position of the first byte that is wrong."""
    if len(text) <= _BLOCK_BYTES:
        text.decode()
        return
    decoder, view = _Decoder(), memoryview(text)
    for start in range(0, len(text), _BLOCK_BYTES):
        block = view[start : start + _BLOCK_BYTES]
        waiting = len(decoder.getstate()[0])
        try:
            decoder.decode(block, final=start + len(block) == len(text))
        except UnicodeDecodeError as refused:
            refused.start += start - waiting
            raise
