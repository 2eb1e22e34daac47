"""How addresses are told, and what one opener for all of them refuses."""

from __future__ import annotations

import urllib.error

import pytest

from matting.web import opener, request, shown, told


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://me:word@host/models/a.onnx?signature=secret#part", "https://host/models/a.onnx"),
        ("HTTP://host:80/a%20b.jpg", "http://host:80/a%20b.jpg"),
        ("https://me:word@[::bad/a?secret", "https://[::bad/a"),
        ("ftp://me:word@host/a.jpg", "ftp://host/a.jpg"),
        ("https://host/a\x1b[31m", "https://host/a?[31m"),
    ],
)
def test_what_may_be_secret_in_an_address_is_not_shown(address: str, expected: str) -> None:
    assert shown(address) == expected


@pytest.mark.parametrize(
    "said", ["no /a?key=a b&x", "no /a?key=a%20b&x", "me:wo%72d wrong", "word"]
)
def test_what_others_say_of_an_address_is_told_without_its_secrets(said: str) -> None:
    text = told(said, "https://me:wo%72d@host/a?key=a b&x")
    assert "key" not in text
    assert "wo" not in text.replace("wrong", "")


@pytest.mark.parametrize("address", ["file:///etc/hostname", "ftp://127.0.0.1:1/a", "data:,a"])
def test_nothing_but_the_web_is_opened(address: str) -> None:
    """Whoever asks: a check that stands with the caller was forgotten once."""
    with pytest.raises(urllib.error.URLError, match="unknown url type"):
        opener().open(request(address, {}), timeout=1)
