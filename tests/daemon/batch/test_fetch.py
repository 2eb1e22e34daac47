"""Photos from a server that behaves, and from servers that do not."""

from __future__ import annotations

import base64
import shutil
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest
from bad_server import CONTENT, Server

from daemon.batch.fetch import Bounds, fetch, is_foreign
from daemon.errors import NotReady, SourceTrouble
from matting.web import is_address


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    made = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    made.daemon_threads = True
    thread = threading.Thread(target=made.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{made.server_port}"
    made.shutdown()
    thread.join()
    made.server_close()


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http://host/a.jpg", True),
        ("HTTPS://host/a.jpg", True),
        ("/scans/a.jpg", False),
        ("http:a.jpg", False),
        ("file:///a.jpg", False),
        ("C:/a.jpg", False),
    ],
)
def test_what_an_address_is(text: str, expected: bool) -> None:  # noqa: FBT001 - pytest's arguments
    assert is_address(text) is expected


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/obey/a.jpg", "a.jpg"),
        ("/obey/tante%20emma.jpg", "tante emma.jpg"),
        ("/obey/tante emma.jpg", "tante emma.jpg"),
        ("/obey/祖母.jpg", "祖母.jpg"),
        ("/obey/100%25.jpg", "100%.jpg"),
        ("/obey/a.jpg?size=full#top", "a.jpg"),
        ("/../../x.jpg", "x.jpg"),
        ("/obey/%2e%2e%2f%2e%2e%2fx.jpg", "x.jpg"),
        ("/obey/a%00.jpg", "a.jpg"),
        ("/obey/..", "photo"),
        ("/obey/%2e%2e", "photo"),
        ("/obey/", "photo"),
        ("/", "photo"),
        ("", "photo"),
        ("?a.jpg", "photo"),
    ],
)
def test_a_photo_is_fetched_whole_under_its_own_name(
    path: str, name: str, server: str, tmp_path: Path
) -> None:
    folder = tmp_path / "downloads"
    folder.mkdir()
    assert fetch(server + path, folder) == folder / name
    assert (folder / name).read_bytes() == CONTENT
    assert [one.relative_to(tmp_path) for one in tmp_path.rglob("*.*")] == (
        [Path("downloads", name)] if "." in name else []
    )


def test_a_name_too_long_for_a_file_keeps_its_end(server: str, tmp_path: Path) -> None:
    fetched = fetch(f"{server}/obey/{'祖母' * 100}.jpg", tmp_path)
    assert fetched.suffix == ".jpg"
    assert fetched.read_bytes() == CONTENT


def test_an_address_reaches_the_server_as_it_was_meant(server: str, tmp_path: Path) -> None:
    fetched = fetch(f"{server}/tell/a b%20c/ä.jpg?size=ä&x=1 2#part", tmp_path)
    assert fetched.read_text() == "/tell/a%20b%20c/%C3%A4.jpg?size=%C3%A4&x=1%202"


def test_an_existing_file_is_not_overwritten(server: str, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_text("there before")
    with pytest.raises(SourceTrouble, match="File exists"):
        fetch(f"{server}/obey/a.jpg", tmp_path)
    assert (tmp_path / "a.jpg").read_text() == "there before"


@pytest.mark.parametrize(
    ("does", "reason"),
    [
        ("missing", "the server answers 404 Not Found"),
        ("babble", "cannot be fetched: I am no HTTP server"),
        ("hang_up", "cannot be fetched: Remote end closed connection"),
        ("sleep", "cannot be fetched: timed out"),
        ("redirect", "cannot be fetched: http://127.0.0.1:"),
    ],
)
def test_what_cannot_be_had_is_said_in_a_line(
    does: str, reason: str, server: str, tmp_path: Path
) -> None:
    with pytest.raises(SourceTrouble) as caught:
        fetch(f"{server}/{does}/a.jpg", tmp_path, Bounds(silence_s=0.5))
    assert str(caught.value).startswith(reason)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("does", ["break_off", "break_chunks"])
def test_a_connection_that_breaks_off_leaves_no_part_of_a_photo(
    does: str, server: str, tmp_path: Path
) -> None:
    with pytest.raises(NotReady, match="the connection broke off"):
        fetch(f"{server}/{does}/a.jpg", tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_slow_server_is_waited_for_as_long_as_it_sends(server: str, tmp_path: Path) -> None:
    """It takes twice the timeout, but is never silent for as long."""
    assert fetch(f"{server}/drip/a.jpg", tmp_path, Bounds(silence_s=0.5)).read_bytes() == CONTENT


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:1/a.jpg",
        "http://[::bad/a.jpg",
        "http:///a.jpg",
        "http://127.0.0.1:99999/a.jpg",
        "http://127.0.0.1:port/a.jpg",
        "http://host name/a.jpg",
        "http://h\u00f6st.invalid/a\udcff.jpg",
    ],
)
def test_an_address_that_leads_nowhere_is_said_in_a_line(address: str, tmp_path: Path) -> None:
    with pytest.raises(SourceTrouble, match=r"cannot be fetched: .") as caught:
        fetch(address, tmp_path, Bounds(silence_s=2))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("does", ["redirect", "redirect_to_ftp", "redirect_to_data"])
