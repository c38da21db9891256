"""requirements/run.txt alone is enough for every command of production."""

import os
import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("crowdspeak", "pages", "launches", "supporters", "campaigns", "accounts", "networks")

# Imports every module of ours, as web, workers and commands do, where what is named cannot be.
IMPORT_ALL = """
import importlib, pkgutil, sys

hidden = set(sys.argv[1].split(","))

class Hiding:
    def __init__(self, finder):
        self.finder = finder

    def __getattr__(self, name):
        return getattr(self.finder, name)

    def find_spec(self, name, *places):
        return None if name.partition(".")[0] in hidden else self.finder.find_spec(name, *places)

sys.meta_path[:] = [Hiding(finder) for finder in sys.meta_path]
import django
django.setup()
number = 0
for part in sys.argv[2].split(","):
    for found in pkgutil.walk_packages(importlib.import_module(part).__path__, f"{part}."):
        importlib.import_module(found.name)
        number += 1
import simulator.__main__, granian, honcho, uvloop, psycopg, redis
print(number)
"""


def read_lock(name):
    """The distributions of a lock, by their normalised names."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    return {normalise(each) for each in re.findall(r"^([\w.\[\]-]+)==", text, re.MULTILINE)}


def normalise(name):
    return re.sub(r"[-_.]+", "-", name.partition("[")[0]).lower()


def list_modules_to_hide():
    """Everything installed that no distribution of run.txt brings: what only tests have."""
    running = read_lock("run")
    return {
        module
        for module, given_by in packages_distributions().items()
        if not running & {normalise(each) for each in given_by}
    }


def test_production_imports_nothing_that_only_the_tests_install():
    hidden = list_modules_to_hide()
    assert {"pytest", "yaml", "hypothesis"} <= hidden
    assert not {"django", "celery", "granian", "aiohttp"} & hidden
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", IMPORT_ALL, ",".join(hidden), ",".join(PARTS)],
        cwd=ROOT,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "crowdspeak.settings"},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 200, "modules are found where they are"
