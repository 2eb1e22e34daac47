"""What somebody without the token, or another page in the same browser, can try."""

from __future__ import annotations

import json
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from site_stub import Site

from daemon.errors import SettingsError
from daemon.web.access import Access, TooManyWrong, WrongToken, token_of

JSON = {"Content-Type": "application/json"}
RAW = {"Content-Type": "application/octet-stream"}


def cookie(site: Site) -> str:
    status, headers, _ = site.ask(
        "POST", "/api/session", {"token": site.token, "name": "Anna"}, token=False
    )
    assert status == 200
    told = headers["Set-Cookie"]
    assert "HttpOnly" in told
    assert "SameSite=strict" in told
    return str(told.partition(";")[0])


def raw(site: Site, *lines: str, wait_s: float = 5) -> bytes:
    """What is answered to these bytes."""
    with socket.create_connection(("127.0.0.1", site.port), timeout=wait_s) as connection:
        connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n")
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
        return answer


def test_nothing_is_told_without_the_token(site: Site) -> None:
    photo = site.file("secret.png")
    for path in (
        *("/api/photos", f"/api/photos/{photo}", f"/api/photos/{photo}/files/0", "/api/events"),
        *(f"/api/photos/{photo}/original", "/api/inboxes", "/metrics", "/nothing", "/api/x"),
    ):
        status, headers, body = site.ask("GET", path, token=False)
        assert (status, json.loads(body)) == (401, {"error": "the token is needed"}), path
        assert "default-src 'none'" in headers["Content-Security-Policy"]
    for method, path in (("POST", f"/api/photos/{photo}/redo"), ("POST", "/api/matte")):
        assert site.ask(method, path, {}, token=False)[0] == 401
    assert site.ask("PUT", "/api/inboxes/inbox/a.jpg", b"", RAW, token=False)[0] == 401


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost@evil.example", "", "[::1", "a b"]
)
def test_another_name_that_leads_here_is_not_served(site: Site, host: str) -> None:
    """DNS rebinding: the foreign page's own name, with our address behind it."""
    for path in ("/", "/healthz", "/api/photos"):
        status, _, body = site.ask("GET", path, headers={"Host": host})
        assert status in {400, 421}, body
    doubled = raw(site, "GET / HTTP/1.1", "Host: 127.0.0.1", "Host: evil.example")
    assert doubled.split()[1] in {b"400", b"421"}


def test_names_of_the_settings_are_served(site: Site, tmp_path: Path) -> None:
    del site
    one = Site(tmp_path, hosts=["Studio.local"])
    try:
        one.start()
        assert one.ask("GET", "/", headers={"Host": f"studio.local:{one.port}"})[0] == 200
        assert one.ask("GET", "/", headers={"Host": f"localhost:{one.port}"})[0] == 200
        assert one.ask("GET", "/", headers={"Host": "evil.example"})[0] == 421
    finally:
        one.close()


@pytest.mark.parametrize(
    "sent",
    [
        {"Sec-Fetch-Site": "cross-site", **JSON},
        {"Sec-Fetch-Site": "same-site", **JSON},
        {"Origin": "https://evil.example", **JSON},
        {"Origin": "null", **JSON},
        JSON,
    ],
)
def test_another_page_cannot_write_with_our_cookie(site: Site, sent: dict[str, str]) -> None:
    photo = site.file(f"csrf{len(sent)}{abs(hash(str(sent)))}.png")
    headers = {"Cookie": cookie(site), **sent}
    path = f"/api/photos/{photo}/decisions"
    status, _, _ = site.ask("POST", path, b'{"decision":"reject"}', headers, token=False)
    assert status == 403
    assert site.ledger.entry(photo).decided is None
    own = {"Origin": f"http://127.0.0.1:{site.port}", "Sec-Fetch-Site": "same-origin"}
    headers = {"Cookie": headers["Cookie"], **own, **JSON}
    status, _, body = site.ask("POST", path, b'{"decision":"reject"}', headers, token=False)
    assert status == 200
    assert json.loads(body)["decisions"][0]["who"] == "Anna"


