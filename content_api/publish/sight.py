"""What a look at a repository sees: where its branch is, and everything that names its versions."""

from __future__ import annotations

from dataclasses import dataclass

from content_api.publish.branch import Branch


@dataclass(frozen=True, slots=True)
class Sight:
    """What a look saw. Equal sights mean that nothing moved."""

    tip: str
    pinned: bool
    refs: frozenset[tuple[str, str]]
    branch: str | None = None
    """Where the branch itself is while something else is pinned: what it recalls is hidden all the same."""


def see(branch: Branch) -> Sight:
    """Where the branch and everything that names its versions are now. Blocks."""
    refs = branch.refs()
    tip, pinned = branch.tip(refs)
    return Sight(tip, pinned, frozenset(refs.items()), branch.repository.resolve(branch.ref) if pinned else None)
