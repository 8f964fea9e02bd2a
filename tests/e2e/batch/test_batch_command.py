"""What `feathergate batch` does, as its user sees it."""

import gzip
import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.batch.batch_process import run_batch, start_batch, succeeded, whole_lines
from tests.e2e.batch.failing_fleet import FailingFleet
from tests.e2e.batch.mixed_lines import anthropic, bare, chat, custom_id, mixed, write_lines
from tests.e2e.gateway import BY_SIGNAL, ROOT, command
from tests.e2e.scripted_upstream import running_upstream

ECHO = json.dumps(
    {
        "model_list": [
            {"model_name": "echo", "litellm_params": {"model": "echo/echo"}},
            {
                "model_name": "dear",
                "litellm_params": {
                    "model": "echo/echo",
                    "input_cost_per_token": 0.001,
                    "output_cost_per_token": 0.001,
                },
            },
        ]
    }
)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "gateway.yaml"
    path.write_text(ECHO, encoding="utf-8")
    return path


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "results.jsonl"


@pytest.fixture
def fleet() -> Iterator[FailingFleet]:
    with running_upstream() as upstream:
        yield FailingFleet(upstream, share=0.0)


def echoes(count: int, model: str = "echo") -> list[dict[str, Any]]:
    return [chat(custom_id(number), model) for number in range(1, count + 1)]


def failing(ident: str) -> dict[str, Any]:
    """What the model in the gateway fails at, and nobody tries again."""
    return _told(ident, "/error 400")


def slow(ident: str, pause: str) -> dict[str, Any]:
    return _told(ident, f"/slow {pause}")


def _told(ident: str, words: str, **members: Any) -> dict[str, Any]:
    line = chat(ident, "echo")
    line["body"]["messages"][0]["content"] = f"{words}\none two three"
    return line


def ids(path: Path) -> Counter[str]:
    return Counter(str(result["custom_id"]) for result in whole_lines(path))


def test_every_kind_of_line_is_answered_in_its_own_shape(
    tmp_path: Path, output: Path, fleet: FailingFleet
) -> None:
    requests = write_lines(tmp_path / "requests.jsonl", mixed(70))
    config = tmp_path / "gateway.yaml"
    config.write_text(fleet.configuration(), encoding="utf-8")
    done = run_batch(requests, "-o", output, "-c", config, environment={"RUN": "0"})
    assert (done.returncode, done.stderr) == (0, "")
    results = {result["custom_id"]: result for result in whole_lines(output)}
    assert len(results) == 70
    assert all(map(succeeded, results.values()))
    for number, line in enumerate(mixed(70), 1):
        result = results[custom_id(number)]
        assert ("result" in result) == ("params" in line)
    assert "succeeded" in done.stdout
    assert "latency p99" in done.stdout


@pytest.mark.parametrize("packed", [False, True])
def test_standard_input_and_gzip_are_read(packed: bool, tmp_path: Path, output: Path, config: Path) -> None:
    text = "".join(json.dumps(line) + "\n" for line in echoes(3))
    source = "-"
    if packed:
        source = str(tmp_path / "requests.jsonl.gz")
        Path(source).write_bytes(gzip.compress(text.encode()))
    done = run_batch(source, "-o", output, "-c", config, text="" if packed else text)
    assert done.returncode == 0, done.stderr
    assert set(ids(output)) == {custom_id(number) for number in (1, 2, 3)}


def test_what_is_there_is_left_alone_unless_told(tmp_path: Path, output: Path, config: Path) -> None:
    requests = write_lines(tmp_path / "requests.jsonl", echoes(2))
    output.write_text("something\n", encoding="utf-8")
    done = run_batch(requests, "-o", output, "-c", config)
    assert done.returncode == 2
    assert "--resume" in done.stderr
    assert output.read_text("utf-8") == "something\n"


