"""What is imported in less time is imported, and the garbage collector is left as it was."""

from __future__ import annotations

import gc
import json
import subprocess
import sys

import pytest

from content_api.importing import imported


def test_a_module_is_imported_while_the_collector_rests():
    program = (
        "import gc, json, sys; from content_api.importing import imported; runs = [];"
        " gc.callbacks.append(lambda phase, about: runs.append(phase));"
        " found = imported('content_api.content.models');"
        " print(json.dumps([len(runs), found is sys.modules['content_api.content.models'], gc.isenabled(),"
        " gc.get_freeze_count() > 10_000]))"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=60)
    assert json.loads(done.stdout) == [0, True, True, True]


def test_what_is_there_already_is_given_and_nothing_is_frozen():
    frozen = gc.get_freeze_count()
    assert imported("json") is json
    assert gc.get_freeze_count() <= frozen


@pytest.mark.parametrize("enabled", [True, False])
def test_the_collector_is_as_it_was_after_an_import_that_fails(enabled):
    was = gc.isenabled()
    (gc.enable if enabled else gc.disable)()
    try:
        with pytest.raises(ModuleNotFoundError):
            imported("content_api.nothing")
        assert gc.isenabled() is enabled
    finally:
        (gc.enable if was else gc.disable)()
