"""A batch that the gateway keeps and works off by itself, and the order of its states."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from domain.batch.line import LineShape


class JobStatus(StrEnum):
    """How far a batch is; the words are OpenAI's."""

    VALIDATING = "validating"
    IN_PROGRESS = "in_progress"
    FINALIZING = "finalizing"
    COMPLETED = "completed"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"


_S = JobStatus

UNFINISHED: Final = frozenset({_S.VALIDATING, _S.IN_PROGRESS, _S.FINALIZING, _S.CANCELLING})
"""States in which somebody still works on the batch."""

COMES_AFTER: Final[Mapping[JobStatus, frozenset[JobStatus]]] = MappingProxyType(
    {
        _S.VALIDATING: frozenset(),
        _S.IN_PROGRESS: frozenset({_S.VALIDATING}),
        _S.FINALIZING: frozenset({_S.IN_PROGRESS}),
        _S.COMPLETED: frozenset({_S.FINALIZING}),
        _S.EXPIRED: frozenset({_S.FINALIZING}),
        _S.FAILED: frozenset({_S.VALIDATING, _S.IN_PROGRESS, _S.FINALIZING}),
        _S.CANCELLING: frozenset({_S.VALIDATING, _S.IN_PROGRESS}),
        _S.CANCELLED: frozenset({_S.CANCELLING}),
    }
)
"""By state, those that a batch may be in just before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobMistake:
    """Why a batch cannot be run. `line` counts from 1; None = it is about the file as a whole."""

    code: str
    message: str
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobCounts:
    """How many requests a batch has, and what became of them; `unasked` ones never will be."""

    total: int = 0
    succeeded: int = 0
    failed: int = 0
    unasked: int = 0

    @property
    def left(self) -> int:
        """Those of which nothing became yet."""
        return self.total - self.succeeded - self.failed - self.unasked


@dataclass(frozen=True, slots=True, kw_only=True)
class JobUsage:
    """The tokens that answers took; `cached_tokens` are part of the prompts, `reasoning_tokens` of the answers."""

    prompt_tokens: int = 0
    cached_tokens: int = 0
    answer_tokens: int = 0
    reasoning_tokens: int = 0

    def __add__(self, other: "JobUsage") -> "JobUsage":
        return JobUsage(
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            answer_tokens=self.answer_tokens + other.answer_tokens,
            reasoning_tokens=self.reasoning_tokens + other.reasoning_tokens,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFile:
    """A file that the gateway keeps until it is deleted. `name` is what its owner calls it, and never a path."""

    id: str
    purpose: str
    name: str
    size_bytes: int
    created_unix_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchJob:
    """A batch and how far it is.

    shape:     of its lines: OPENAI or ANTHROPIC.
    path:      of the route that answers all of its lines.
    reached:   when each state was reached, in seconds since 1970.
    output_file_id, error_file_id: the results; None = not yet, or there are none.
    usage:     of all answers that say what they took; None = not yet, or none does.
    """

    id: str
    shape: LineShape
    path: str
    input_file_id: str
    created_unix_s: int
    expires_unix_s: int
    metadata: Mapping[str, str] | None = None
    status: JobStatus = JobStatus.VALIDATING
    reached: Mapping[JobStatus, int] = field(default_factory=lambda: MappingProxyType({}))
    counts: JobCounts = field(default_factory=JobCounts)
    mistakes: tuple[JobMistake, ...] = ()
    output_file_id: str | None = None
    error_file_id: str | None = None
    usage: JobUsage | None = None


def output_id(job_id: str) -> str:
    """The id of the file with a batch's results; the same whenever one asks, so that a crash doubles nothing."""
    return _file_id(job_id, "output")


def errors_id(job_id: str) -> str:
    """The same for the file with the results that are errors."""
    return _file_id(job_id, "errors")


def _file_id(job_id: str, role: str) -> str:
    return f"file-{hashlib.blake2b(f'{job_id}/{role}'.encode(), digest_size=16).hexdigest()}"
