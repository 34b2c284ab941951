"""Are the packages here new enough? Asked before anything else is imported."""

import sys
from contextlib import suppress
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

OLDEST = (3, 11)  # of Python, as in pyproject.toml, which needs it to be read


def check() -> None:
    """``ImportError`` that names each package that is older than this one needs, or missing; Python, too."""
    if sys.version_info < OLDEST:
        newer, here = (".".join(map(str, version[:2])) for version in (OLDEST, sys.version_info))
        raise ImportError(f"infogan_utils needs Python {newer} or newer, this is {here}")
    import tomllib

    pyproject = Path(__file__).parents[2] / "pyproject.toml"  # a checkout on sys.path has no metadata
    if pyproject.is_file():
        wanted = tomllib.loads(pyproject.read_text("utf-8"))["project"]["dependencies"]
    else:
        wanted = metadata.requires("infogan-utils") or []
    problems = {}
    for package in map(Requirement, wanted):
        found = None
        with suppress(metadata.PackageNotFoundError):
            found = metadata.version(package.name)
        old = found is None or not package.specifier.contains(found, prereleases=True)
        if old and package.marker is None:  # a marker: an extra's
            problems[package.name] = f"{package.name} {package.specifier} (found: {found or 'none'})"
    if problems:
        needs = ", ".join(problems.values())
        raise ImportError(f"infogan_utils needs {needs}; run: pip install -U {' '.join(problems)}")
