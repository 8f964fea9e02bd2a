"""The composition root: every object of the service, built once, in one place."""

import asyncio
import logging
import random
import sys
from collections.abc import Mapping

from dependency_injector import containers, providers

from adapters.config.loading import LoadedConfig
from adapters.dialects.openai_chat.dialect import OpenAIChat
from adapters.http.access import DEFAULT_KEY_HEADER, AccessPolicy
from adapters.http.answer_heads import AnswerHeads
from adapters.http.answering import ChatAnswering
from adapters.http.app import create_app
from adapters.http.chat_completions import ChatCompletions
from adapters.http.control_plane import ControlPlane
from adapters.http.data_plane import DataPlane
from adapters.http.drain import Drain
from adapters.http.health import health_blueprint
from adapters.http.lane import lane_to
from adapters.http.metrics import metrics_blueprint
from adapters.http.models import models_blueprint
from adapters.http.routes import Route, chat_completions_routes
from adapters.http.task_runner import TaskRunner
from adapters.observability.access_log import AccessLog
from adapters.observability.call_book import CallBook
from adapters.observability.counting import CallCounts
from adapters.observability.exposition import MetricsPage
from adapters.observability.log_lines import LogFormat
from adapters.observability.system_clock import SystemClock
from adapters.providers.binding import Bindings
from adapters.providers.dispatch import Providers
from adapters.providers.echo.chat import EchoProvider
from adapters.providers.http_chat import HttpChatProvider
from adapters.upstream.by_origin import Upstreams
from adapters.upstream.port import UpstreamHttp
from adapters.upstream.proxies import ProxySettings
from adapters.upstream.tls import TlsSettings
from application.answer_chat import AnswerChat
from application.attempts import Attempts
from application.list_models import ListModels
from domain.models.catalogue import known_models
from entrypoints.arguments import Options
from entrypoints.deployments import bind_deployments, fleet_of
from entrypoints.version import feathergate_version


def upstream_by_tls(
    upstreams: Upstreams, bindings: Bindings, environment: Mapping[str, str]
) -> dict[bool | str, UpstreamHttp]:
    """One client per `ssl_verify` in use; `SSL_CERT_FILE` names the certificates where nothing else does."""
    ca_file = environment.get("SSL_CERT_FILE") or None
    return {
        tls: upstreams.for_tls(
            TlsSettings(ca_file=tls) if isinstance(tls, str) else TlsSettings(verify=tls, ca_file=ca_file)
        )
        for tls in {route.tls for route in bindings.routes.values()}
    }


def access_policy(loaded: LoadedConfig, options: Options) -> AccessPolicy:
    """Who may use the gateway, by configuration and command line."""
    settings = loaded.settings
    return AccessPolicy(
        master_key=settings.master_key,
        key_header_name=settings.key_header_name or DEFAULT_KEY_HEADER,
        cors_origins=settings.cors_origins,
        bound_host=options.host,
        insecure=options.insecure,
    )


def log_level(loaded: LoadedConfig, options: Options) -> int:
    """The level of all logs; the command line's beats the configuration's."""
    return logging.getLevelNamesMapping()[(options.log_level or loaded.settings.log_level).upper()]


def log_format(loaded: LoadedConfig, options: Options) -> LogFormat:
    """The format of all logs; the command line's beats the configuration's."""
    return LogFormat(options.log_format or loaded.settings.log_format)


class Container(containers.DeclarativeContainer):
    """Everything the gateway is made of; `loaded` and `options` are what it is made from."""

    loaded = providers.Dependency(instance_of=LoadedConfig)
    options = providers.Dependency(instance_of=Options)
    settings = loaded.provided.settings

    clock = providers.Singleton(SystemClock)
    tasks = providers.Singleton(TaskRunner)
    drain = providers.Singleton(Drain)
    version = providers.Callable(feathergate_version)

    bindings = providers.Singleton(bind_deployments, loaded)
    fleet = providers.Singleton(fleet_of, bindings, settings)
    proxies = providers.Singleton(ProxySettings.from_environment, loaded.provided.environment)
    upstreams = providers.Singleton(Upstreams, proxies)
    http_provider = providers.Singleton(
        HttpChatProvider,
        providers.Singleton(upstream_by_tls, upstreams, bindings, loaded.provided.environment),
        bindings.provided.routes,
    )
    chat_provider = providers.Singleton(
        Providers,
        http_provider,
        providers.Singleton(EchoProvider, providers.Object(asyncio.sleep)),
        routed=providers.Callable(frozenset, bindings.provided.routes),
        mocks=bindings.provided.mocks,
    )

    counts = providers.Singleton(CallCounts)
    metrics_page = providers.Singleton(MetricsPage, counts)
    log_format = providers.Singleton(log_format, loaded, options)
    log_level = providers.Singleton(log_level, loaded, options)
    access_log = providers.Singleton(
        AccessLog,
        providers.Object(sys.stderr),
        clock,
        log_format=log_format,
        level=log_level,
        defer=tasks.provided.soon,
    )
    ledger = providers.Singleton(CallBook, counts, access_log)

    attempts = providers.Singleton(Attempts, chat_provider)
    answer_chat = providers.Singleton(AnswerChat, fleet, attempts, clock, providers.Object(random.random))
    list_models = providers.Singleton(ListModels, fleet, providers.Object(known_models))

    dialect = providers.Singleton(OpenAIChat)
    access = providers.Singleton(access_policy, loaded, options)
    answering = providers.Singleton(
        ChatAnswering, answer_chat, providers.Singleton(AnswerHeads, clock), tasks=tasks
    )
    chat_completions = providers.Singleton(
        ChatCompletions, answering, access=access, max_body_bytes=settings.max_request_bytes, clock=clock
    )
    chat_route = providers.Singleton(Route, name="/v1/chat/completions", dialect=dialect, handler=chat_completions)
    data_plane = providers.Singleton(
        DataPlane,
        routes=providers.Singleton(chat_completions_routes, chat_route),
        access=access,
        drain=drain,
        ledger=ledger,
        log=access_log,
        clock=clock,
        tasks=tasks,
    )
    control_plane = providers.Singleton(
        ControlPlane,
        access=access,
        dialect=dialect,
        log=access_log,
        clock=clock,
        metrics_need_key=settings.metrics_need_key,
    )
    app = providers.Singleton(
        create_app,
        providers.Singleton(lane_to, data_plane, tasks),
        control_plane,
        blueprints=providers.List(
            providers.Singleton(health_blueprint, fleet, drain, version=version),
            providers.Singleton(models_blueprint, list_models),
            providers.Singleton(metrics_blueprint, metrics_page.provided.render),
        ),
        max_body_bytes=settings.max_request_bytes,
    )
