"""Ask for known holes in what constraints.txt pins: exits with 1 when there are some, with 0 when nobody can be asked.

pip-audit calls it success when the advisories of a package could not be had, and failure when there is no network; both
are told apart here from what they look like.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).parent.parent
SECONDS = "10"  # that one question may take; a registry that is near answers in a tenth of one


def main() -> int:
    with TemporaryDirectory(prefix="content-api-audit-") as folder:
        report = Path(folder) / "report.json"
        command = [sys.executable, "-m", "pip_audit", "--requirement", str(ROOT / "constraints.txt")]
        # The list is whole, so that nothing has to be resolved, and nothing of it is downloaded or run.
        options = ["--no-deps", "--disable-pip", "--progress-spinner", "off", "--timeout", SECONDS]
        finished = subprocess.run(
            [*command, *options, "--format", "json", "--output", str(report)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        found = json.loads(report.read_text()) if report.is_file() else None
    failed, said = verdict(found, finished.stdout)
    print(said)  # noqa: T201
    return int(failed)


def verdict(report: dict[str, Any] | None, printed: str) -> tuple[bool, str]:
    """Whether it failed, and what to say. `report` is what pip-audit wrote; None where it ended before that."""
    if report is None:
        last = printed.strip().rpartition("\n")[2]
        return False, f"Not audited: the advisories could not be asked for. {last[:300]}"
    every = report["dependencies"]
    skipped = [one["name"] for one in every if "skip_reason" in one]
    holes = [_hole(one, hole) for one in every for hole in one.get("vulns", ())]
    if holes:
        return True, "\n".join(["Known holes in what constraints.txt pins:", *holes])
    if len(skipped) == len(every):
        return False, "Not audited: the registry that is used here has no advisories."
    if skipped:
        return True, f"No advisories can be had for {', '.join(skipped)}, but for the other packages: see why."
    return False, f"No known hole in the {len(every)} packages that constraints.txt pins."


def _hole(package: dict[str, Any], hole: dict[str, Any]) -> str:
    mended = ", ".join(hole["fix_versions"]) or "no release yet"
    return f"  {package['name']} {package['version']}: {hole['id']}, mended in {mended}"


if __name__ == "__main__":
    sys.exit(main())