@pytest.mark.parametrize(
    "kind",
    ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x", None],
)
def test_a_form_is_not_json(site: Site, kind: str | None) -> None:
    photo = site.file(f"form{kind and len(kind)}.png")
    own = {"Origin": f"http://127.0.0.1:{site.port}", "Cookie": cookie(site)}
    headers = own | ({"Content-Type": kind} if kind else {})
    body = b'{"decision":"reject"}'
    path = f"/api/photos/{photo}/decisions"
    assert site.ask("POST", path, body, headers, token=False)[0] == 415
    assert site.ledger.entry(photo).decided is None


@pytest.mark.parametrize(
    "path",
    [
        "/api/photos/..%2f..%2fstate%2fweb%2ftoken/files/0",
        "/api/photos/1/files/..%2f..%2fstate%2fweb%2ftoken",
        "/api/photos/1/files/-1",
        "/api/photos/1/pictures/..%2f../facts",
        "/api/photos/1/pictures/abc/original/..%2f..%2f..%2ftoken",
        "/api/photos/1/pictures/abc/small/..%2f..%2f..%2ftoken",
        "/static/../../../state/web/token",
        "/static/%2e%2e/%2e%2e/pyproject.toml",
        "/static/..%2fapplication.py",
        "/static//etc/passwd",
        "/static",
    ],
)
def test_no_address_leads_to_a_path(site: Site, path: str) -> None:
    status, _, body = site.ask("GET", path)
    assert status == 404, body
    assert site.token.encode() not in body


def test_what_is_too_large_is_refused_before_it_is_read(site: Site) -> None:
    giant = str(600 << 20)
    for method, path, kind in (
        ("PUT", "/api/inboxes/inbox/giant.jpg", RAW),
        ("POST", "/api/matte", RAW),
        ("POST", "/api/photos/1/redo", JSON),
    ):
        answer = raw(
            site,
            f"{method} {path} HTTP/1.1",
            "Host: localhost",
            f"Authorization: Bearer {site.token}",
            f"Content-Length: {giant}",
            f"Content-Type: {kind['Content-Type']}",
        )
        assert b" 413 " in answer.splitlines()[0]


def test_a_body_without_an_end_is_broken_off(site: Site) -> None:
    """Chunked, so that no length says so before."""
    head = (
        "POST /api/photos/1/redo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
        f"Authorization: Bearer {site.token}\r\nContent-Type: application/json\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", site.port), timeout=20) as connection:
        connection.sendall(head.encode())
        chunk = b"100000\r\n" + bytes(0x100000) + b"\r\n"
        try:
            for _ in range(50):
                connection.sendall(chunk)
        except OSError:
            return  # it has hung up
        assert b" 413 " in connection.recv(1000)


def test_a_client_that_sends_nothing_or_little_loses_its_place(site: Site) -> None:
    slow = [socket.create_connection(("127.0.0.1", site.port), timeout=30) for _ in range(40)]
    try:
        for number, one in enumerate(slow):
            if number % 2:
                one.sendall(b"GET / HTTP/1.1\r\nHost: loc")
        began_s = time.monotonic()
        assert site.ask("GET", "/healthz")[0] in {200, 503}, "others are served meanwhile"
        assert time.monotonic() - began_s < 3
        for one in slow:
            one.settimeout(15)
            assert one.recv(100) == b"", "it was hung up on"
    except ConnectionResetError:
        pass  # likewise
    finally:
        for one in slow:
            one.close()


