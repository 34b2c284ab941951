"""What the tests of this folder do on a machine without Chromium."""

import os
import subprocess
import sys

import pytest

from . import lab


@pytest.mark.parametrize(("ci", "outcome"), [("", "1 skipped"), ("true", "1 error")])
def test_without_a_browser_they_are_skipped_with_the_reason_and_in_ci_they_fail(ci, outcome, tmp_path):
    command = [sys.executable, "-m", "pytest", "-q", "-rsE", "-p", "no:cacheprovider", "tests/browser/test_panels.py"]
    environment = (
        {k: v for k, v in os.environ.items() if k != "CI"} | {"PATH": str(tmp_path)} | ({"CI": ci} if ci else {})
    )
    done = subprocess.run([*command, "-k", "run_all"], cwd=lab.ROOT, env=environment, capture_output=True, text=True)
    assert outcome in done.stdout, done.stdout + done.stderr
    assert "none of chromium" in done.stdout and "apt-get install chromium" in done.stdout
