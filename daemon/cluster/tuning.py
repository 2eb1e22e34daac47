"""Dask's settings as we want them: few timers, no profiler, certificates on both sides.

By default a scheduler without work takes 1.6 % of a core and a worker 4 %; with these, a tenth.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from distributed import Scheduler, Worker
from distributed.security import Security

SETTINGS: Mapping[str, Any] = {
    # A photo that was with a worker when that vanished goes back to the ledger, and nowhere else.
    "distributed.scheduler.allowed-failures": 0,
    "distributed.scheduler.work-stealing": False,
    "distributed.scheduler.worker-saturation": "inf",
    # By the wall clock, which may be set; silence is counted by ours (daemon/cluster/exchange.py).
    "distributed.scheduler.worker-ttl": None,
    "distributed.scheduler.active-memory-manager.start": False,
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    "distributed.scheduler.events-cleanup-delay": "10 minutes",
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": False,
    "distributed.worker.profile.enabled": False,
    "distributed.worker.daemon": False,
    "distributed.admin.system-monitor.interval": "30s",
    "distributed.admin.system-monitor.disk": False,
    "distributed.admin.system-monitor.host-cpu": False,
    "distributed.admin.tick.interval": "2s",
    "distributed.admin.tick.limit": "60s",
    "distributed.admin.tick.cycle": "10s",
    "distributed.admin.log-length": 100,
    "distributed.diagnostics.nvml": False,
    "distributed.diagnostics.computations.max-history": 1,
    "distributed.diagnostics.erred-tasks.max-history": 1,
    "distributed.comm.timeouts.connect": "10s",
    "distributed.comm.timeouts.tcp": "30s",
    "distributed.comm.compression": False,
    "distributed.comm.tls.min-version": 1.3,
    "distributed.client.heartbeat": "30s",
}


class _NoPages:
    """Without the pages for people that both serve in plain HTTP to whoever asks.

    ``dashboard=False`` only leaves out those that need bokeh. On the others stand the names of
    photos, addresses and logs; and nothing in a cluster is to be heard without a certificate.
    """

    def start_http_server(self, *_: Any, **__: Any) -> None:
        """Start none."""


class PlainScheduler(_NoPages, Scheduler):  # type: ignore[misc] # of any type where Dask is not installed
    """Dask's scheduler, and nothing else."""


class PlainWorker(_NoPages, Worker):  # type: ignore[misc] # likewise
    """Dask's worker, and nothing else."""


def security(ca: Path, cert: Path, key: Path) -> Security:
    """Who may speak: whoever has a certificate of this authority, and nobody without."""
    own = {
        f"tls_{role}_{what}": str(path)
        for role in ("scheduler", "worker", "client")
        for what, path in (("cert", cert), ("key", key))
    }
    return Security(require_encryption=True, tls_ca_file=str(ca), **own)
