"""Whose client asks, by path and headers."""

import pytest

from adapters.http.client_kind import ClientKind, client_kind


@pytest.mark.parametrize(
    ("path", "headers", "query", "kind"),
    [
        ("/v1/models", {}, b"", "openai"),
        ("/nowhere", {"x-api-key": "k"}, b"", "openai"),
        ("/v1/models", {"anthropic-version": "2023-06-01"}, b"", "anthropic"),
        ("/v1/models", {"x-goog-api-key": "k"}, b"", "gemini"),
        ("/v1/models", {"x-goog-api-client": "google-genai-sdk/3"}, b"", "gemini"),
        ("/v1/models", {}, b"pageSize=1&key=k", "gemini"),
        ("/v1/models", {}, b"monkey=k&key=", "openai"),
        ("/v1/messages", {}, b"", "anthropic"),
        ("/v1/messages/batches", {"x-goog-api-key": "k"}, b"", "anthropic"),
        ("/v1/messagesboard", {}, b"", "openai"),
        ("/anthropic/v1/models", {}, b"", "anthropic"),
        ("/v1beta", {}, b"", "gemini"),
        ("/v1beta/models", {"anthropic-version": "2023-06-01"}, b"", "gemini"),
        ("/v1alpha/models/x:predict", {}, b"", "gemini"),
    ],
)
def test_the_path_decides_before_the_headers(path: str, headers: dict[str, str], query: bytes, kind: str) -> None:
    assert client_kind(path, headers, query) is ClientKind(kind)
