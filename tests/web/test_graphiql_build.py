"""The built GraphiQL is committed so that serving needs no Node; here it meets its sources again."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.live import ROOT
from tests.needs import needs, needs_folder

SOURCES = ROOT / "content_api" / "web" / "graphiql"
BUILT = ROOT / "content_api" / "web" / "static"


@needs("node")
@needs_folder(SOURCES / "node_modules", made_by="`make test-node-deps`")
def test_the_committed_files_are_what_the_sources_build(tmp_path: Path):
    subprocess.run(["node", "build.mjs", str(tmp_path)], cwd=SOURCES, check=True, capture_output=True, timeout=120)
    built = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    committed = {name: (BUILT / name).read_bytes() if (BUILT / name).exists() else None for name in built}
    differing = [name for name in sorted(built) if built[name] != committed[name]]
    assert differing == [], "run `make graphiql` and commit content_api/web/static/"
    assert sorted(built) == ["graphiql.css", "graphiql.html", "graphiql.js", "graphiql.licences.txt"]


def test_the_page_names_no_other_host_and_runs_no_inline_script():
    page = (BUILT / "graphiql.html").read_text(encoding="utf-8")
    assert "//" not in page.replace("http://www.w3.org/2000/svg", "")
    assert page.count("<script") == page.count("<script src=")


def test_lock_files_name_no_host_to_download_from():
    for lock in (SOURCES / "package-lock.json", ROOT / "tests" / "node" / "package-lock.json"):
        assert '"resolved"' not in lock.read_text(encoding="utf-8"), f"{lock}: its folder's .npmrc leaves these out"
