"""Where the files of a version are, as a person at a terminal finds them."""

from __future__ import annotations

from pathlib import Path, PurePath

from content_api.store import GitRepository, Opened


def folder_of(opened: Opened) -> PurePath:
    """The content folder, from the current directory where it is below that; a bare repository's is inside itself."""
    repository = opened.repository
    if repository is None:
        return _from_here(Path(opened.snapshot.place))
    return folder_in(repository)


def folder_in(repository: GitRepository) -> PurePath:
    if repository.location.work_tree is None:
        return PurePath(repository.folder)
    return _from_here(repository.location.work_tree / repository.folder)


def _from_here(folder: Path) -> PurePath:
    here, folder = Path.cwd(), folder.resolve()
    return folder.relative_to(here) if folder.is_relative_to(here) else folder