def test_another_input_is_not_resumed(tmp_path: Path, output: Path, config: Path) -> None:
    requests = write_lines(tmp_path / "requests.jsonl", echoes(2))
    assert run_batch(requests, "-o", output, "-c", config).returncode == 0
    write_lines(requests, echoes(3))
    done = run_batch(requests, "-o", output, "-c", config, "--resume")
    assert done.returncode == 2
    assert str(requests) in done.stderr


def test_mistaken_lines_are_told_before_anything_is_sent(tmp_path: Path, output: Path, config: Path) -> None:
    requests = write_lines(tmp_path / "requests.jsonl", [*echoes(2), *echoes(1)])
    with requests.open("a", encoding="utf-8") as file:
        file.write("{oops\n")
    done = run_batch(requests, "-o", output, "-c", config)
    assert done.returncode == 2
    assert "line 3:" in done.stderr
    assert "line 4:" in done.stderr
    assert "--skip-bad-lines" in done.stderr
    assert not output.exists()
    done = run_batch(requests, "-o", output, "-c", config, "--skip-bad-lines")
    assert done.returncode == 0, done.stderr
    assert set(ids(output).values()) == {1}
    assert len(ids(output)) == 2


@pytest.mark.parametrize("rehearsed", [False, True])
def test_nothing_but_mistaken_lines_is_not_skipped(
    rehearsed: bool, tmp_path: Path, output: Path, config: Path
) -> None:
    requests = write_lines(tmp_path / "requests.jsonl", [{"url": "/v1/chat/completions"}])
    where: list[str | Path] = ["--dry-run"] if rehearsed else ["-o", output]
    done = run_batch(requests, *where, "-c", config, "--skip-bad-lines")
    assert done.returncode == 2
    assert "line 1: custom_id:" in done.stderr
    assert "--skip-bad-lines" not in done.stderr


def test_a_dry_run_tells_and_writes_nothing(tmp_path: Path, config: Path) -> None:
    lines = [chat("a", "dear"), anthropic("b", "dear"), bare("c", "dear"), chat("d", "unknown")]
    requests = write_lines(tmp_path / "requests.jsonl", lines)
    before = {*tmp_path.iterdir()}
    done = run_batch(requests, "-c", config, "--dry-run")
    assert done.returncode == 2
    assert "line 4 (d)" in done.stderr
    assert {*tmp_path.iterdir()} == before
    write_lines(requests, lines[:3])
    done = run_batch(requests, "-c", config, "--dry-run")
    assert done.returncode == 0, done.stderr
    table = {line.split()[-2]: line.split() for line in done.stdout.splitlines()[1:-1]}
    assert set(table) == {"/v1/chat/completions", "/v1/messages"}
    assert table["/v1/chat/completions"][0] == "2"


def test_a_dry_run_names_models_whose_key_is_missing(tmp_path: Path, config: Path) -> None:
    keyless = {"model_name": "keyless", "litellm_params": {"model": "openai/gpt-4o-mini", "api_key": ""}}
    helped = {**keyless, "model_name": "helped"}
    models = [*json.loads(ECHO)["model_list"], keyless, helped]
    settings = {"fallbacks": [{"helped": ["echo"]}]}
    config.write_text(json.dumps({"model_list": models, "router_settings": settings}), encoding="utf-8")
    lines = [chat("a", "keyless"), anthropic("b", "keyless"), chat("c", "helped"), chat("d", "echo")]
    done = run_batch(write_lines(tmp_path / "requests.jsonl", lines), "-c", config, "--dry-run")
    assert done.returncode == 2
    (told,) = (line for line in done.stderr.splitlines() if not line.startswith("note:"))
    assert told.startswith("keyless: nobody would answer its 2 requests: model 'keyless' is not configured")


