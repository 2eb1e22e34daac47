"""What the machine allows: watches, memory for large photos, a GPU."""

from __future__ import annotations

import os
from pathlib import Path

from daemon.config.settings import Folder, Settings
from daemon.doctor.finding import Finding, Severity
from daemon.machine.capacity import Capacity, largest_megapixels, need_bytes

_ENOUGH_WATCHES = 100_000
_WATCHES = Path("/proc/sys/fs/inotify/max_user_watches")
_NVIDIA = Path("/proc/driver/nvidia/version")


def watches(settings: Settings) -> Finding:
    """Whether all directories can be watched."""
    what = "inotify watches"
    allowed = int(_WATCHES.read_text()) if _WATCHES.exists() else 0
    wanted = sum(_count_directories(folder) for folder in settings.folders)
    if wanted > allowed * 0.8 and wanted < _ENOUGH_WATCHES:
        told = (
            f"{wanted} directories are watched and {allowed} watches allowed for all programs;"
            " raise fs.inotify.max_user_watches, or photos are found by scans only"
        )
        return Finding(what, Severity.NOTE, told)
    return Finding(what, Severity.OK, f"{allowed} allowed, {wanted} needed")


def _count_directories(folder: Folder) -> int:
    if not folder.recursive:
        return 1
    found = 0
    for _ in os.walk(os.fsencode(folder.watch)):
        found += 1
        if found >= _ENOUGH_WATCHES:
            break
    return found


def memory(settings: Settings) -> Finding:
    """How large a photo may be before its process has too little memory."""
    limits, count = settings.limits, Capacity.here().workers(settings.workers)
    each = Capacity.here().each_bytes(limits.photo_memory_mb, count)
    largest = largest_megapixels(each)
    told = f"{count} at once, {each / 1e9:.1f} GB each: enough for {largest:.0f} megapixels"
    if largest >= limits.max_megapixels:
        return Finding("photos", Severity.OK, f"{told}, and {limits.max_megapixels:g} are taken")
    need = need_bytes(limits.max_megapixels) / 1e9
    told += f"; {limits.max_megapixels:g} are taken, which need {need:.1f} GB, and larger photos"
    told += " fail: give fewer `workers` or more `limits.photo_memory_mb`"
    return Finding("photos", Severity.NOTE, told)


def gpu() -> Finding:
    """Which one there is."""
    if not _NVIDIA.exists():
        return Finding("GPU", Severity.OK, "no NVIDIA driver is loaded; engines run on the CPU")
    return Finding("GPU", Severity.OK, _NVIDIA.read_text().splitlines()[0].strip())
