"""The composition root: every object of the service, built once, in one place."""

import asyncio
import logging
import random
import sys
from collections.abc import Mapping
from operator import attrgetter

from dependency_injector import containers, providers

from adapters.config.loading import LoadedConfig
from adapters.dialects.anthropic_messages.dialect import AnthropicMessages
from adapters.dialects.gemini.dialect import Gemini
from adapters.dialects.openai_chat.dialect import OpenAIChat
from adapters.dialects.openai_completions.dialect import OpenAICompletions
from adapters.dialects.openai_responses.dialect import OpenAIResponses
from adapters.http.access import DEFAULT_KEY_HEADER, AccessPolicy
from adapters.http.answer_heads import AnswerHeads
from adapters.http.answering import ChatAnswering
from adapters.http.chat_handlers import ChatHandlers
from adapters.http.data_plane import DataPlane
from adapters.http.drain import Drain
from adapters.http.further_handlers import FurtherHandlers
from adapters.http.model_routes import ClientDialects, model_routes
from adapters.http.reception import Reception
from adapters.http.task_runner import TaskRunner
from adapters.observability.access_log import AccessLog
from adapters.observability.call_book import CallBook
from adapters.observability.counting import CallCounts
from adapters.observability.exposition import MetricsPage
from adapters.observability.log_lines import LogFormat
from adapters.observability.routing_book import RoutingBook
from adapters.observability.routing_counts import RoutingCounts
from adapters.observability.routing_log import RoutingLog
from adapters.observability.system_clock import SystemClock
from adapters.providers.binding import Bindings
from adapters.providers.dispatch import Providers
from adapters.providers.echo.chat import EchoProvider
from adapters.providers.echo.embeddings import EchoEmbedder
from adapters.providers.embedders import Embedders
from adapters.providers.embeddings import HttpEmbedder
from adapters.providers.http_chat import HttpChatProvider
from adapters.providers.stored_responses import HttpResponseStore
from adapters.providers.token_counting import HttpTokenCounter
from adapters.upstream.by_origin import Upstreams
from adapters.upstream.port import UpstreamHttp
from adapters.upstream.proxies import ProxySettings
from adapters.upstream.tls import TlsSettings
from application.answer_chat import AnswerChat
from application.attempts import Attempts
from application.count_tokens import CountTokens
from application.course import ChatCourses
from application.embed import Embed
from application.explain import Explain
from application.list_models import ListModels
from application.opening import Opening
from application.router_state import RouterState
from application.stored_responses import StoredResponses
from domain.models.catalogue import known_models
from domain.routing.roster import Roster
from entrypoints.arguments import Options
from entrypoints.batch_serving import batch_api_blueprint, kept_batches
from entrypoints.billing import billing
from entrypoints.deployments import bind_deployments, fleet_of
from entrypoints.lazily import lazily
from entrypoints.model_facts import families, profiles
from entrypoints.prices import with_prices
from entrypoints.routing import routing_policy
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

    priced = providers.Singleton(with_prices, providers.Singleton(bind_deployments, loaded), settings)
    bindings = providers.Singleton(attrgetter("bindings"), priced)
    fleet = providers.Singleton(fleet_of, bindings, settings)
    proxies = providers.Singleton(ProxySettings.from_environment, loaded.provided.environment)
    upstreams = providers.Singleton(Upstreams, proxies)
    clients = providers.Singleton(upstream_by_tls, upstreams, bindings, loaded.provided.environment)
    routes = bindings.provided.routes
    chat_provider = providers.Singleton(
        Providers,
        providers.Singleton(HttpChatProvider, clients, routes),
        providers.Singleton(EchoProvider, providers.Object(asyncio.sleep)),
        routed=providers.Callable(frozenset, routes),
        mocks=bindings.provided.mocks,
    )
    embedder = providers.Singleton(
        Embedders,
        providers.Singleton(HttpEmbedder, clients, routes),
        providers.Singleton(EchoEmbedder),
        routed=providers.Callable(frozenset, routes),
    )
    token_counter = providers.Singleton(HttpTokenCounter, clients, routes)
    response_store = providers.Singleton(HttpResponseStore, clients, routes)

    counts = providers.Singleton(CallCounts)
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

    policy = providers.Singleton(routing_policy, settings)
    routing_counts = providers.Singleton(RoutingCounts, clock)
    watch = providers.Singleton(RoutingBook, routing_counts, providers.Singleton(RoutingLog, clock))
    roster = providers.Singleton(Roster, fleet, policy, watch.provided.changed)
    routing_collector = providers.Factory(
        lazily("adapters.observability.routing_families:RoutingCollector"), roster, routing_counts
    )
    metrics_page = providers.Singleton(MetricsPage, counts, routing_collector.provider)
    attempts = providers.Singleton(Attempts, roster, clock, providers.Object(random.random), watch)
    family_of = providers.Singleton(families, bindings)
    courses = providers.Singleton(ChatCourses, roster, family_of)
    opening = providers.Singleton(
        Opening, chat_provider, guards_whole_streams=policy.provided.guards_whole_streams
    )
    prices = priced.provided.prices
    chat_dialect = providers.Singleton(OpenAIChat)
    dialects = providers.Singleton(
        ClientDialects,
        chat=chat_dialect,
        completions=providers.Singleton(OpenAICompletions, chat_dialect),
        responses=providers.Singleton(OpenAIResponses),
        messages=providers.Singleton(AnthropicMessages),
        gemini=providers.Singleton(Gemini),
    )
    billing = providers.Singleton(
        billing,
        prices,
        family_of,
        providers.List(
            dialects.provided.chat,
            dialects.provided.completions,
            dialects.provided.responses,
            dialects.provided.messages,
            dialects.provided.gemini,
        ),
    )
    answer_chat = providers.Singleton(AnswerChat, attempts, opening, clock, courses, billing)
    count_tokens = providers.Singleton(CountTokens, attempts, courses, token_counter, clock, family_of)
    embed = providers.Singleton(Embed, attempts, embedder, clock, prices)
    stored_responses = providers.Singleton(StoredResponses, fleet, response_store)
    router_state = providers.Singleton(RouterState, roster, clock)
    explain = providers.Singleton(Explain, roster, courses, clock)
    profile_of = providers.Singleton(profiles, bindings)
    list_models = providers.Singleton(ListModels, fleet, providers.Object(known_models), profile_of)

    access = providers.Singleton(access_policy, loaded, options)
    reception = providers.Singleton(Reception, access, max_body_bytes=settings.max_request_bytes)
    heads = providers.Singleton(AnswerHeads, clock)
    answering = providers.Singleton(ChatAnswering, answer_chat, heads, tasks=tasks)
    chat_handlers = providers.Singleton(ChatHandlers.of, reception, answering, clock)
    further_handlers = providers.Singleton(
        FurtherHandlers.of, reception, heads, clock, count_tokens=count_tokens, embed=embed
    )
    data_plane = providers.Singleton(
        DataPlane,
        routes=providers.Singleton(model_routes, dialects, chat_handlers, further_handlers),
        access=access,
        drain=drain,
        ledger=ledger,
        log=access_log,
        clock=clock,
        tasks=tasks,
    )
    # Batches and programs come in here; who only serves does without it.
    estimate_call = providers.Singleton(
        lazily("application.estimate_call:EstimateCall"),
        roster,
        family_of=family_of,
        profile_of=profile_of,
        price_of=prices,
    )
    in_process_door = providers.Singleton(
        lazily("adapters.http.in_process:InProcessDoor"),
        data_plane,
        estimate_call,
        clock=clock,
        dialect=chat_dialect,
        key=settings.master_key,
    )
    kept_batches = providers.Singleton(kept_batches, settings, clock)
    # Quart takes longer to import than all else here together: who asks for nothing but answers does without it.
    control_plane = providers.Singleton(
        lazily("adapters.http.control_plane:ControlPlane"),
        access=access,
        dialects=dialects.provided.by_kind.call(),
        log=access_log,
        clock=clock,
        metrics_need_key=settings.metrics_need_key,
    )
    app = providers.Singleton(
        lazily("adapters.http.app:create_app"),
        providers.Singleton(lazily("adapters.http.lane:lane_to"), data_plane, tasks),
        control_plane,
        blueprints=providers.List(
            providers.Singleton(lazily("adapters.http.health:health_blueprint"), fleet, drain, version=version),
            providers.Singleton(lazily("adapters.http.models:models_blueprint"), list_models),
            providers.Singleton(
                lazily("adapters.http.stored_responses:stored_responses_blueprint"),
                stored_responses,
                dialects.provided.responses,
            ),
            providers.Singleton(lazily("adapters.http.metrics:metrics_blueprint"), metrics_page.provided.scrape),
            providers.Singleton(
                lazily("adapters.http.router:router_blueprint"), router_state, explain, chat_dialect, clock
            ),
            providers.Singleton(batch_api_blueprint, kept_batches),
        ),
        max_body_bytes=settings.max_request_bytes,
    )


async def close_container(container: Container) -> None:
    """Close its connections to upstreams, and write what is left of its log."""
    await container.upstreams().aclose()
    container.access_log().flush()
