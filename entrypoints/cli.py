"""The command `feathergate`."""

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from adapters.config.loading import LoadedConfig, load_config
from adapters.config.mistakes import ConfigError
from adapters.upstream.proxies import ProxySettings
from domain.errors import NotConfigured
from entrypoints.arguments import Options, parse_arguments
from entrypoints.listening import CannotListen

EXIT_FAILED, EXIT_MISTAKEN = 1, 2


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line. Exits with 1 where the gateway cannot start, 2 where what was asked is mistaken."""
    options = parse_arguments(sys.argv[1:] if argv is None else argv)
    try:
        environment = dict(os.environ)  # noqa: TID251 - the one place that reads it
        loaded = load_config(options.config, environment, dotenv=options.dotenv)
        if options.command == "check":
            _check(loaded)
        else:
            _serve(options, loaded)
    except ConfigError as mistaken:
        _exit(EXIT_MISTAKEN, *map(str, mistaken.mistakes))
    except NotConfigured as mistaken:
        _exit(EXIT_MISTAKEN, f"feathergate: {mistaken}")
    except CannotListen as refused:
        _exit(EXIT_FAILED, f"feathergate: {refused}")
    except KeyboardInterrupt:
        pass


def _check(loaded: LoadedConfig) -> None:
    from adapters.config.report import render_effective  # noqa: PLC0415 - not needed to serve
    from entrypoints.deployments import bind_deployments  # noqa: PLC0415 - not needed to refuse

    bind_deployments(loaded)
    ProxySettings.from_environment(loaded.environment)
    sys.stdout.write(render_effective(loaded))
    for notice in loaded.notices:
        print(f"# {notice.message}")


def _serve(options: Options, loaded: LoadedConfig) -> None:
    from entrypoints.service import serve  # noqa: PLC0415 - a mistaken command line or file needs none of it

    if loaded.settings.master_key is None and not options.is_loopback and not options.insecure:
        _exit(
            EXIT_MISTAKEN,
            f"feathergate: refusing to listen on {options.host} without a key, since anyone who reaches it could "
            "spend yours; set general_settings.master_key, or say --insecure",
        )
    for notice in loaded.notices:
        print(f"note: {notice.message}", file=sys.stderr)
    serve(options, loaded)


def _exit(status: int, *lines: str) -> NoReturn:
    for line in lines:
        print(line, file=sys.stderr)
    raise SystemExit(status)
