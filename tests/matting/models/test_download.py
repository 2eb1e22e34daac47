"""A large file from a server that behaves, and from servers that do not."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest
from model_server import ModelServer

from matting.models.download import Listener, RetryLimits, download
from matting.models.errors import ModelError, NotHad


def get(
    server: ModelServer, folder: Path, patience: RetryLimits, watch: Listener | None = None
) -> bytes:
    return download(server.address, folder, watch or Listener(), patience).read_bytes()


def test_a_file_arrives_whole_and_progress_is_told(
    server: ModelServer, tmp_path: Path, impatient: RetryLimits
) -> None:
    told: list[tuple[int, int | None]] = []
    watch = Listener(progress=lambda have, total: told.append((have, total)))
    assert get(server, tmp_path, impatient, watch) == server.content
    whole = len(server.content)
    assert told[-1] == (whole, whole)
    assert [have for have, _ in told] == sorted({have for have, _ in told})


@pytest.mark.parametrize("misdeed", ["break_off", "reset"])
def test_a_broken_connection_is_gone_on_with_where_it_broke(
    misdeed: str, server: ModelServer, tmp_path: Path, impatient: RetryLimits
) -> None:
    server.misdeeds = [misdeed, misdeed]
    assert get(server, tmp_path, impatient) == server.content
    first, second, third = server.ranges()
    assert first is None
    assert 0 < int((second or "").strip("bytes=-")) < int((third or "").strip("bytes=-"))
    assert server.requests[1]["if-range"] == '"first"'


def test_the_next_run_goes_on_too(
    server: ModelServer, tmp_path: Path, impatient: RetryLimits
) -> None:
    server.misdeeds = ["break_off", "missing"]
    with pytest.raises(NotHad, match="the server answers 404 Not Found"):
        get(server, tmp_path, impatient)
    told: list[str] = []
    assert get(server, tmp_path, impatient, Listener(told.append)) == server.content
    assert server.ranges()[-1] == f"bytes={len(server.content) // 2}-"
    assert told == ["going on after 2 MB"]


def test_a_whole_file_that_has_not_changed_is_not_sent_again(
    server: ModelServer, tmp_path: Path, impatient: RetryLimits
) -> None:
    get(server, tmp_path, impatient)
    before = server.content
    server.content = b"never sent"
    assert get(server, tmp_path, impatient) == before
    assert server.requests[-1]["if-none-match"] == '"first"'


@pytest.mark.parametrize("misdeed", ["break_off", "behave"])
def test_a_file_that_changed_between_two_tries_is_begun_anew(
    misdeed: str, server: ModelServer, tmp_path: Path, impatient: RetryLimits
) -> None:
    server.misdeeds = [misdeed, "missing"]
    if misdeed == "behave":
        get(server, tmp_path, impatient)
    else:
        with pytest.raises(NotHad):
            get(server, tmp_path, impatient)
    server.misdeeds = []
    server.content, server.etag = server.content[::-1], '"second"'
    assert get(server, tmp_path, impatient) == server.content


def test_a_date_serves_where_there_is_no_etag(
    server: ModelServer, tmp_path: Path, impatient: RetryLimits
) -> None:
    server.etag, server.modified = 'W/"weak"', "Sun, 22 Nov 2026 10:00:00 GMT"
    server.misdeeds = ["break_off"]
    assert get(server, tmp_path, impatient) == server.content
    assert server.requests[1]["if-range"] == server.modified


def test_without_either_nothing_old_is_trusted(
    server: ModelServer, tmp_path: Path, impatient: RetryLimits
) -> None:
    server.etag = None
    server.misdeeds = ["break_off"]
    assert get(server, tmp_path, impatient) == server.content
    assert server.ranges() == [None, None]


@pytest.mark.parametrize("misdeed", ["ignore_range", "send_another_part"])
def test_a_server_that_cannot_go_on_has_to_begin_anew(
    misdeed: str, server: ModelServer, tmp_path: Path, impatient: RetryLimits
) -> None:
    server.misdeeds = ["break_off", misdeed]
    assert get(server, tmp_path, impatient) == server.content


@pytest.mark.parametrize("misdeed", ["chunk", "announce_nothing"])
def test_a_file_without_an_announced_size_ends_where_it_ends(
    misdeed: str, server: ModelServer, tmp_path: Path, impatient: RetryLimits
) -> None:
    server.misdeeds = [misdeed]
    assert get(server, tmp_path, impatient) == server.content
    assert get(server, tmp_path, impatient) == server.content
    assert "if-none-match" in server.requests[-1]


def test_a_redirect_is_followed_and_the_range_with_it(
    server: ModelServer, tmp_path: Path, impatient: RetryLimits
) -> None:
    server.misdeeds = ["break_off", "redirect"]
    assert get(server, tmp_path, impatient) == server.content
    assert server.requests[-1]["path"] == "/elsewhere"
    assert server.requests[-1]["range"] == server.requests[-2]["range"]


def test_passing_trouble_is_waited_out(
    server: ModelServer, tmp_path: Path, impatient: RetryLimits
) -> None:
    server.misdeeds = ["busy", "hang_up", "behave"]
    told: list[str] = []
    assert get(server, tmp_path, impatient, Listener(told.append)) == server.content
    assert told[0] == "the server answers 503 Service Unavailable; once more in 0.01 s"


def test_a_size_that_is_announced_and_never_comes_is_given_up(
    server: ModelServer, tmp_path: Path, impatient: RetryLimits
) -> None:
    server.misdeeds = ["announce_more"] + ["announce_more"] * 9
    with pytest.raises(NotHad, match=r"the connection broke off after 3 MB of 3 MB"):
        get(server, tmp_path, impatient)
    assert len(server.requests) <= 1 + impatient.tries


def test_no_more_is_taken_than_was_announced(
    server: ModelServer, tmp_path: Path, impatient: RetryLimits
) -> None:
    """Such a file is short, as only its content can tell: a checksum, or the trial."""
    server.misdeeds = ["announce_less"]
    whole = server.content
    assert get(server, tmp_path, impatient) == whole[: len(whole) // 2]


@pytest.mark.parametrize(
    ("misdeed", "reason"),
    [
        ("hang", "the connection broke off: timed out"),
        ("break_chunks", "the connection broke off: "),
        ("hang_up", "the server cannot be reached: Remote end closed connection"),
        ("busy", "the server answers 503 Service Unavailable"),
    ],
)
def test_what_goes_on_for_ever_is_given_up_and_said_in_a_line(
    misdeed: str, reason: str, server: ModelServer, tmp_path: Path, impatient: RetryLimits
) -> None:
    server.misdeeds = [misdeed] * 9
    with pytest.raises(NotHad) as caught:
        get(server, tmp_path, impatient)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)
    assert len(server.requests) <= 1 + impatient.tries


@pytest.mark.parametrize(
    ("misdeed", "reason"),
    [
        ("missing", "the server answers 404 Not Found"),
        ("web_page", "is a web page, not a model"),
        ("redirect_to_file", "which is not followed"),
        ("redirect_to_ftp", "leads to ftp://127.0.0.1/model.onnx, which is not followed"),
        ("announce_huge", "which no model has"),
    ],
)
def test_what_will_never_be_a_model_is_not_asked_for_again(
    misdeed: str, reason: str, server: ModelServer, tmp_path: Path, impatient: RetryLimits
) -> None:
    server.misdeeds = [misdeed]
    with pytest.raises(ModelError, match=reason):
        get(server, tmp_path, impatient)
    assert len(server.requests) == 1


def test_a_file_that_does_not_fit_is_refused_before_it_comes(
    server: ModelServer, tmp_path: Path, impatient: RetryLimits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("matting.models.adoption.ROOM_BYTES", 1 << 60)
    with pytest.raises(ModelError, match=r"3 MB are needed, and the disk of .* MB free"):
        get(server, tmp_path, impatient)


def test_a_disk_that_fills_up_is_not_taken_for_a_broken_connection(
    server: ModelServer, tmp_path: Path, impatient: RetryLimits
) -> None:
    """By the process's own limit on files, which the kernel enforces as it does a quota."""
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, limit[1]))
    try:
        with pytest.raises(ModelError, match="cannot be written: File too large"):
            get(server, tmp_path, impatient)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:1/a.onnx",
        "http://[::bad/a",
        "http://host name/a",
        "http://127.0.0.1:port/",
    ],
)
def test_an_address_that_leads_nowhere_is_said_in_a_line(
    address: str, tmp_path: Path, impatient: RetryLimits
) -> None:
    with pytest.raises(NotHad) as caught:
        download(address, tmp_path, Listener(), impatient)
    assert "\n" not in str(caught.value)


def test_what_is_kept_for_the_next_try_holds_no_password(
    server: ModelServer, tmp_path: Path, impatient: RetryLimits
) -> None:
    """A part stays on the disk until somebody installs the model again, perhaps for ever."""
    address = server.address.replace("http://", "http://me:geheim@") + "?signature=streng"
    download(address, tmp_path, Listener(), impatient)
    kept = b"".join(one.read_bytes() for one in tmp_path.glob("*.json"))
    assert kept
    assert b"geheim" not in kept
    assert b"streng" not in kept
    before = len(server.requests)
    download(address, tmp_path, Listener(), impatient)
    assert server.requests[before]["if-none-match"] == '"first"'  # and yet it is known again
