"""What an image in a request costs, in tokens, by OpenAI's published rule for its tile-based models."""

from base64 import b64decode
from binascii import Error as Base64Error
from math import ceil
from typing import Final

LOW_DETAIL: Final = 85
TILE: Final = 170
UNKNOWN: Final = LOW_DETAIL + 4 * TILE
"""An image whose size is not known counts as 1024 x 1024 at high detail."""

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_HEAD: Final = 64
"""Base64 characters that hold a PNG's signature and its size."""


def image_tokens(url: str, detail: str) -> int:
    """Tokens of one image: 85 at low detail; else 85 and 170 a tile of 512 px, after scaling into 2048 px and 768 px.

    The size is read from a PNG in a ``data:`` address; other images count as 1024 x 1024. Source: OpenAI, Images and
    vision, Calculating costs.
    """
    if detail == "low":
        return LOW_DETAIL
    size = _png_size(url)
    if size is None:
        return UNKNOWN
    width, height = size
    scale = min(1.0, 2048 / max(width, height))
    scale *= min(1.0, 768 / (min(width, height) * scale))
    return LOW_DETAIL + TILE * ceil(width * scale / 512) * ceil(height * scale / 512)


def _png_size(url: str) -> tuple[int, int] | None:
    head, comma, data = url.partition(",")
    if not comma or not head.startswith("data:image/png"):
        return None
    try:
        start = b64decode(data[:_HEAD])
    except (Base64Error, ValueError):
        return None
    if len(start) < 24 or not start.startswith(_PNG):
        return None
    width, height = int.from_bytes(start[16:20], "big"), int.from_bytes(start[20:24], "big")
    return (width, height) if width and height else None
