"""Files: syntax, structure, includes, and everything that can be wrong with them."""

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapters.config.loading import load_config
from adapters.config.mistakes import ConfigError
from tests.config.config_files import MAIN, ONE_MODEL, load_text, mistakes, with_params


def test_the_smallest_configuration_loads() -> None:
    settings = load_text(ONE_MODEL).settings
    (deployment,) = settings.deployments
    assert (deployment.model_name, deployment.model) == ("gpt", "openai/gpt-4o")
    assert deployment.location.endswith(f"{MAIN}:2")
    assert settings.limits.connect_timeout_s == 5.0
    assert settings.max_request_bytes == 32 * 1024 * 1024


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.yaml: the file does not exist"):
        load_config(tmp_path / "nowhere.yaml", {})


def test_a_directory_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is a directory"):
        load_config(tmp_path, {})


def test_an_impossible_path_is_one_sentence() -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(Path("a\0b"), {}, dotenv=False)


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "---\n", "null\n"])
def test_an_empty_file_is_said_to_be_empty(text: str) -> None:
    assert mistakes(text) == [f"{MAIN}: the file is empty; at least a model_list is needed"]


def test_bytes_that_are_not_utf8_are_named_by_line() -> None:
    assert mistakes(b"model_list:\n  - \xff\n") == [f"{MAIN}:2: not UTF-8 text"]


def test_a_byte_order_mark_is_no_mistake() -> None:
    assert load_text(b"\xef\xbb\xbf" + ONE_MODEL.encode()).settings.deployments


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("model_list: [\n", 2, "expected the node content"),
        ("a: b: c\n", 1, "a second ':'"),
        ("a:\n\t- b\n", 2, "a tab cannot indent"),
        ('a: "open\n', 2, "a quote is not closed"),
        ("a: 1\n---\nb: 2\n", 2, "more than one YAML document"),
        ("a: *nobody\n", 1, "a YAML alias"),
        ("a: !his!word 1\n", 1, "a YAML tag"),
        ("a: 1\nb: \x07\n", 2, "a character that YAML does not allow"),
        ("a: [1, 2\nb: 3\n", 2, "in what begins in line 1"),
        ("a: {b {c}\n", 1, "expected ',' or '}', but got '{'"),
        ('a: "\\q"\n', 1, "found unknown escape character 'q'"),
    ],
)
def test_broken_syntax_is_one_sentence_with_its_line(text: str, line: int, words: str) -> None:
    (found,) = mistakes(text)
    assert found.startswith(f"{MAIN}:{line}: not valid YAML: ")
    assert words in found
    assert "\n" not in found


def test_a_character_that_does_not_exist_is_no_crash() -> None:
    (found,) = mistakes('a: "\\UFFFFFFFF"\n')
    assert "a character that does not exist" in found


@pytest.mark.parametrize("text", ["- 1\n", "just text\n", "42\n"])
def test_a_configuration_must_be_a_mapping(text: str) -> None:
    (found,) = mistakes(text)
    assert found == f"{MAIN}:1: a configuration must be a mapping (`model_list:` and so on)"


def test_a_duplicate_key_names_both_lines() -> None:
    (found,) = mistakes(with_params("api_key: a", "rpm: 1", "api_key: b"))
    assert found == f"{MAIN}:7: duplicate key 'api_key'; it is given in line 5 already"


def test_anchors_aliases_and_merge_keys_work() -> None:
    text = (
        "model_list:\n"
        "  - model_name: a\n"
        "    litellm_params: &base {model: openai/a, rpm: 5, api_base: 'http://one/v1'}\n"
        "  - model_name: b\n"
        "    litellm_params: {<<: *base, model: openai/b}\n"
        "  - model_name: c\n"
        "    litellm_params: {<<: [{rpm: 7}, *base], model: openai/c}\n"
        "  - model_name: d\n"
        "    litellm_params: *base\n"
    )
    found = {
        each.model_name: (each.model, each.rpm, each.api_base) for each in load_text(text).settings.deployments
    }
    assert found == {
        "a": ("openai/a", 5, "http://one/v1"),
        "b": ("openai/b", 5, "http://one/v1"),
        "c": ("openai/c", 7, "http://one/v1"),
        "d": ("openai/a", 5, "http://one/v1"),
    }


def test_a_merge_key_of_text_is_a_mistake() -> None:
    assert mistakes(with_params("<<: text")) == [f"{MAIN}:5: '<<' must name a mapping or a list of mappings"]


def test_an_alias_inside_its_own_value_is_a_mistake() -> None:
    (found,) = mistakes("model_list: &all [*all]\n")
    assert "an alias stands inside the value that it names" in found


def test_aliases_that_multiply_are_stopped() -> None:
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    (found,) = mistakes("\n".join(rows))
    assert "aliases expand to more than" in found


@pytest.mark.parametrize("depth", [70, 5000])
def test_deep_nesting_is_stopped(depth: int) -> None:
    (found,) = mistakes("a: " + "[" * depth + "]" * depth)
    assert "levels deep" in found


@pytest.mark.parametrize("value", ["!!python/object:os.system x", "!ENV X", "!!set {a}", "!!binary aGk="])
def test_tags_are_refused_and_construct_nothing(value: str) -> None:
    (found,) = mistakes(with_params(f"user: {value}"))
    assert found.startswith(f"{MAIN}:5: ")
    assert "YAML tag" in found


