"""Who works on the photos: what cannot be is said when settings are read, in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from daemon.config.load import parse
from daemon.config.settings import Settings
from daemon.errors import SettingsError


def settings(executor: dict[str, Any], base: Path) -> Settings:
    given = {
        "state_dir": "state",
        "executor": executor,
        "folders": [{"watch": "inbox", "results": "results"}],
    }
    return parse(yaml.safe_dump(given), source="matted.yaml", base=base)


def test_without_a_word_on_it_this_machine_works_alone(tmp_path: Path) -> None:
    plain = settings({}, tmp_path)
    assert plain.executor.name == "local"
    assert plain.certificates == tmp_path / "state" / "cluster"


def test_one_address_is_enough_for_several_machines(tmp_path: Path) -> None:
    several = settings({"name": "dask", "address": "192.168.1.10:8786"}, tmp_path)
    assert several.executor.address == "tls://192.168.1.10:8786"
    assert several.certificates == tmp_path / "state" / "cluster"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("TLS://Studio.local:8786", "tls://studio.local:8786"),
        ("[fe80::1]:8786", "tls://[fe80::1]:8786"),
        ("studio:08786", "tls://studio:8786"),
    ],
)
def test_an_address_has_one_spelling(written: str, meant: str, tmp_path: Path) -> None:
    assert settings({"address": written}, tmp_path).executor.address == meant


@pytest.mark.parametrize(
    ("executor", "fault"),
    [
        ({"name": "dask"}, "dask needs `address`, where workers join"),
        ({"name": "dusk"}, "should be local, dask, not 'dusk'; did you mean dask?"),
        ({"adress": "a:1"}, "did you mean address?"),
        ({"address": "tcp://10.0.0.1:8786"}, "tcp:// is not spoken between machines, only tls://"),
        ({"address": "10.0.0.1"}, "needs a port"),
        ({"address": "10.0.0.1:99999"}, "needs a port from 1 to 65535"),
        ({"address": "10.0.0.1:²"}, "needs a port"),
        ({"address": ":8786"}, "needs a host's name or address"),
        ({"address": "user@host:8786"}, "needs a host's name or address"),
        ({"address": "0.0.0.0:8786"}, "is every network there is; give this machine's own"),
        ({"address": "[::]:8786"}, "is every network there is; give this machine's own"),
        ({"worker_ttl_s": 1}, "should be greater than or equal to 5"),
        ({"paths": {"scans": "/mnt/studio"}}, "scans should be an absolute path"),
        ({"paths": {"/srv/scans": "mnt"}}, "mnt should be an absolute path"),
        ({"paths": {"/srv/a\0": "/mnt"}}, "has a zero byte in it"),
    ],
)
def test_what_cannot_be_is_one_clear_line(
    executor: dict[str, Any], fault: str, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError) as caught:
        settings(executor, tmp_path)
    assert fault in str(caught.value)
    assert len(caught.value.faults) == 1


def test_mapped_paths_are_kept_as_they_are_since_a_share_may_be_away(tmp_path: Path) -> None:
    """A symlink is not followed: it may lead to the bare mount point now, and elsewhere later."""
    (tmp_path / "link").symlink_to("elsewhere")
    mapped = settings({"paths": {"/srv/scans/": f"{tmp_path}/link/"}}, tmp_path).executor.paths
    assert mapped == {"/srv/scans": f"{tmp_path}/link"}