def test_a_thousand_wrong_tokens_are_not_even_compared(site: Site) -> None:
    told: dict[int, int] = {}
    for number in range(1000):
        headers = {"Authorization": f"Bearer wrong-{number}"}
        status, sent, _ = site.ask("GET", "/api/photos", headers=headers)
        told[status] = told.get(status, 0) + 1
    assert told == {401: 10, 429: 990}
    assert 0 < int(sent["Retry-After"]) <= 60
    assert site.ask("GET", "/api/photos")[0] == 429, "the right one may be the next guess"
    assert sum("web.refused" in line and "too many" in line for line in site.log) == 1
    session = {"token": site.token}
    assert site.ask("POST", "/api/session", session, token=False)[0] == 429


def test_wrong_tokens_are_forgiven_after_a_while_and_count_for_their_own_address() -> None:
    now_s = 0.0
    access = Access("the right token", lambda: now_s)
    for _ in range(10):
        with pytest.raises(WrongToken):
            access.open_session("wrong", "", "a")
    with pytest.raises(TooManyWrong):
        access.open_session("the right token", "", "a")
    assert access.open_session("the right token", "", "b")
    now_s = 61.0
    assert access.open_session("the right token", "", "a")


def test_a_cookie_ends_with_its_time_and_with_the_token(site: Site) -> None:
    del site
    now_s = 0.0
    access = Access("the right token", lambda: now_s)
    value = access.open_session("the right token", "Anna\x1b[31m\n" + "x" * 99, "a")
    header = f"other=1; matted_session={value}"
    who = access.who(header, "", "a")
    assert who is not None
    assert who.startswith("Anna\\x1b[31m\\n")
    assert who.isprintable()
    assert Access("another token", lambda: now_s).who(header, "", "a") is None
    for forged in (value[:-1] + ("0" if value[-1] != "0" else "1"), value[5:], ".", "", "a.b.c"):
        assert access.who(f"matted_session={forged}", "", "a") is None
    now_s = 31 * 86_400.0
    assert access.who(header, "", "a") is None


def test_the_token_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "web" / "token"
    token = token_of(path)
    assert len(token) > 40
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert token_of(path) == token
    path.chmod(0o640)
    with pytest.raises(SettingsError, match="can be read by others; chmod 600"):
        token_of(path)
    path.chmod(0o600)
    path.write_text("short")
    with pytest.raises(SettingsError, match="16 characters"):
        token_of(path)


def test_a_fault_of_our_own_tells_nothing(tmp_path: Path, site: Site) -> None:
    """The ledger is damaged while the page runs: one line, no traceback, and it goes on."""
    del site
    one = Site(tmp_path)
    photo = one.file("a.png", pictures=False)
    try:
        one.start()
        with one.ledger._write() as db:
            db.execute("UPDATE photo SET filed = '{\"half' WHERE id = ?", (photo,))
        status, _, body = one.ask("GET", f"/api/photos/{photo}")
        assert status == 503
        assert json.loads(body)["error"].startswith("the ledger is damaged")
        assert b"Traceback" not in body
        assert one.ask("GET", "/api/photos/77")[0] == 404
    finally:
        one.close()


@pytest.mark.parametrize("missing", ["web", "package", "ledger"])
def test_what_it_cannot_do_without_is_said_in_one_line(tmp_path: Path, missing: str) -> None:
    settings = tmp_path / "matted.yaml"
    wanted = "" if missing == "web" else "web: {}\n"
    settings.write_text(
        f"state_dir: state\nfolders: [{{watch: inbox, results: results}}]\n{wanted}"
    )
    if missing != "ledger":
        Site(tmp_path / "x" if (tmp_path / "x").mkdir() is None else tmp_path).close()
        (tmp_path / "x" / "state").rename(tmp_path / "state")
    hidden = "import sys; sys.modules['starlette'] = None; " if missing == "package" else ""
    program = (
        f"{hidden}import sys; sys.argv = ['matted', 'web', '--config', {str(settings)!r}];"
        "from daemon.cli import main; main()"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert ran.returncode in {1, 2}
    assert len(ran.stderr.splitlines()) == 1, ran.stderr
    told = {"web": "`web: {}`", "package": "pip install 'matted[web]'", "ledger": "no daemon has"}
    assert told[missing] in ran.stderr
