"""References to the environment, `environment_variables`, and `.env`."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.config.dotenv import read_dotenv
from adapters.config.environment import substitute
from adapters.config.mistakes import ConfigError
from tests.config.config_files import MAIN, ONE_MODEL, load_text, mistakes, with_params

_NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)
_PLAIN = st.text(st.characters(blacklist_characters="${}", blacklist_categories=["Cs"]), max_size=12)
_VALUES = st.text(st.characters(blacklist_categories=["Cs"]), max_size=12)


@given(_PLAIN)
def test_text_without_references_is_left_as_it_is(text: str) -> None:
    assert substitute(text, {}).text == text or text.startswith("os.environ/")


@given(_PLAIN, _NAMES, _VALUES, _PLAIN)
def test_a_reference_is_replaced_by_what_the_variable_holds_and_that_is_not_read_again(
    before: str, name: str, value: str, after: str
) -> None:
    found = substitute(f"{before}${{{name}}}{after}", {name: value})
    if not before.startswith("os.environ/"):
        assert (found.text, found.sources, found.problem) == (before + value + after, (name,), None)


@given(_NAMES, _VALUES, _PLAIN)
def test_a_default_stands_in_for_what_is_unset_or_empty(name: str, value: str, default: str) -> None:
    text = f"${{{name}:-{default}}}"
    assert substitute(text, {}).text == default
    assert substitute(text, {name: value}).text == (value or default)
    assert substitute(text, {name: value}).defaulted is not bool(value)


@given(_NAMES, _VALUES)
def test_both_spellings_mean_the_same(name: str, value: str) -> None:
    assert substitute(f"os.environ/{name}", {name: value}) == substitute(f"${{{name}}}", {name: value})
    assert substitute(f"os.environ/{name}", {}).problem == substitute(f"${{{name}}}", {}).problem is not None


@given(st.lists(st.tuples(_NAMES, _VALUES), max_size=4))
def test_several_references_are_independent(pairs: list[tuple[str, str]]) -> None:
    environment = dict(pairs)
    text = "-".join(f"${{{name}}}" for name, _ in pairs)
    assert substitute(text, environment).text == "-".join(environment[name] for name, _ in pairs)


def test_a_doubled_dollar_writes_the_braces_themselves() -> None:
    assert substitute("$${A} ${A}", {"A": "x"}).text == "${A} x"
    assert substitute("$5 and $ and $$", {}).text == "$5 and $ and $$"


@pytest.mark.parametrize("text", ["${", "${}", "${A", "${A:default}", "${1A}", "${A B}", "${A:-{}}x${"])
def test_unfinished_references_are_mistakes_with_the_way_out(text: str) -> None:
    (found,) = mistakes(with_params(f"user: '{text}'"), {"A": "x"})
    assert found.startswith(f"{MAIN}:5: '${{' must begin a reference")


@pytest.mark.parametrize("text", ["os.environ/", "os.environ/sk-secret-value", "os.environ/A B"])
def test_what_follows_os_environ_must_be_a_name_and_is_not_repeated(text: str) -> None:
    (found,) = mistakes(with_params(f"api_key: {text}"))
    assert found == f"{MAIN}:5: 'os.environ/' must be followed by the name of a variable alone"


def test_an_unset_variable_is_named_with_its_line() -> None:
    expected = f"{MAIN}:5: environment variable MY_KEY is not set; set it, or give a default: ${{MY_KEY:-default}}"
    assert mistakes(with_params("api_key: os.environ/MY_KEY")) == [expected]
    assert mistakes(with_params("api_key: ${MY_KEY}")) == [expected]


def test_unset_variables_are_found_in_list_items_and_sections_without_effect() -> None:
    text = with_params("stop: [a, '${ONE}']") + "mcp_servers:\n  - ${TWO}${THREE}\n"
    first, second = mistakes(text)
    assert first.startswith(f"{MAIN}:5: environment variable ONE is not set")
    assert second.startswith(f"{MAIN}:7: environment variables TWO, THREE are not set")


def test_an_unset_variable_is_one_mistake_not_two() -> None:
    assert len(mistakes(with_params("rpm: ${GONE}", "api_base: ${GONE_TOO}"))) == 2


def test_references_work_inside_longer_strings_and_lists() -> None:
    lines = ("api_base: 'https://${HOST}/v1'", "stop: ['${STOP:-END}']", "extra_headers: {x-a: 'a ${HOST} b'}")
    (deployment,) = load_text(with_params(*lines), {"HOST": "example.com"}).settings.deployments
    assert deployment.api_base == "https://example.com/v1"
    assert deployment.request_defaults == {"stop": ["END"]}
    assert deployment.extra_headers == {"x-a": "a example.com b"}


def test_text_from_the_environment_becomes_the_number_or_boolean_that_a_key_takes() -> None:
    lines = ["rpm: os.environ/RPM", "timeout: ${WAIT:-2.5}", "drop_params: ${DROP}", "temperature: ${HEAT}"]
    lines += ["max_tokens: ${MAX}", "logprobs: ${LOG}", "user: ${RPM}"]
    environment = {"RPM": "60", "DROP": "False", "HEAT": "0.2", "MAX": "100", "LOG": "true"}
    (deployment,) = load_text(with_params(*lines), environment).settings.deployments
    assert (deployment.rpm, deployment.timeout_s, deployment.drop_params) == (60, 2.5, False)
    assert deployment.request_defaults == {"temperature": 0.2, "max_tokens": 100, "logprobs": True, "user": "60"}


def test_request_defaults_that_are_written_as_text_stay_text() -> None:
    (deployment,) = load_text(
        with_params("temperature: '0.2'", "max_tokens: ${MAX}"), {"MAX": "many"}
    ).settings.deployments
    assert deployment.request_defaults == {"temperature": "0.2", "max_tokens": "many"}


def test_what_is_wrong_about_a_variables_text_names_the_variable_not_the_text() -> None:
    (found,) = mistakes(with_params("rpm: ${RPM}"), {"RPM": "sixty"})
    assert found == f"{MAIN}:5: 'rpm' in litellm_params must be a whole number, zero or more, not the text in $RPM"


def test_text_that_is_not_utf8_is_a_mistake() -> None:
    (found,) = mistakes(with_params("user: ${USER}"), {"USER": "\udcff"})
    assert found == f"{MAIN}:5: the text in $USER is not UTF-8"


def test_every_value_remembers_its_variable() -> None:
    lines = ("api_key: ${OPENAI_API_KEY:-}", "organization: os.environ/ORG", "api_base: http://plain/v1")
    (deployment,) = load_text(with_params(*lines), {"ORG": "o"}).settings.deployments
    assert deployment.variables == {"api_key": "OPENAI_API_KEY", "organization": "ORG"}


def test_a_key_that_resolves_to_nothing_starts_and_is_not_the_same_as_none_given() -> None:
    for line, environment in (("${K:-}", {}), ("${K}", {"K": ""}), ("os.environ/K", {"K": ""})):
        (deployment,) = load_text(with_params(f"api_key: {line}"), environment).settings.deployments
        assert deployment.api_key is not None
        assert not deployment.api_key
        assert deployment.variables == {"api_key": "K"}
    (deployment,) = load_text(ONE_MODEL).settings.deployments
    assert deployment.api_key is None


def test_environment_variables_apply_before_the_rest_and_to_what_is_handed_on() -> None:
    text = "environment_variables: {A: '${BASE}-a', B: os.environ/A, PORT: 80, ON: true, NONE: }\n" + with_params(
        "user: ${B}", "rpm: ${PORT}"
    )
    loaded = load_text(text, {"BASE": "base", "A": "from the process"})
    (deployment,) = loaded.settings.deployments
    assert deployment.request_defaults == {"user": "base-a"}
    assert deployment.rpm == 80
    assert loaded.environment == {"BASE": "base", "A": "base-a", "B": "base-a", "PORT": "80", "ON": "true"}


def test_environment_variables_of_another_shape_are_mistakes() -> None:
    assert mistakes("environment_variables: [A]\n" + ONE_MODEL) == [
        f"{MAIN}:1: 'environment_variables' must be a mapping of names to values"
    ]
    assert mistakes("environment_variables:\n  A: [1]\n" + ONE_MODEL) == [
        f"{MAIN}:2: 'A' in environment_variables must be text, a number or a boolean"
    ]


def test_a_dotenv_beside_the_file_is_read_unless_told_not_to_and_the_process_wins() -> None:
    text = with_params("user: ${A}-${B}")
    others = {".env": "A=file\nB=file\n"}
    (deployment,) = load_text(text, {"B": "process"}, others=others).settings.deployments
    assert deployment.request_defaults == {"user": "file-process"}
    assert len(mistakes(text, others=others, dotenv=False)) == 1


def test_a_directory_named_dotenv_is_none_of_our_business() -> None:
    assert load_text(ONE_MODEL, others={".env/pyvenv.cfg": ""}).settings.deployments


def _dotenv(folder: Path, text: str) -> dict[str, str]:
    path = folder / ".env"
    path.write_bytes(text.encode())
    return read_dotenv(path)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        ("# a comment\n\n  \n", {}),
        ("A=1", {"A": "1"}),
        ("A=1\r\nB=2\r\n", {"A": "1", "B": "2"}),
        ("export A = spaced out  # why\n", {"A": "spaced out"}),
        ("A=\nB=# nothing\n", {"A": "", "B": ""}),
        ("A=pass#word\n", {"A": "pass#word"}),
        ("A='$x \\n # no'\n", {"A": "$x \\n # no"}),
        ('A="a\\nb \\"c\\" \\\\ # no" # yes\nB=2', {"A": 'a\nb "c" \\ # no', "B": "2"}),
        ('A="-----BEGIN\nline\n-----END"\nB=2\n', {"A": "-----BEGIN\nline\n-----END", "B": "2"}),
        ("A=it's\n", {"A": "it's"}),
        ("A=1\nA=2\n", {"A": "2"}),
        ("A=${B}\n", {"A": "${B}"}),
    ],
)
def test_dotenv_lines(tmp_path: Path, text: str, expected: dict[str, str]) -> None:
    assert _dotenv(tmp_path, text) == expected


def test_dotenv_lines_of_another_form_are_all_named_without_their_text(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        _dotenv(tmp_path, "A=1\nsk-secret\nB='open\n\n=x\n")
    assert [found.line for found in caught.value.mistakes] == [2, 3, 5]
    assert "secret" not in str(caught.value)


@given(st.text(st.characters(blacklist_categories=["Cs"]), max_size=40))
def test_any_dotenv_gives_variables_or_a_config_error(text: str) -> None:
    assert mistakes(ONE_MODEL, others={".env": text}) is not None


@given(
    st.dictionaries(
        _NAMES, st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\r"), max_size=20)
    )
)
def test_quoted_values_come_back_as_they_were(variables: dict[str, str]) -> None:
    lines = [
        f'{name}="{value.replace(chr(92), chr(92) * 2).replace(chr(34), chr(92) + chr(34))}"'
        for name, value in variables.items()
    ]
    loaded = load_text(ONE_MODEL, others={".env": "\n".join(lines)})
    assert loaded.environment == variables
