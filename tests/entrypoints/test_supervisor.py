"""A supervisor over workers that serve nobody: what it does when they fail."""

import os
import re
import selectors
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
import pytest

from adapters.observability.families import Family, Type, decode_snapshot, encode_snapshot
from adapters.observability.totals import add_up
from entrypoints.supervisor_tally import Tally
from entrypoints.workers import FIRST_WAIT_S, LONGEST_WAIT_S, Channel, State, Worker, how_it_ended, patience_s
from entrypoints.workers_messages import Count, Counted, Inbox, Totals, decode_from_supervisor

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="workers are forked")

ROOT = Path(__file__).parents[2]
PROGRAM = """
import logging, os, signal, sys
from adapters.observability.system_clock import SystemClock
from entrypoints import supervisor, workers
from entrypoints.listening import CannotServe, listen_for_workers
from entrypoints.workers_messages import Serving, encode_message

def serve(listener, end):
    end.sendall(encode_message(Serving()))
    end.recv(1)

def ignore(listener, end):
    serve(listener, end)
    while True:
        signal.pause()

def fail(listener, end):
    raise RuntimeError("no")

def run(work, reload=None, on_up=lambda: print("up", flush=True)):
    settings = supervisor.Supervision(reload=reload, on_up=on_up, drain_timeout_s=0)
    ours = supervisor.Supervisor(work, listen_for_workers("127.0.0.1", 0, 2), settings, SystemClock())
    ours.run()
    print("restarts", ours._tally.restarts, "failures", *(slot.failures for slot in ours._slots))

logging.basicConfig(level="INFO", stream=sys.stdout, format="%(message)s")
supervisor.DRAIN_MARGIN_S = supervisor.LAST_WORDS_S = 0.0
supervisor.KILL_MARGIN_S = workers.FIRST_WAIT_S = 0.1
"""


