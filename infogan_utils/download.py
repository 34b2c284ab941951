"""Download a small file whole or not at all, and say in one clause what went wrong. ``data`` uses it."""

import gzip
import hashlib
import time
import urllib.error
import urllib.request
import zlib
from collections.abc import Sequence
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urlsplit

from infogan_utils.files import replacing

WAIT_S = 10  # seconds without a byte
LIMIT_S = 120  # seconds for all the files of a data set together


class DownloadError(RuntimeError):
    """A file could not be had; the message is one clause."""


def download(names: dict[str, str], mirrors: Sequence[str], folder: Path) -> str:
    """Download packed files, unpack each into ``folder`` without its ``.gz``; return the host that served the last.

    Args:
        names: md5 of each packed file by its name, e.g. ``{"t10k-labels-idx1-ubyte.gz": "ec29112d…"}``.
        mirrors: addresses to put in front of a name, tried in order.

    Raises:
        DownloadError: if a file could not be had from any mirror within the time.
        OSError: if the folder can't be written or the disk is full. No partial file is left in either case.
    """
    deadline = time.monotonic() + LIMIT_S
    used = ""
    for name, md5 in names.items():
        with replacing(folder / name.removesuffix(".gz")) as part:  # a folder that can't be written shows here
            used, packed = first_that_serves(name, md5, mirrors, deadline)
            part.write_bytes(unpack(packed, name))
    return used


def first_that_serves(name: str, md5: str, mirrors: Sequence[str], deadline: float) -> tuple[str, bytes]:
    """The host and the bytes of the first mirror whose file has the right checksum."""
    problems = []
    for mirror in mirrors:
        host = urlsplit(mirror).netloc
        try:
            packed = get(mirror + name, deadline)
        except DownloadError as error:
            problems.append(f"{host} {error}")
            continue
        if hashlib.md5(packed, usedforsecurity=False).hexdigest() == md5:
            return host, packed
        if packed.lstrip()[:1] == b"<":
            problems.append(f"{host} sent a web page in place of {name}, as a proxy or a login page does")
        else:
            problems.append(f"{host} sent a {name} with a wrong checksum")
    raise DownloadError("; ".join(problems))


def get(address: str, deadline: float) -> bytes:
    """The bytes at ``address``."""
    name = address.rsplit("/", 1)[-1]
    chunks: list[bytes] = []
    wait = min(WAIT_S, max(0.1, deadline - time.monotonic()))
    try:
        with urllib.request.urlopen(address, timeout=wait) as answer:
            expected = answer.headers.get("Content-Length")
            while chunk := answer.read1(65536):
                chunks.append(chunk)
                if time.monotonic() > deadline:
                    raise DownloadError(f"was too slow: {sum(map(len, chunks)):,} bytes of {name} in the time allowed")
    except urllib.error.HTTPError as error:
        raise DownloadError(f"answered {error.code} {error.reason} for {name}") from error
    except TimeoutError as error:
        raise DownloadError(f"sent nothing for {wait:.3g} s while {name} was read") from error
    except urllib.error.URLError as error:
        if isinstance(error.reason, TimeoutError):
            raise DownloadError(f"didn't answer within {wait:.3g} s") from error
        raise DownloadError(f"can't be reached ({error.reason})") from error
    except (HTTPException, OSError) as error:
        raise DownloadError(f"broke off {name} ({type(error).__name__})") from error
    data = b"".join(chunks)
    if expected is not None and not expected.isdecimal():
        raise DownloadError(f"gave {expected!r} as the length of {name}")
    if expected is not None and len(data) != int(expected):
        raise DownloadError(f"broke off {name} after {len(data):,} of {int(expected):,} bytes")
    return data


def unpack(packed: bytes, name: str) -> bytes:
    """The bytes inside a gzip file."""
    try:
        return gzip.decompress(packed)
    except (OSError, EOFError, zlib.error) as error:
        raise DownloadError(f"{name} can't be unpacked ({error})") from error
