"""What the command line says about a configuration before anything is served."""

from pathlib import Path

import pytest

from entrypoints import cli

CONFIG = """
model_list: [{model_name: echo, litellm_params: {model: echo/echo}}]
litellm_settings: {modify_params: true, set_verbose: false, telemetry: false}
"""


def test_check_tells_its_notices_in_plain_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LITELLM_MASTER_KEY", raising=False)
    path = tmp_path / "gateway.yaml"
    path.write_text(CONFIG)
    cli.main(["check", "--config", str(path)])
    notices = [line for line in capsys.readouterr().out.splitlines() if line.startswith("# ")]
    assert any("modify_params is not supported by this version yet" in line for line in notices)
    assert not any("Notice(" in line for line in notices)