def test_failures_are_asked_again_when_told_and_stand_once(tmp_path: Path, output: Path, config: Path) -> None:
    requests = write_lines(tmp_path / "requests.jsonl", [*echoes(2), failing("bad")])
    done = run_batch(requests, "-o", output, "-c", config)
    assert done.returncode == 1
    assert "--retry-failed" in done.stdout
    assert "failed by" in done.stdout
    for option, asked in (("--resume", []), ("--retry-failed", [400])):
        done = run_batch(requests, "-o", output, "-c", config, option, "--log-level=info", "--log-format=json")
        assert done.returncode == 1
        logged = [json.loads(line) for line in done.stderr.splitlines()]
        assert [line["status"] for line in logged if "route" in line] == asked
        assert ids(output) == Counter(["bad", custom_id(1), custom_id(2)])


def test_failures_go_apart_where_asked(tmp_path: Path, output: Path, config: Path) -> None:
    requests = write_lines(tmp_path / "requests.jsonl", [*echoes(2), failing("bad")])
    errors = tmp_path / "failed.jsonl"
    assert run_batch(requests, "-o", output, "--errors", errors, "-c", config).returncode == 1
    assert set(ids(errors)) == {"bad"}
    assert len(ids(output)) == 2


def test_nothing_but_failures_has_a_status_of_its_own(tmp_path: Path, output: Path, config: Path) -> None:
    requests = write_lines(tmp_path / "requests.jsonl", [failing("a"), failing("b")])
    assert run_batch(requests, "-o", output, "-c", config).returncode == 3


def test_shards_are_the_whole_together(tmp_path: Path, config: Path) -> None:
    requests = write_lines(tmp_path / "requests.jsonl", echoes(10))
    found: Counter[str] = Counter()
    for index in (1, 2, 3):
        output = tmp_path / f"results.{index}.jsonl"
        done = run_batch(requests, "-o", output, "-c", config, "--shard", f"{index}/3")
        assert done.returncode == 0, done.stderr
        assert len(ids(output)) in (3, 4)
        found += ids(output)
    assert found == Counter(custom_id(number) for number in range(1, 11))


def test_a_model_may_be_asked_whatever_the_lines_say(tmp_path: Path, output: Path, config: Path) -> None:
    requests = write_lines(tmp_path / "requests.jsonl", [chat("a", "unknown"), bare("b", "unknown")])
    assert run_batch(requests, "-o", output, "-c", config, "--model", "echo").returncode == 0


def test_requests_are_logged_where_asked(tmp_path: Path, output: Path, config: Path) -> None:
    requests = write_lines(tmp_path / "requests.jsonl", echoes(3))
    logged = requests_logged(requests, "-o", output, "-c", config)
    assert [line["status"] for line in logged] == [200] * 3


def requests_logged(*arguments: str | Path) -> list[dict[str, Any]]:
    """The log's lines of requests of a batch that succeeds."""
    done = run_batch(*arguments, "--log-level=info", "--log-format=json")
    assert done.returncode == 0
    logged = [json.loads(line) for line in done.stderr.splitlines()]
    return [line for line in logged if "route" in line]


def test_a_minute_holds_no_more_than_its_limit(tmp_path: Path, output: Path, config: Path) -> None:
    """At 600 a minute the eleventh request and those after it wait for their tenth of a second."""
    requests = write_lines(tmp_path / "requests.jsonl", echoes(20))
    logged = requests_logged(requests, "-o", output, "-c", config, "--rpm", "600")
    times = sorted(datetime.fromisoformat(line["time"]) for line in logged)
    assert len(times) == 20
    assert (times[-1] - times[0]).total_seconds() > 0.9


