"""Tools and the choice among them (ai.google.dev/api/caching#Tool, #FunctionCallingConfig, 2026-11)."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, assert_never

from adapters.dialects.gemini.losses import Losses
from adapters.dialects.gemini.schema import adapt_parameters
from adapters.dialects.leftovers import foreign_losses
from domain.chat.request import BuiltinTool, ChatRequest, Tool, ToolChoice, ToolMode
from domain.chat.tool_names import ToolNames
from domain.errors import UnsupportedFeature
from domain.json_types import JSON, NO_EXT
from domain.models.profile import ModelProfile

_BY_KIND: Final = MappingProxyType(
    {"web_search": "googleSearch", "web_fetch": "urlContext", "code_execution": "codeExecution"}
)
_BY_NATIVE_TYPE: Final = MappingProxyType(
    {
        "googleSearch": "googleSearch",
        "google_search": "googleSearch",
        "urlContext": "urlContext",
        "url_context": "urlContext",
        "codeExecution": "codeExecution",
        "googleMaps": "googleMaps",
        "google_maps": "googleMaps",
        "fileSearch": "fileSearch",
        "computerUse": "computerUse",
    }
)
_VERTEX_ONLY: Final = frozenset({"excludeDomains", "blockingConfidence", "groundingTypes"})


def render_tools(
    request: ChatRequest, profile: ModelProfile, *, names: ToolNames, losses: Losses
) -> tuple[list[JSON], dict[str, JSON]]:
    """The `tools` and the `toolConfig`, each empty where there is nothing to say.

    Raises UnsupportedFeature for a vendor's tool that Gemini does not have.
    """
    declarations = [
        _declaration(tool, index, names=names, losses=losses)
        for index, tool in enumerate(request.tools)
        if isinstance(tool, Tool)
    ]
    builtins = _builtins(request.tools, losses)
    if builtins and declarations and not profile.builtin_tools_with_functions:
        for index, tool in enumerate(request.tools):
            if isinstance(tool, BuiltinTool):
                why = "this model cannot run its own tools beside functions"
                losses.change("dropped_builtin_tool", f"/tools/{index}", why)
        builtins = []
    config = _function_calling(request, names=names, losses=losses) if declarations else {}
    _note_strictness(request.tools, config, losses)
    if builtins and declarations:
        config["includeServerSideToolInvocations"] = True
    if not declarations:
        _note_idle_choice(request, losses)
    if request.parallel_tool_calls is not None and (request.parallel_tool_calls or not declarations):
        losses.hint("dropped_param", "/parallel_tool_calls", "Gemini calls as many tools at once as it likes")
    tools: list[JSON] = [*builtins]
    if declarations:
        tools.append({"functionDeclarations": declarations})
    return tools, config


def custom_tool_names(tools: Sequence[Tool | BuiltinTool], names: ToolNames) -> frozenset[str]:
    """The wire names of the tools whose input is free text."""
    return frozenset([names.wire(tool.name) for tool in tools if isinstance(tool, Tool) and tool.kind == "custom"])


def _declaration(tool: Tool, index: int, *, names: ToolNames, losses: Losses) -> dict[str, JSON]:
    where = f"/tools/{index}"
    if tool.grammar is not None:
        losses.change("dropped_grammar", where, "Gemini cannot hold a tool's input to a grammar")
    if tool.cache is not None:
        losses.hint("dropped_cache_hint", where, "Gemini caches by itself")
    if tool.ext is not NO_EXT:
        losses.add(*foreign_losses(tool.ext, at=where))
    declaration: dict[str, JSON] = {"name": names.wire(tool.name)}
    if tool.description is not None:
        declaration["description"] = tool.description
    parameters = (
        {"type": "object", "properties": {"input": {"type": "string"}}, "required": ["input"]}
        if tool.kind == "custom"
        else adapt_parameters(tool.parameters, f"tools[{index}].function.parameters", losses)
    )
    if parameters is not None:
        declaration["parametersJsonSchema"] = parameters
    return declaration


def _builtins(tools: Sequence[Tool | BuiltinTool], losses: Losses) -> list[dict[str, JSON]]:
    rendered = []
    for index, tool in enumerate(tools):
        if isinstance(tool, BuiltinTool):
            rendered.append(_builtin(tool, index, losses=losses))
    return rendered


def _builtin(tool: BuiltinTool, index: int, *, losses: Losses) -> dict[str, JSON]:
    native = _BY_NATIVE_TYPE.get(tool.native_type)
    options: Mapping[str, JSON] = tool.options if isinstance(tool.options, dict) else {}
    if native is not None:
        for name in _VERTEX_ONLY & options.keys():
            losses.change("dropped_tool_option", f"/tools/{index}/{name}", "only Vertex AI has it")
        return {native: {name: value for name, value in options.items() if name not in _VERTEX_ONLY}}
    native = _BY_KIND.get(tool.kind)
    if native is None:
        raise UnsupportedFeature(
            f"expected functions, web search, web fetch or code execution in tools[{index}]; Gemini does not have "
            f"{tool.native_type}. Leave it out.",
            param=f"tools[{index}]",
        )
    for name in options:
        losses.change("dropped_tool_option", f"/tools/{index}/{name}", f"{native} has no such option")
    return {native: {}}


def _function_calling(request: ChatRequest, *, names: ToolNames, losses: Losses) -> dict[str, JSON]:
    if request.parallel_tool_calls is False:
        losses.parameter("parallel_tool_calls", "Gemini decides itself how many tools it calls at once")
    strict = any(isinstance(tool, Tool) and tool.strict for tool in request.tools)
    choice = request.tool_choice
    if choice is not None and choice.builtin is not None:
        losses.change("dropped_tool_choice", "/tool_choice", "Gemini decides itself when to run its own tools")
        choice = None
    if choice is None:
        return {"functionCallingConfig": {"mode": "VALIDATED"}} if strict else {}
    calling: dict[str, JSON] = {"mode": _mode(choice, strict=strict)}
    if choice.names and choice.mode is not ToolMode.NONE:
        calling["allowedFunctionNames"] = [names.wire(name) for name in choice.names]
    return {"functionCallingConfig": calling}


def _note_strictness(tools: Sequence[Tool | BuiltinTool], config: Mapping[str, JSON], losses: Losses) -> None:
    """Whether arguments are held to their schemas is one mode of all functions, and not said of one of them."""
    strictness = {
        index: tool.strict
        for index, tool in enumerate(tools)
        if isinstance(tool, Tool) and tool.strict is not None
    }
    told = sum(strictness.values()) == 1 and config.get("functionCallingConfig") == {"mode": "VALIDATED"}
    for index, strict in strictness.items():
        if not (strict and told):
            losses.hint("dropped_param", f"/tools/{index}/function/strict", "functions are strict all together")


def _mode(choice: ToolChoice, *, strict: bool) -> str:
    match choice.mode:
        case ToolMode.AUTO:
            return "VALIDATED" if strict or choice.names else "AUTO"
        case ToolMode.NONE:
            return "NONE"
        case ToolMode.REQUIRED | ToolMode.NAMED:
            return "ANY"
    assert_never(choice.mode)


def _note_idle_choice(request: ChatRequest, losses: Losses) -> None:
    choice = request.tool_choice
    if choice is not None and choice.mode in {ToolMode.REQUIRED, ToolMode.NAMED}:
        losses.change("dropped_tool_choice", "/tool_choice", "there is no function to choose")
    elif choice is not None:
        losses.hint("dropped_tool_choice", "/tool_choice", "there is no function to choose")
