"""The command `feathergate`."""

import os
import sys
from collections.abc import Mapping, Sequence
from typing import NoReturn

from adapters.config.loading import LoadedConfig, load_config
from adapters.config.mistakes import ConfigError
from adapters.upstream.proxies import ProxySettings
from domain.errors import NotConfigured
from entrypoints.arguments import Options, parse_arguments
from entrypoints.garbage import hold_collections
from entrypoints.listening import CannotServe
from entrypoints.unseen import FRAMEWORKS, unseen

EXIT_FAILED, EXIT_MISTAKEN = 1, 2


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line. Exits with 1 where the gateway cannot start, 2 where what was asked is mistaken.

    `feathergate batch` has a command line, and exit codes, of its own.
    """
    hold_collections()
    environment = dict(os.environ)  # noqa: TID251 - the one place that reads it
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:1] == ["batch"]:
        from entrypoints.batch_command import batch  # noqa: PLC0415 - a gateway needs none of it

        raise SystemExit(batch(arguments[1:], environment))
    options = parse_arguments(arguments, environment)
    try:
        if options.command == "check":
            _check(load_config(options.config, environment, dotenv=options.dotenv))
        else:
            _serve(options, environment)
    except ConfigError as mistaken:
        _exit(EXIT_MISTAKEN, *map(str, mistaken.mistakes))
    except NotConfigured as mistaken:
        _exit(EXIT_MISTAKEN, f"feathergate: {mistaken}")
    except CannotServe as refused:
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


def _serve(options: Options, environment: Mapping[str, str]) -> None:
    loaded = _load_to_serve(options, environment)

    with unseen(FRAMEWORKS):
        from entrypoints.service import serve  # noqa: PLC0415 - a mistaken command line or file needs none of it

    serve(options, loaded, lambda: _load_to_serve(options, environment))


def _load_to_serve(options: Options, environment: Mapping[str, str]) -> LoadedConfig:
    """The configuration as it is now. Raises ConfigError; NotConfigured where it would be served to anybody."""
    loaded = load_config(options.config, environment, dotenv=options.dotenv)
    if loaded.settings.master_key is None and not options.is_loopback and not options.insecure:
        raise NotConfigured(
            f"refusing to listen on {options.host} without a key, since anyone who reaches it could spend yours; "
            "set general_settings.master_key, or say --insecure"
        )
    for notice in loaded.notices:
        print(f"note: {notice.message}", file=sys.stderr)
    return loaded


def _exit(status: int, *lines: str) -> NoReturn:
    for line in lines:
        print(line, file=sys.stderr)
    raise SystemExit(status)
