"""Are the packages here new enough? Asked before anything else is imported."""

import tomllib
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement


def check() -> None:
    """``ImportError`` that names each package that is older than this one needs, or missing."""
    pyproject = Path(__file__).parents[2] / "pyproject.toml"  # a checkout on sys.path has no metadata
    if pyproject.is_file():
        wanted = tomllib.loads(pyproject.read_text("utf-8"))["project"]["dependencies"]
    else:
        wanted = metadata.requires("infogan-utils") or []
    problems = []
    for requirement in (Requirement(line) for line in wanted):
        if requirement.marker is not None:  # an extra's
            continue
        try:
            found = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            found = None
        if found is None or not requirement.specifier.contains(found, prereleases=True):
            problems.append(f"{requirement.name} {requirement.specifier} (found: {found or 'none'})")
    if problems:
        names = " ".join(problem.split(" ")[0] for problem in problems)
        raise ImportError(f"infogan_utils needs {', '.join(problems)}; run: pip install -U {names}")
