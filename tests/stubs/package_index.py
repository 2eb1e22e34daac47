"""A Python package registry with one wheel, which misbehaves as it is told; and wheels."""

from __future__ import annotations

import hashlib
import io
import os
import zipfile

from model_server import ModelServer

from matting.models.package import Package

PROJECT, VERSION, MEMBER = "some-networks", "1.2.3", "networks/own/net.onnx"
METADATA = f"""\
Metadata-Version: 2.1
Name: {PROJECT}
Version: {VERSION}
Requires-Python: >=3.11, <3.12
Requires-Dist: no-such-package-anywhere
"""
FOREIGN = "manylinux_2_99_riscv64"
"""A platform on which no test runs."""


def wheel(files: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A wheel that has these files, by their paths."""
    about = f"{PROJECT.replace('-', '_')}-{VERSION}.dist-info"
    own = {
        f"{about}/METADATA": METADATA.encode(),
        f"{about}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: cp311-cp311-any\n",
        f"{about}/RECORD": b"",
    }
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", compression) as archive:
        for name, content in (files | own).items():
            archive.writestr(name, content)
    return made.getvalue()


def package(whole: bytes, content: bytes, *, platform: str | None = FOREIGN) -> Package:
    """A file of a wheel, as the catalog would have it."""
    return Package(
        project=PROJECT,
        version=VERSION,
        wheel_sha256=hashlib.sha256(whole).hexdigest(),
        wheel_bytes=len(whole),
        member=MEMBER,
        sha256=hashlib.sha256(content).hexdigest(),
        size_bytes=len(content),
        platform=platform,
    )


class PackageIndex(ModelServer):
    """Serves the simple interface; misdeeds are done to the wheel alone."""

    kind = "text/html"
    platform: str | None = FOREIGN
    lists = True
    """Whether it has the version."""

    @property
    def file_name(self) -> str:
        tags = "py3-none-any" if self.platform is None else f"cp311-cp311-{self.platform}"
        return f"{PROJECT.replace('-', '_')}-{VERSION}-{tags}.whl"

    def answer(self, path: str) -> bytes | None:
        if not path.startswith("/simple/"):
            return None
        link = f'<a href="/files/{self.file_name}">{self.file_name}</a>' if self.lists else ""
        return f"<!DOCTYPE html><html><body>{link}</body></html>".encode()

    @property
    def index(self) -> str:
        return self.address.partition("/model.onnx")[0] + "/simple"

    def environment(self) -> dict[str, str]:
        """What makes pip use this registry and none of the developer's settings."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
        return kept | {
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_INDEX_URL": self.index,
            "PIP_RETRIES": "0",
            "PIP_NO_CACHE_DIR": "1",
            "no_proxy": "*",
        }

    def wheels_asked(self) -> int:
        return sum(request["path"].startswith("/files/") for request in self.requests)