def test_a_budget_is_never_passed_and_holds_over_all_runs(tmp_path: Path, output: Path, config: Path) -> None:
    lines = echoes(6, "dear")
    for line in lines:
        line["body"]["max_tokens"] = 40
    requests = write_lines(tmp_path / "requests.jsonl", lines)
    spent = tmp_path / "results.jsonl.spent"
    done = run_batch(requests, "-o", output, "-c", config, "--budget", "0.15")
    assert done.returncode == 4
    assert "--resume" in done.stdout
    count, usd = len(ids(output)), float(spent.read_text("utf-8"))
    assert 0 < count < 6
    assert 0 < usd <= 0.15
    done = run_batch(requests, "-o", output, "-c", config, "--budget", "0.15", "--resume")
    assert (done.returncode, len(ids(output))) == (4, count)
    done = run_batch(requests, "-o", output, "-c", config, "--budget", "2", "--resume")
    assert (done.returncode, len(ids(output))) == (0, 6)
    assert float(spent.read_text("utf-8")) == pytest.approx(usd / count * 6)


def test_a_budget_needs_prices_and_ends(tmp_path: Path, output: Path, config: Path) -> None:
    requests = write_lines(tmp_path / "requests.jsonl", [*echoes(2, "dear"), anthropic("c", "echo")])
    done = run_batch(requests, "-o", output, "-c", config, "--budget", "1")
    assert done.returncode == 2
    assert "dear: of 2 requests 2 set no limit" in done.stderr
    assert "echo: of 1 requests the price of 1 is not known" in done.stderr
    assert "input_cost_per_token" in done.stderr
    assert not whole_lines(output)


@BY_SIGNAL
@pytest.mark.parametrize("signals", [1, 2])
def test_ctrl_c_finishes_what_is_in_flight_or_nothing(
    signals: int, tmp_path: Path, output: Path, fleet: FailingFleet
) -> None:
    fleet.pause_s = 1.5 if signals == 1 else 60.0
    requests = write_lines(tmp_path / "requests.jsonl", mixed(20))
    config = tmp_path / "gateway.yaml"
    config.write_text(fleet.configuration(feathergate={}), encoding="utf-8")
    process = start_batch(requests, "-o", output, "-c", config, "--concurrency=4", environment={"RUN": "0"})
    try:
        assert fleet.wait_for(4, timeout_s=20.0)
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        assert b"stopping once 4 requests" in process.stderr.readline()
        if signals == 2:
            process.send_signal(signal.SIGINT)
        told, _ = process.communicate(timeout=20.0)
    finally:
        process.kill()
    assert process.returncode == 4
    assert len(whole_lines(output)) == (4 if signals == 1 else 0)
    assert len(fleet.calls) == 4
    left = "16 requests are left, from line 5 on" if signals == 1 else "20 requests are left"
    assert f"{left}: give the same command with --resume" in told.decode()


@BY_SIGNAL
@pytest.mark.parametrize("ignored", [False, True])
def test_a_terminal_that_goes_stops_it_gently_but_under_nohup(
    ignored: bool, tmp_path: Path, output: Path, fleet: FailingFleet
) -> None:
    fleet.pause_s = 1.0
    requests = write_lines(tmp_path / "requests.jsonl", mixed(8))
    config = tmp_path / "gateway.yaml"
    config.write_text(fleet.configuration(feathergate={}), encoding="utf-8")
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN if ignored else signal.SIG_DFL)
    try:
        process = start_batch(requests, "-o", output, "-c", config, "--concurrency=4", environment={"RUN": "0"})
    finally:
        signal.signal(signal.SIGHUP, before)
    try:
        assert fleet.wait_for(4, timeout_s=20.0)
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGHUP)
        process.communicate(timeout=20.0)
    finally:
        process.kill()
    assert (process.returncode, len(ids(output))) == ((0, 8) if ignored else (4, 4))