@contextmanager
def supervised(program: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", PROGRAM + program],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=10)


def read_until(process: subprocess.Popen[str], words: str) -> str:
    """What it prints up to the line with `words`."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if words in line:
            return "".join(lines)
    raise AssertionError("".join(lines))


def pid_before(process: subprocess.Popen[str], word: str) -> int:
    """Which process the next line with `word` is about."""
    found = re.search(rf"(\d+) {word}$", read_until(process, f" {word}"), re.MULTILINE)
    assert found is not None
    return int(found[1])


def test_it_gives_up_where_no_worker_ever_served() -> None:
    with supervised("try: run(fail)\nexcept CannotServe as failure: print('gave up:', failure)") as process:
        told = read_until(process, "gave up")
        assert process.wait(10) == 0
    assert "no worker came up: the last one ended with status 1" in told
    assert "RuntimeError: no" in told


def test_a_worker_that_never_serves_is_killed() -> None:
    program = """
supervisor.START_TIMEOUT_S = 0.05
try: run(lambda *_: signal.pause())
except CannotServe as failure: print('gave up:', failure)
"""
    with supervised(program) as process:
        told = read_until(process, "gave up")
        assert process.wait(10) == 0
    assert "does not serve after" in told
    assert "the last one was killed by SIGKILL" in told


def test_a_configuration_whose_workers_fail_is_taken_back() -> None:
    with supervised("run(serve, reload=lambda: fail)") as process:
        read_until(process, "up")
        process.send_signal(signal.SIGHUP)
        told = read_until(process, "stays in force")
        assert "RuntimeError: no" in told
        process.send_signal(signal.SIGTERM)
        assert process.stdout is not None
        told = process.stdout.read()
        assert told.count("ended with status 0") == 2
        assert "restarts 0 failures 0 0" in told
        assert process.wait(10) == 0


def test_no_worker_serves_with_a_configuration_that_was_taken_back() -> None:
    program = """
def candidate(listener, end):
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    os.write(1, b"candidate %d waits\\n" % os.getpid())
    signal.sigwait({signal.SIGUSR1})
    serve(listener, end)

run(serve, reload=lambda: candidate)
"""
    with supervised(program) as process:
        second = max(pid_before(process, "serves") for _ in range(2))
        process.send_signal(signal.SIGHUP)
        first_candidate = pid_before(process, "waits")
        os.kill(second, signal.SIGKILL)
        second_candidate = pid_before(process, "waits")
        os.kill(first_candidate, signal.SIGKILL)
        read_until(process, "stays in force")
        with suppress(ProcessLookupError):
            os.kill(second_candidate, signal.SIGUSR1)
        assert pid_before(process, "serves") != second_candidate
        process.send_signal(signal.SIGTERM)
        assert "restarts 1 " in read_until(process, "restarts")
        assert process.wait(10) == 0


def test_a_defect_in_a_reload_changes_nothing() -> None:
    with supervised("run(serve, reload=lambda: {}['a defect'])") as process:
        read_until(process, "up")
        process.send_signal(signal.SIGHUP)
        assert "stays in force" in read_until(process, "KeyError: 'a defect'")
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def test_a_reload_in_the_middle_of_one_comes_after_it() -> None:
    with supervised("run(serve, reload=lambda: lambda *ends: serve(*ends))") as process:
        read_until(process, "up")
        process.send_signal(signal.SIGHUP)
        read_until(process, "taken over")
        process.send_signal(signal.SIGHUP)
        read_until(process, "all workers are replaced")
        read_until(process, "all workers are replaced")
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def test_a_worker_that_does_not_end_is_killed() -> None:
    with supervised("run(ignore)") as process:
        read_until(process, "up")
        process.send_signal(signal.SIGTERM)
        assert "was killed by SIGKILL" in read_until(process, "was killed by")
        assert process.wait(10) == 0


def test_a_system_without_room_for_a_process_is_waited_for() -> None:
    program = """
real, tries = os.fork, []
def fork():
    tries.append(1)
    if len(tries) < 5:
        raise BlockingIOError(11, "Resource temporarily unavailable")
    return real()
os.fork = fork
run(serve)
"""
    with supervised(program) as process:
        assert read_until(process, "up").count("cannot start a worker: Resource temporarily unavailable") == 4
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def test_patience_grows_and_is_bounded() -> None:
    waits = [patience_s(failures) for failures in range(40)]
    assert waits[:4] == [0, 0, FIRST_WAIT_S, 2 * FIRST_WAIT_S]
    assert waits == sorted(waits)
    assert waits[-1] == LONGEST_WAIT_S


@pytest.mark.parametrize(
    ("status", "words"),
    [(0, "ended with status 0"), (3 << 8, "ended with status 3"), (9, "was killed by SIGKILL")],
)
def test_an_end_is_told_in_words(status: int, words: str) -> None:
    assert how_it_ended(status) == words


class Crew:
    """Workers whose other end is in the test's hands."""

    def __init__(self, number: int) -> None:
        self.selector = selectors.DefaultSelector()
        self.ends: list[socket.socket] = []
        self.channels: list[Channel] = []
        self.workers: list[Worker] = []
        self.tally = Tally(lambda: self.workers)
        for pid in range(number):
            ours, its = socket.socketpair()
            its.settimeout(5)
            channel = Channel(ours, self.selector, lambda: None)
            self.ends.append(its)
            self.channels.append(channel)
            self.workers.append(
                Worker(pid=pid, work=lambda *_: None, channel=channel, state=State.SERVING, counted=snapshot(1))
            )

    def heard(self, number: int) -> list[object]:
        """What the supervisor told a worker."""
        return [decode_from_supervisor(body) for body in Inbox().feed(self.ends[number].recv(1 << 16))]

    def close(self) -> None:
        for channel, end in zip(self.channels, self.ends, strict=True):
            channel.close()
            end.close()
        self.selector.close()


@pytest.fixture
def crew() -> Iterator[Crew]:
    crew = Crew(3)
    yield crew
    crew.close()


def snapshot(value: float) -> bytes:
    counter = Family(name="c", type=Type.COUNTER, documentation="")
    counter.add((), value)
    return encode_snapshot((counter,))


def total(message: object) -> float:
    assert isinstance(message, Totals)
    (family,) = add_up(decode_snapshot(bytes(told)) for told in message.snapshots)
    return family.rows[()][0]


def test_who_scrapes_is_answered_once_all_others_have_told(crew: Crew) -> None:
    asker, one, other = crew.workers
    crew.tally.scraped(asker, 7)
    (asked,) = crew.heard(1)
    assert crew.heard(2) == [asked]
    assert isinstance(asked, Count)
    crew.tally.counted(one, Counted(msgspec.Raw(snapshot(5)), asked.asked))
    crew.tally.counted(other, Counted(msgspec.Raw(snapshot(1))))  # of its own accord: it may be older
    crew.tally.counted(other, Counted(msgspec.Raw(snapshot(10)), asked.asked))
    (answer,) = crew.heard(0)
    assert isinstance(answer, Totals)
    assert (answer.number, answer.serving, total(answer)) == (7, 3, 15)


def test_who_is_silent_counts_as_last_told_and_who_is_gone_for_ever(crew: Crew) -> None:
    asker, one, _ = crew.workers
    scrape = crew.tally.scraped(asker, 1)
    crew.workers.remove(one)
    one.channel.close()
    crew.tally.gone(one, 2.5)
    crew.tally.answer(scrape)
    crew.tally.answer(scrape)
    (answer,) = crew.heard(0)
    assert isinstance(answer, Totals)
    assert (total(answer), answer.gone_cpu_s, len(answer.pids)) == (2, 2.5, 3)


def test_the_only_worker_is_answered_at_once() -> None:
    crew = Crew(1)
    crew.tally.scraped(crew.workers[0], 1)
    (answer,) = crew.heard(0)
    assert isinstance(answer, Totals)
    assert answer.serving == 1
    crew.close()


def test_a_channel_holds_what_a_busy_worker_does_not_take_yet(crew: Crew) -> None:
    worker, end = crew.workers[0], crew.ends[0]
    message = Totals(
        number=1, snapshots=(msgspec.Raw(snapshot(1)),) * 50_000, pids=(), gone_cpu_s=0, serving=1, restarts=0
    )
    worker.channel.send(message)
    inbox = Inbox()
    while not (heard := list(inbox.feed(end.recv(1 << 16)))):
        worker.channel.flush()
    assert decode_from_supervisor(heard[0]) == message
