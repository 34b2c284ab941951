"""Download the files of a data set by pooch: each file whole and checked, or not there at all."""

import time
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import pooch
import requests

WAIT_S = 10  # seconds without a byte after which a server is given up
LIMIT_S = 120  # seconds for the files of a data set together

pooch.get_logger().setLevel("WARNING")  # what it would print of each file, ``DataSet.source`` says in one sentence


class NotAtHand(Exception):
    """The files can't be had; the message is a clause that says why."""


def cache() -> Path:
    """The folder for downloads. ``RuntimeError`` where this user has no home folder."""
    return Path.home() / ".cache" / "infogan_utils"


def deadline() -> SimpleNamespace:
    """What ends a download that takes too long in all: pooch takes it for a progress bar, told of each kilobyte."""
    end = time.monotonic() + LIMIT_S

    def update(_: int) -> None:
        if time.monotonic() > end:
            raise TimeoutError

    return SimpleNamespace(total=0, update=update, reset=lambda: None, close=lambda: None)


def fetch(files: Sequence[tuple[str, str]], mirrors: Sequence[str], folder: Path) -> str:
    """Download those (name, md5) that ``folder`` lacks, or holds altered; return the host that served.

    ``mirrors`` are addresses to put before a name, tried in order. ``NotAtHand`` if none has a file within the time;
    ``OSError`` if the folder can't be written, or the disk is full.
    """
    host, downloader = "", pooch.HTTPDownloader(timeout=WAIT_S, progressbar=deadline())
    for name, md5 in files:
        clauses = []
        for mirror in mirrors:
            host = urlsplit(mirror).netloc
            try:
                pooch.retrieve(mirror + name, f"md5:{md5}", name, folder, downloader=downloader)
                break
            except requests.HTTPError as error:
                clauses.append(f"{host} answered {error.response.status_code} for {name}")
            except requests.RequestException as error:
                clauses.append(f"{host} can't be reached, fell silent or broke off {name} ({type(error).__name__})")
            except ValueError:  # pooch's, for a wrong checksum
                clauses.append(f"{host} sent something else than {name}, as a proxy or a login page does")
            except TimeoutError:
                clauses.append(f"{host} was too slow: after {LIMIT_S} s {name} was not done")
        else:
            raise NotAtHand(f"the download failed: {'; '.join(clauses)}")
    return host
