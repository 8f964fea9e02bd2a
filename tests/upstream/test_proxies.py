"""Who is reached through a proxy."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.upstream.port import Origin
from adapters.upstream.proxies import ProxySettings
from domain.errors import NotConfigured

PROXY = "http://proxy.test:3128"


def goes_through_proxy(no_proxy: str, host: str, *, port: int = 443) -> bool:
    settings = ProxySettings.from_environment({"ALL_PROXY": PROXY, "NO_PROXY": no_proxy})
    return settings.proxy_for(Origin(scheme="https", host=host, port=port)) is not None


@pytest.mark.parametrize(
    ("no_proxy", "host", "through"),
    [
        ("", "api.example.com", True),
        ("*", "api.example.com", False),
        ("other.test, *", "10.0.0.1", False),
        ("example.com", "example.com", False),
        ("example.com", "api.example.com", False),
        ("example.com", "API.Example.Com.", False),
        ("EXAMPLE.com", "api.example.com", False),
        ("example.com", "notexample.com", True),
        ("example.com", "example.com.evil.test", True),
        (".example.com", "example.com", False),
        (".example.com", "api.example.com", False),
        ("*.example.com", "api.example.com", False),
        ("a.test,b.test c.test", "c.test", False),
        ("localhost", "localhost", False),
        ("localhost", "127.0.0.1", True),
        ("", "localhost", True),
        ("", "127.0.0.1", True),
        ("127.0.0.1", "127.0.0.1", False),
        ("127.0.0.0/8", "127.3.2.1", False),
        ("10.0.0.0/8", "11.0.0.1", True),
        ("10.0.0.0/8", "10.example.com", True),
        ("0.0.1", "10.0.0.1", True),
        ("::1", "::1", False),
        ("[::1]", "::1", False),
        ("[::1]:443", "::1", False),
        ("[::1]:8080", "::1", True),
        ("fd00::/8", "fd12::1", False),
        ("fd00::/8", "10.0.0.1", True),
        ("example.com:443", "api.example.com", False),
        ("example.com:8080", "api.example.com", True),
        ("10.0.0.1:443", "10.0.0.1", False),
        ("10.0.0.1:80", "10.0.0.1", True),
        ("https://example.com", "example.com", False),
    ],
)
def test_no_proxy(no_proxy: str, host: str, through: bool) -> None:
    assert goes_through_proxy(no_proxy, host) is through


def test_schemes_and_spellings() -> None:
    settings = ProxySettings.from_environment(
        {"https_proxy": "http://low:1", "HTTPS_PROXY": "http://up:2", "HTTP_PROXY": "plain:3", "all_proxy": " "}
    )
    assert settings.proxy_for(Origin(scheme="https", host="a", port=443)) == "http://low:1"
    assert settings.proxy_for(Origin(scheme="http", host="a", port=80)) == "http://plain:3"
    only_all = ProxySettings.from_environment({"ALL_PROXY": "https://user:pass@all:4"})
    assert only_all.proxy_for(Origin(scheme="http", host="a", port=80)) == "https://user:pass@all:4"
    assert "pass" not in repr(only_all)
    only_http = ProxySettings.from_environment({"http_proxy": "http://low:1"})
    assert only_http.proxy_for(Origin(scheme="https", host="a", port=443)) is None


def test_nothing_set_means_no_proxy() -> None:
    settings = ProxySettings.from_environment({"PATH": "/bin"})
    assert settings == ProxySettings()
    assert settings.proxy_for(Origin(scheme="https", host="a", port=443)) is None


@pytest.mark.parametrize(
    "url", ["socks5://u:hidden@h:1", "http://", "ftp://hidden", "http://h:hidden", "http://h:0"]
)
def test_what_is_no_http_proxy_is_refused_by_the_variable_s_name(url: str) -> None:
    with pytest.raises(NotConfigured, match="HTTPS_PROXY") as caught:
        ProxySettings.from_environment({"HTTPS_PROXY": url})
    assert "hidden" not in caught.value.message


labels = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=8).map(lambda text: f"x{text}")
domains = st.lists(labels, min_size=1, max_size=4).map(".".join)


@given(domain=domains, below=labels, port=st.integers(1, 65_535))
def test_a_domain_exempts_itself_and_what_is_below_and_nothing_else(domain: str, below: str, port: int) -> None:
    assert not goes_through_proxy(domain, domain, port=port)
    assert not goes_through_proxy(domain, f"{below}.{domain}", port=port)
    assert goes_through_proxy(domain, f"{below}{domain}", port=port)
    assert goes_through_proxy(f"{below}.{domain}", domain, port=port)
    assert not goes_through_proxy(f"{domain}:{port}", domain, port=port)
    assert goes_through_proxy(f"{domain}:{port}", domain, port=port % 65_535 + 1)


@given(address=st.ip_addresses(), prefix=st.integers(0, 32))
def test_a_network_exempts_its_addresses(address: object, prefix: int) -> None:
    assert not goes_through_proxy(str(address), str(address))
    assert not goes_through_proxy(f"{address}/{prefix}", str(address))


@given(text=st.text(max_size=40))
def test_any_text_is_a_list_of_exemptions(text: str) -> None:
    assert isinstance(goes_through_proxy(text, "api.example.com"), bool)