def test_only_the_web_is_followed_to_and_no_secret_of_the_target_told(
    does: str, server: str, tmp_path: Path
) -> None:
    with pytest.raises(SourceTrouble, match=r"leads to .* which is not followed") as caught:
        fetch(f"{server}/{does}/a.jpg", tmp_path)
    assert "secret" not in str(caught.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("does", ["huge", "endless"])
def test_what_is_too_large_is_refused_and_leaves_nothing(
    does: str, server: str, tmp_path: Path
) -> None:
    """Whether the server says beforehand how much it is, or just does not end."""
    with pytest.raises(SourceTrouble, match=r"more than 4 MiB \(limits.max_download_mb\)"):
        fetch(f"{server}/{does}/a.jpg", tmp_path, Bounds(max_bytes=4 << 20))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("does", ["trickle", "trickle_chunks", "endless_headers"])
def test_a_server_that_sends_a_byte_now_and_then_is_not_listened_to_for_ever(
    does: str, server: str, tmp_path: Path
) -> None:
    """Each byte renews the socket's own timeout."""
    began_s = time.monotonic()
    with pytest.raises(SourceTrouble, match=r"not there within 0.5 s \(limits.download_timeout_s"):
        fetch(f"{server}/{does}/a.jpg", tmp_path, Bounds(total_s=0.5))
    assert time.monotonic() - began_s < 5
    assert not list(tmp_path.iterdir())


def test_a_password_is_sent_as_http_wants_it_and_to_its_own_host_alone(
    server: str, tmp_path: Path
) -> None:
    given = server.replace("http://", "http://emma:ge%40heim@")
    heard = fetch(f"{given}/heard/a.jpg", tmp_path).read_text()
    assert base64.b64decode(heard.removeprefix("Basic ")) == b"emma:ge@heim"
    assert fetch(f"{given}/elsewhere/b.jpg", tmp_path).read_text() == "nothing"


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:1/a.jpg?signature=secret",
        "http://emma:secret@127.0.0.1:1/a.jpg",
        "http://emma:secret@[::bad/a.jpg",
        "http://emma:secret@127.0.0.1:port/a.jpg",
        "http://emma:secret@host name/a.jpg?x=secret",
        "http://emma:secret@h\u00f6st.invalid/a\x07.jpg?secret",
    ],
)
def test_no_fault_tells_a_password_or_a_signature(address: str, tmp_path: Path) -> None:
    with pytest.raises(SourceTrouble) as caught:
        fetch(address, tmp_path, Bounds(silence_s=2))
    assert "secret" not in str(caught.value)


def test_what_a_server_repeats_of_the_address_is_masked(server: str, tmp_path: Path) -> None:
    with pytest.raises(SourceTrouble, match="answers 403 no such thing as /echo") as caught:
        fetch(f"{server}/echo/a.jpg?signature=se cret", tmp_path)
    assert "cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ftp://host/a.jpg", True),
        ("file:///a.jpg", True),
        ("s3://bucket/a.jpg", True),
        ("https://host/a.jpg", False),
        ("C:/a.jpg", False),
        ("/scans//a.jpg", False),
        ("://a", False),
    ],
)
def test_which_addresses_are_of_another_kind(text: str, expected: bool) -> None:  # noqa: FBT001 - pytest's arguments
    assert is_foreign(text) is expected


@pytest.fixture
def secure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The same server behind TLS, with a certificate that is trusted."""
    if shutil.which("openssl") is None:
        pytest.skip("NO openssl: addresses with https are NOT tested")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    order = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
    names = ("-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate)
    subprocess.run(["openssl", *order.split(), *names], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    made = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    made.daemon_threads = True
    made.socket = context.wrap_socket(made.socket, server_side=True)
    thread = threading.Thread(target=made.serve_forever, args=(0.05,))
    thread.start()
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    yield f"https://localhost:{made.server_port}"
    made.shutdown()
    thread.join()
    made.server_close()


def test_https_is_fetched_checked_and_bounded_alike(
    secure: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "downloads"
    folder.mkdir()
    assert fetch(f"{secure}/obey/a.jpg", folder).read_bytes() == CONTENT
    with pytest.raises(SourceTrouble, match="not there within"):
        fetch(f"{secure}/trickle/b.jpg", folder, Bounds(total_s=0.5))
    with pytest.raises(SourceTrouble, match=r"leads to http://localhost.* not followed"):
        fetch(f"{secure}/elsewhere/c.jpg", folder)
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(SourceTrouble, match="CERTIFICATE_VERIFY_FAILED"):
        fetch(f"{secure}/obey/d.jpg", folder)
    assert [path.name for path in folder.iterdir()] == ["a.jpg"]
