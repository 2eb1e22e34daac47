"""What filing needs, taken down again: who pays when that happens unexpectedly."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness import STUBS, write_photo

from daemon.config.load import parse
from daemon.errors import LedgerTrouble
from daemon.filing import assembly
from daemon.filing.assembly import destination
from daemon.ledger import Ledger, State
from daemon.log import events
from daemon.photo import Sighting, Version
from matting.process.host import EngineHost, EngineSpec


@pytest.fixture(scope="module")
def engine() -> Iterator[EngineHost]:
    spec = EngineSpec("stub_engine", {}, extra_path=(str(STUBS),))
    with (
        tempfile.TemporaryDirectory() as runtime,
        EngineHost(spec, Path(runtime), lambda _, __: None) as host,
    ):
        host.start()
        yield host


@pytest.mark.parametrize(
    ("error", "attempts"),
    [(RuntimeError("a defect"), 1), (LedgerTrouble("full"), 0), (KeyboardInterrupt(), 0)],
    ids=["unexpected", "on purpose", "Ctrl-C"],
)
def test_an_attempt_is_refunded_only_if_we_know_why_we_end(
    tmp_path: Path, engine: EngineHost, error: BaseException, attempts: int
) -> None:
    """Else a photo that trips a defect of ours would end every start, for ever, free of charge."""
    settings = parse(
        "state_dir: state\nworkers: 1\nlimits: {min_free_mb: 0}\n"
        "folders: [{watch: in, results: out}]",
        source="test.yaml",
        base=tmp_path,
    )
    for name in ("out", "snapshots"):
        (tmp_path / name).mkdir()
    photo = write_photo(tmp_path / "in" / "a.png")
    folder = settings.folders[0]
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        seen = Sighting(str(folder.watch), b"a.png", Version.of(os.lstat(photo)), 0.0)
        noticed = ledger.notice(seen, time.time())
        assert noticed is not None
        with (  # noqa: PT012 - what is raised within is the point
            pytest.raises(type(error)),
            assembly.opened(
                settings,
                ledger,
                engine,
                snapshots=tmp_path / "snapshots",
                wake=lambda: None,
                log=events.silent(),
            ) as filing,
        ):
            filing.serve({str(folder.watch): destination(folder, settings)})
            filing.turn()
            assert filing.at_work
            raise error
        entry = ledger.entry(noticed.id)
    assert entry is not None
    assert entry.photo.attempts == attempts
    assert entry.state is (State.WORKING if attempts else State.RETRYING)