@pytest.mark.parametrize("value", [".inf", ".nan", "0b_", '"\\ud800"'])
def test_values_that_no_request_can_carry_are_mistakes(value: str) -> None:
    (found,) = mistakes(with_params(f"temperature: {value}"))
    assert found.startswith(f"{MAIN}:5: ")


def test_dates_stay_text() -> None:
    (deployment,) = load_text(with_params("api_version: 2024-10-21")).settings.deployments
    assert deployment.api_version == "2024-10-21"


def test_scalars_are_what_safe_load_makes_of_them() -> None:
    (deployment,) = load_text(
        with_params("extra_body: {a: yes, b: 0x10, c: 1_000, d: '7', e: ~, f: 1.5, 7: k}")
    ).settings.deployments
    assert dict(deployment.extra_body) == {"a": True, "b": 16, "c": 1000, "d": "7", "e": None, "f": 1.5, "7": "k"}


def test_included_files_extend_lists_and_merge_mappings() -> None:
    main = "include: [models/more.yaml, settings.yaml]\nlitellm_settings: {drop_params: true}\n" + ONE_MODEL
    loaded = load_text(
        main,
        others={
            "models/more.yaml": "include: [third.yaml]\nmodel_list: [{model_name: b, litellm_params: {model: m/b}}]\n",
            "models/third.yaml": "model_list: [{model_name: c, litellm_params: {model: m/c}}]\n",
            "settings.yaml": "litellm_settings: {request_timeout: 7, drop_params: false}\n",
        },
    )
    assert [each.model_name for each in loaded.settings.deployments] == ["gpt", "b", "c"]
    assert loaded.settings.request_timeout_s == 7
    assert loaded.settings.drop_params is False


def test_mistakes_in_an_included_file_name_that_file() -> None:
    main = "include: [more.yaml]\n" + ONE_MODEL
    assert mistakes(main, others={"more.yaml": "\nrouter_setings: {}\n"}) == [
        "more.yaml:2: unknown key 'router_setings' in the configuration; did you mean 'router_settings'?"
    ]


def test_a_file_included_twice_is_read_once() -> None:
    main = "include: [a.yaml, b.yaml]\n" + ONE_MODEL
    model = "model_list: [{model_name: c, litellm_params: {model: m/c}}]\n"
    others = {"a.yaml": "include: [c.yaml]\n", "b.yaml": "include: [c.yaml]\n", "c.yaml": model}
    assert len(load_text(main, others=others).settings.deployments) == 2


@pytest.mark.parametrize(
    ("main", "others", "expected"),
    [
        ("include: [gone.yaml]\n", {}, f"{MAIN}:1: the included file /gone.yaml does not exist"),
        ("\ninclude:\n- a.yaml\n", {"a.yaml": f"include: [{MAIN}]\n"}, "a.yaml:1: the file includes itself"),
        (f"include: [{MAIN}]\n", {}, f"{MAIN}:1: the file includes itself"),
        ("include: more.yaml\n", {}, f"{MAIN}:1: 'include' must be a list of file names"),
        ("include: [7]\n", {}, f"{MAIN}:1: 'include' must be a list of file names"),
        ("include: ['${NOWHERE}.yaml']\n", {}, f"{MAIN}:1: environment variable NOWHERE is not set"),
        ("include: ['']\n", {}, f"{MAIN}:1: the included file"),
        ('include: ["a\\0b"]\n', {}, f"{MAIN}:1: "),
        ("include: [a.yaml]\n", {"a.yaml": ""}, "a.yaml: the file is empty"),
    ],
)
def test_includes_that_cannot_be_read_name_the_line(main: str, others: dict[str, str], expected: str) -> None:
    found = mistakes(main + ONE_MODEL, others=others)
    assert found
    assert found[0].startswith(expected)


def test_included_names_may_refer_to_the_environment() -> None:
    loaded = load_text("include: ['${STAGE}.yaml']\n", {"STAGE": "prod"}, others={"prod.yaml": ONE_MODEL})
    assert loaded.settings.deployments


def test_all_mistakes_come_at_once_in_the_order_of_lines() -> None:
    text = (
        with_params("api_bse: x", "rpm: many", "timeout: ${GONE}") + "router_settings: {routing_strategy: fast}\n"
    )
    assert [line.split(" ")[0] for line in mistakes(text)] == [f"{MAIN}:{n}:" for n in (5, 6, 7, 8)]


_WORDS = """model_list litellm_params model api_key include : , - [ ] { } &a *a <<: ' " | > # % ~ 1 0x 1:2 ? .nan
null true os.environ/ ${ ${A} ${A:- !x !!int \\U é \ud7ff"""
_YAML_BITS = st.sampled_from((*_WORDS.split(), ": ", "\n", "\n  ", "- ", "---\n", "...\n", "\t", "\x00", " "))


@given(st.lists(_YAML_BITS, max_size=40).map("".join) | st.text(max_size=80) | st.binary(max_size=60))
@example("0: 0b")
@example("a: 0x\nb: 0b_\nc: 9:9:9.9\n")
@example("? [a]\n: b\n")
def test_nothing_but_a_config_error_comes_of_any_file(content: str | bytes) -> None:
    raw = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    found = mistakes(raw, {"A": "value"})
    assert all("\n" not in line for line in found)
