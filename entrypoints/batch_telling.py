"""Words for whoever started a batch, who may have left meanwhile: the batch goes on, and ends as it would."""

import os
import sys
from pathlib import Path
from typing import TextIO


def tell(stream: TextIO, text: str) -> None:
    """Write `text`, if anybody still reads `stream`: where its pipe or terminal is gone, nothing is said."""
    try:
        stream.write(text)
        stream.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())  # else Python tries once more at exit, and changes the exit status
        os.close(nowhere)


def replace_closed_streams() -> None:
    """Have a standard output and error, where they were closed by who started this process."""
    if sys.stdout is None:
        sys.stdout = _nowhere()
    if sys.stderr is None:
        sys.stderr = _nowhere()


def _nowhere() -> TextIO:
    return Path(os.devnull).open("w", encoding="utf-8")