@pytest.mark.parametrize("streams", [">&-", "2>&-", ">&- 2>&-", "| :", "2>&1 | :"])
def test_it_ends_as_it_would_when_nobody_listens(streams: str, tmp_path: Path, output: Path, config: Path) -> None:
    requests = write_lines(tmp_path / "requests.jsonl", [*echoes(3), failing("bad")])
    batch = shlex.join(command("batch", str(requests), "-o", str(output), "-c", str(config)))
    ended = tmp_path / "ended"
    script = f"{{ {batch}; echo $? >{shlex.quote(str(ended))}; }} {streams}"
    if "-" in streams:
        script = f"{batch} {streams}; echo $? >{shlex.quote(str(ended))}"
    done = subprocess.run(["sh", "-c", script], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert ended.read_text("utf-8") == "1\n"
    assert "Traceback" not in done.stderr
    assert len(ids(output)) == 4


@BY_SIGNAL
def test_a_disk_that_is_full_ends_it_and_nothing_is_lost(tmp_path: Path, output: Path, config: Path) -> None:
    requests = write_lines(tmp_path / "requests.jsonl", echoes(300))
    batch = command("batch", str(requests), "-o", str(output), "-c", str(config))
    limited = f"""
import os, resource
resource.setrlimit(resource.RLIMIT_FSIZE, (65_536, 65_536))
os.execv({sys.executable!r}, {batch!r})
"""
    done = subprocess.run([sys.executable, "-c", limited], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 5, done.stderr
    assert "Traceback" not in done.stderr
    assert re.search(rf"ended early: .*{re.escape(str(output))}", done.stdout)
    assert "--resume" in done.stdout
    kept = len(ids(output))
    assert 0 < kept < 300
    done = run_batch(requests, "-o", output, "-c", config, "--resume")
    assert done.returncode == 0, done.stderr
    assert f"{300 - kept} in this run" in done.stdout
    assert ids(output) == Counter(custom_id(number) for number in range(1, 301))


@BY_SIGNAL
def test_a_terminal_shows_a_bar_which_warnings_do_not_tear(tmp_path: Path, output: Path, config: Path) -> None:
    import pty
    import termios

    requests = write_lines(tmp_path / "requests.jsonl", [*echoes(20), _told("bad", "/error 500")])
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 120))
    process = start_batch(requests, "-o", output, "-c", config, "--max-attempts=1", stderr=theirs)
    os.close(theirs)
    shown = b""
    with suppress(OSError):  # on Linux a terminal that nobody writes to any more is an error
        while piece := os.read(ours, 65_536):
            shown += piece
    os.close(ours)
    told, _ = process.communicate(timeout=20.0)
    assert process.returncode == 1
    pieces = shown.decode().replace("\r\n", "\n").split("\r")
    assert any("21/21" in piece and "1 failed" in piece for piece in pieces)
    warnings = [piece for piece in pieces if " warning " in piece]
    assert warnings
    assert all(re.match(r"20\d\d-", piece) and piece.endswith("\n") for piece in warnings)
    assert b"succeeded" in told


def test_neither_a_server_nor_a_bar_is_imported_for_a_batch(tmp_path: Path, output: Path, config: Path) -> None:
    requests = write_lines(tmp_path / "requests.jsonl", echoes(1))
    arguments = ["batch", str(requests), "-o", str(output), "-c", str(config)]
    script = f"""
import sys
from entrypoints.cli import main
try:
    main({arguments!r})
except SystemExit as ended:
    assert ended.code == 0
print(*sorted({{name.partition(".")[0] for name in sys.modules}}))
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    imported = set(done.stdout.splitlines()[-1].split())
    assert "uvloop" in imported
    assert not imported & {"quart", "uvicorn", "hypercorn", "httpx", "tqdm", "prometheus_client"}


@pytest.mark.parametrize("mistake", ["config", "requests", "folder", "device"])
def test_what_is_mistaken_has_status_2(mistake: str, tmp_path: Path, output: Path, config: Path) -> None:
    requests = write_lines(tmp_path / "requests.jsonl", echoes(1))
    if mistake == "config":
        config.write_text("model_lost: []", encoding="utf-8")
    elif mistake == "requests":
        requests.unlink()
    elif mistake == "device":
        output = Path("/dev/stdout")
    else:
        output = tmp_path / "nowhere" / "results.jsonl"
    done = run_batch(requests, "-o", output, "-c", config)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert done.stderr
