"""Every example runs as its user would run it, against the built-in echo model."""

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
QUIET_RAY = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ADDRESS": "local"}

needs_ray = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None, reason="ray is not installed: `pip install --group examples`"
)


def run_example(name: str, *arguments: str | Path, timeout_s: float = 60, **variables: str) -> str:
    """What the example prints; it must not fail."""
    own = {name: value for name, value in os.environ.items() if not name.endswith(("_API_KEY", "_PROXY"))}
    done = subprocess.run(
        [sys.executable, EXAMPLES / name, *arguments],
        cwd=ROOT,
        env={**own, **QUIET_RAY, **variables, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def request_lines(count: int) -> Iterator[str]:
    """Lines of every shape; every tenth fails."""
    for number in range(count):
        text = "/error 400" if number % 10 == 9 else f"line {number}"
        body = {"model": "echo", "messages": [{"role": "user", "content": text}]}
        name = f"id-{number}"
        match number % 3:
            case 0:
                yield json.dumps(
                    {"custom_id": name, "method": "POST", "url": "/v1/chat/completions", "body": body}
                )
            case 1:
                yield json.dumps({"custom_id": name, "params": {**body, "max_tokens": 20}})
            case _:
                yield json.dumps({"custom_id": name, **body})


def succeeded(result: dict[str, Any]) -> bool:
    if "result" in result:
        return bool(result["result"]["type"] == "succeeded")
    return bool(result["response"]["status_code"] == 200)


def assert_answered(results: Path, count: int) -> None:
    """Each line has one result, in its own shape; those that were to fail failed."""
    found = [json.loads(line) for line in results.read_text().splitlines()]
    assert sorted(result["custom_id"] for result in found) == sorted(f"id-{number}" for number in range(count))
    for result in found:
        number = int(result["custom_id"].removeprefix("id-"))
        assert succeeded(result) == (number % 10 != 9)
        assert ("result" in result) == (number % 3 == 1)
        assert not succeeded(result) or f"line {number}" in json.dumps(result)


def test_every_example_is_run_here() -> None:
    source = Path(__file__).read_text("utf-8")
    assert {path.name for path in EXAMPLES.glob("*.py") if f'"{path.name}"' not in source} == set()


def test_the_first_lines_of_the_document_run(tmp_path: Path) -> None:
    document = (ROOT / "docs" / "library.md").read_text("utf-8")
    script = tmp_path / "script.py"
    script.write_text(document.split("```python\n")[1].split("```")[0])
    assert "Text(text='Hello'" in run_example(str(script))
    assert sum(bool(line.strip()) for line in script.read_text().splitlines()) <= 10


def test_a_question_is_answered() -> None:
    assert run_example("ask.py", "How are you?") == "How are you?\n3 tokens in, 3 tokens out\n"


def test_a_stream_is_left_when_there_is_enough() -> None:
    assert run_example("stream.py") == "word-0 word-1 word-2 word-3 word-4 word-5 word-6 word-7 …\n"


def test_requests_are_priced_and_translated_without_io() -> None:
    printed = run_example("translate_and_price.py")
    assert "tokens in, and at most $0.00" in printed
    for format_name in ("openai_chat: ", "anthropic_messages: ", "gemini: ", "lost: dropped_param /seed"):
        assert format_name in printed


def test_a_batch_goes_on_where_it_was_left(tmp_path: Path) -> None:
    requests, results = tmp_path / "requests.jsonl", tmp_path / "results.jsonl"
    requests.write_text("".join(f"{line}\n" for line in request_lines(40)))
    printed = run_example("batch_in_process.py", requests, results)
    assert printed.startswith("complete: 36 succeeded, 4 failed")
    assert "id-9 failed" in printed
    assert run_example("batch_in_process.py", requests, results).startswith("complete: 0 succeeded, 0 failed")
    assert_answered(results, 40)


@needs_ray
def test_ray_answers_the_same_lines(tmp_path: Path) -> None:
    """Among them two that are no requests, whose failures are results like others."""
    folder, results = tmp_path / "requests", tmp_path / "results.jsonl"
    folder.mkdir()
    lines = list(request_lines(200))
    for part in range(2):
        (folder / f"{part}.jsonl").write_text("".join(f"{line}\n" for line in lines[part::2]))
    (folder / "2.jsonl").write_text('{oops\n\n{"custom_id": "id-0", "method": "GET", "url": "/v1/responses"}\n')
    with TemporaryDirectory(prefix="fg-ray-", ignore_cleanup_errors=True) as ray_folder:
        printed = run_example(
            "ray_batch.py", folder, results, "--concurrency", "8", timeout_s=300, RAY_TMPDIR=ray_folder
        )
    assert printed.startswith("202 results")
    written = results.read_text().splitlines()
    good = [line for line in written if '"line-' not in line]
    results.write_text("\n".join(good))
    assert_answered(results, 200)
    assert [json.loads(line)["response"]["status_code"] for line in written if line not in good] == [400, 400]
