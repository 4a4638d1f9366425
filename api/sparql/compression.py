"""Answers in fewer bytes: the coding a client takes (RFC 9110 §12.5.3), and gzip for what is still being made."""

from __future__ import annotations

import asyncio
import gzip
import re
import zlib

#: Smaller answers go as they are: they fit one packet either way.
MIN_SIZE = 1400
#: Larger pieces are compressed in a thread, so that others are served meanwhile.
_INLINE = 8 * 1024
_LEVEL_WHOLE = 6
_LEVEL_STREAM = 1
_GZIP = 16 + zlib.MAX_WBITS
_QUALITY = re.compile(r"q\s*=\s*([01](?:\.\d{0,3})?)\s*")


def takes_gzip(accept_encoding: str | None) -> bool:
    """Whether the client takes gzip and likes it no less than the answer as it is."""
    if not accept_encoding:
        return False
    qualities: dict[str, float] = {}
    for element in accept_encoding.lower().split(",")[:32]:
        name, _, parameter = element.partition(";")
        found = _QUALITY.fullmatch(parameter.strip())
        qualities[name.strip()] = float(found[1]) if found else 0.0 if parameter.strip() else 1.0
    rest = qualities.get("*", 0.0)
    wanted = qualities.get("gzip", qualities.get("x-gzip", rest))
    return wanted > 0 and wanted >= qualities.get("identity", 0.0)


async def compressed(body: bytes) -> bytes:
    """A whole answer as gzip; equal bytes give equal bytes."""
    if len(body) <= _INLINE:
        return gzip.compress(body, _LEVEL_WHOLE, mtime=0)
    return await asyncio.to_thread(gzip.compress, body, _LEVEL_WHOLE, mtime=0)


class GzipStream:
    """Compresses an answer piece by piece; what comes out of the first piece can be read at once."""

    def __init__(self) -> None:
        self._compressor = zlib.compressobj(_LEVEL_STREAM, zlib.DEFLATED, _GZIP)
        self._begun = False

    async def add(self, piece: bytes) -> bytes:
        """What is ready to be sent once ``piece`` is taken in; may be empty."""
        if not self._begun:
            self._begun = True
            return self._compressor.compress(piece) + self._compressor.flush(zlib.Z_SYNC_FLUSH)
        if len(piece) <= _INLINE:
            return self._compressor.compress(piece)
        return await asyncio.to_thread(self._compressor.compress, piece)

    def end(self) -> bytes:
        """The last bytes; without them no client takes the answer for whole."""
        return self._compressor.flush()
