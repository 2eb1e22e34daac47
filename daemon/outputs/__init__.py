"""What is filed for each photo. A new kind is a module here and a line in ``OUTPUTS``."""

from __future__ import annotations

from daemon.outputs import channel, composition, foreground, matte, photoshop, sidecar
from daemon.outputs.output import Output

OUTPUTS: dict[str, Output] = {
    "foreground": foreground,
    "matte": matte,
    "composition": composition,
    "photoshop": photoshop,
    "channel": channel,
    "sidecar": sidecar,
}
