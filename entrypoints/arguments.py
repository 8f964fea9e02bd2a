"""The command line: what can be typed, and what it means."""

import argparse
import ipaddress
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from entrypoints.version import feathergate_version

DEFAULT_CONFIG: Final = "feathergate.yaml"
DEFAULT_HOST: Final = "127.0.0.1"
DEFAULT_PORT: Final = 8080
WORKERS_VARIABLE: Final = "NUM_WORKERS"
MAX_WORKERS: Final = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """One command line.

    port:    0 = any free one.
    workers: processes under a supervisor; None = this process serves.
    """

    command: str = "serve"
    config: Path = Path(DEFAULT_CONFIG)
    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    server: str = "auto"
    workers: int | None = None
    drain_timeout_s: float = 30.0
    insecure: bool = False
    dotenv: bool = True
    http2: bool = False
    tls_cert: Path | None = None
    tls_key: Path | None = None
    log_level: str | None = None
    log_format: str | None = None

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the address to listen on."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def parse_arguments(argv: Sequence[str], environment: Mapping[str, str] = MappingProxyType({})) -> Options:
    """The options in `argv` (without the program's name). Exits with status 2 and a sentence where it is wrong.

    As with litellm, `NUM_WORKERS` in the environment stands for the option, where that is not given.
    """
    parser = _parser()
    given = parser.parse_args(argv)
    host, port = _address(given, parser)
    if (given.tls_cert is None) != (given.tls_key is None):
        parser.error("--tls-cert and --tls-key go together")
    if given.server == "uvicorn" and (given.http2 or given.tls_cert):
        parser.error("--server uvicorn speaks plain HTTP/1.1; TLS and HTTP/2 are served by hypercorn")
    return Options(
        command="check" if given.check else given.command,
        config=given.config,
        host=host,
        port=port,
        server=given.server,
        workers=_workers(given, environment, parser),
        drain_timeout_s=given.drain_timeout,
        insecure=given.insecure,
        dotenv=not given.no_dotenv,
        http2=given.http2,
        tls_cert=given.tls_cert,
        tls_key=given.tls_key,
        log_level=given.log_level,
        log_format=given.log_format,
    )


def _address(given: argparse.Namespace, parser: argparse.ArgumentParser) -> tuple[str, int]:
    """The host and port to listen on: each may be said by itself, too."""
    host, port = DEFAULT_HOST, DEFAULT_PORT
    if given.bind is not None:
        try:
            host, port = parse_bind(given.bind)
        except ValueError as mistake:
            parser.error(f"--bind: {mistake}")
    return given.host or host, port if given.port is None else given.port


def _workers(
    given: argparse.Namespace, environment: Mapping[str, str], parser: argparse.ArgumentParser
) -> int | None:
    """How many processes serve; None = this one does, as where there can be no others."""
    workers: int | None = given.workers
    if workers is None and environment.get(WORKERS_VARIABLE):
        try:
            workers = _WORKERS(environment[WORKERS_VARIABLE])
        except argparse.ArgumentTypeError as mistake:
            parser.error(f"{WORKERS_VARIABLE}: {mistake}")
    if workers is None or hasattr(os, "fork"):
        return workers
    if workers > 1:
        parser.error("--workers: this system cannot fork processes; start several gateways behind a balancer")
    return None


def parse_bind(text: str) -> tuple[str, int]:
    """HOST:PORT, [IPv6]:PORT, :PORT or HOST. Raises ValueError with a sentence."""
    host, colon, port = text.rpartition(":")
    if not colon or text.endswith("]"):
        host, port = text, str(DEFAULT_PORT)
    try:
        return host.strip("[]") or DEFAULT_HOST, _PORT(port)
    except argparse.ArgumentTypeError as mistake:
        raise ValueError(f"expected HOST:PORT, got {text!r} ({mistake})") from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="feathergate",
        description="An LLM gateway: OpenAI, Anthropic, Gemini and OpenAI-compatible servers behind one endpoint.",
        epilog="feathergate batch: have a file of requests answered; see feathergate batch -h",
    )
    parser.add_argument(
        "command",
        nargs="?",
        choices=("serve", "check"),
        default="serve",
        help="serve (default): start the gateway; check: print the effective configuration or its mistakes",
    )
    parser.add_argument(
        "-c", "--config", type=Path, default=DEFAULT_CONFIG, metavar="FILE", help="default: %(default)s"
    )
    parser.add_argument("--check", action="store_true", help="the same as the command check")
    parser.add_argument(
        "--no-dotenv", action="store_true", help="do not read a .env file beside the configuration"
    )
    parser.add_argument("-v", "--version", action="version", version=f"feathergate {feathergate_version()}")
    _add_listening(parser)
    add_logging(parser, default_level="info")
    return parser


def _add_listening(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("listening")
    group.add_argument("--bind", metavar="HOST:PORT", help=f"default: {DEFAULT_HOST}:{DEFAULT_PORT}")
    group.add_argument("--host", help="the host part of --bind, as litellm spells it")
    group.add_argument(
        "--port", type=_PORT, help="the port part of --bind, as litellm spells it; 0 = any free one"
    )
    group.add_argument(
        "--server",
        choices=("auto", "uvicorn", "hypercorn"),
        default="auto",
        help="auto (default): hypercorn for TLS and HTTP/2, else uvicorn",
    )
    group.add_argument(
        "--workers",
        "--num_workers",
        type=_WORKERS,
        metavar="N",
        help="serve by N processes, which a supervisor keeps going; default: this one process, without any",
    )
    group.add_argument(
        "--tls-cert", "--ssl_certfile_path", type=Path, metavar="FILE", help="PEM certificate chain"
    )
    group.add_argument("--tls-key", "--ssl_keyfile_path", type=Path, metavar="FILE", help="PEM private key")
    group.add_argument("--http2", action="store_true", help="serve HTTP/2 too (with TLS by ALPN, without by h2c)")
    group.add_argument(
        "--drain-timeout",
        type=_seconds,
        default=30.0,
        metavar="SECONDS",
        help="how long answers in flight may go on after Ctrl-C or SIGTERM; default: 30",
    )
    group.add_argument(
        "--insecure", action="store_true", help="listen beyond this machine although no master_key is configured"
    )


def whole_number(what: str, most: int, least: int = 1) -> Callable[[str], int]:
    """What reads an argument that is `what`, from `least` to `most`."""

    def parse(text: str) -> int:
        if not text.isascii() or not text.isdecimal() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"expected {what} from {least} to {most}, got {text!r}")
        return int(text)

    return parse


_PORT: Final = whole_number("a port", 65_535, least=0)
_WORKERS: Final = whole_number("a number of processes", MAX_WORKERS)


def add_logging(parser: argparse.ArgumentParser, *, default_level: str) -> None:
    """Have `parser` take the options of all commands that log."""
    group = parser.add_argument_group("logging")
    levels = ("debug", "info", "warning", "error")
    group.add_argument("--log-level", choices=levels, help=f"default: {default_level}")
    group.add_argument("--log-format", choices=("console", "json"), help="default: console")


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"expected seconds, got {text!r}")
    return seconds
