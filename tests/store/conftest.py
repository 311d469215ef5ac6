"""One fixture for everything that keeps files: whatever is asked of one store is asked of all."""

from __future__ import annotations

import os
import resource
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from content_api.store import FolderSnapshot, GitRepository, open_repository
from content_api.store.snapshot import Limits, Snapshot
from tests.repositories import ISOLATED, Change, Repository, Submodule, Symlink

Store = Callable[..., Snapshot]
FILES = {"content/site.json": b"{}", "content/causes/diabetes.json": b"1", "README": b"r"}


@pytest.fixture
def repository(tmp_path) -> Repository:
    return Repository(tmp_path / "repository")


@pytest.fixture
def opened(repository) -> Iterator[GitRepository]:
    with open_repository(repository.path) as opened:
        yield opened


@pytest.fixture(autouse=True)
def isolated(monkeypatch):
    for name, value in ISOLATED.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(params=["bare", "bare sha256", "work tree", "sub-folder", "folder", "folder sha256"])
def store(request, tmp_path) -> Iterator[Store]:
    """A function that keeps these files and returns their snapshot: `store(files, limits)`."""
    kind = request.param
    opened = []

    def keep(files: Mapping[str, Change], limits: Limits | None = None) -> Snapshot:
        if kind.startswith("folder"):
            write(tmp_path / "folder", files)
            return FolderSnapshot(tmp_path / "folder", limits, 64 if "sha256" in kind else 40)
        object_format = "sha256" if "sha256" in kind else "sha1"
        repository = Repository(tmp_path / "repository", bare="bare" in kind, object_format=object_format)
        commit = repository.commit({f"content/{path}": change for path, change in files.items()} | {"README": "x"})
        path = repository.path / "content" if kind == "sub-folder" and files else repository.path
        opened.append(open_repository(path, limits=limits))
        return opened[-1].snapshot(commit)

    yield keep
    for repository in opened:
        repository.close()


def write(folder: Path, files: Mapping[str, Change]) -> None:
    """Write files as a person would leave them; a submodule is a folder with a repository of its own."""
    folder.mkdir(exist_ok=True)
    for path, change in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        match change:
            case Symlink(target):
                place.symlink_to(target)
            case Submodule():
                (place / ".git").mkdir(parents=True)
                (place / "inside.json").write_bytes(b"{}")
            case bytes():
                place.write_bytes(change)
            case _:
                place.write_text(change or "")


@contextmanager
def unprivileged() -> Iterator[None]:
    """Be a user to whom permissions apply, also where the tests are run by root."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """A limit on what this process and those it starts may write into one file: as good as a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture
def public():
    """A repository in a folder that every user can reach, owned by the user that `unprivileged` is."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        repository = Repository(Path(folder) / "repository")
        repository.commit(FILES)
        if os.geteuid() == 0:
            subprocess.run(["chown", "-R", "65534", repository.path], check=True)
        yield repository


@pytest.fixture
def socket_at() -> Iterator[Callable[[Path], None]]:
    """A function that puts a socket at a path."""
    sockets = []

    def put(path: Path) -> None:
        sockets.append(socket.socket(socket.AF_UNIX))
        here = Path.cwd()
        os.chdir(path.parent)  # the path of a socket is at most 107 bytes long
        try:
            sockets[-1].bind(path.name)
        finally:
            os.chdir(here)

    yield put
    for each in sockets:
        each.close()


@pytest.fixture(scope="module", params=["sha1", "sha256"])
def many(request, tmp_path_factory):
    """A repository for many branches, and it opened."""
    repository = Repository(tmp_path_factory.mktemp("many") / "r", bare=True, object_format=request.param)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ISOLATED.items():
            patch.setenv(name, value)
        with open_repository(repository.path, folder="content") as opened:
            yield repository, opened


def clone(repository, path, depth):
    command = ["git", "clone", "--quiet", "--bare", f"--depth={depth}", repository.path.as_uri(), path]
    subprocess.run(command, check=True)
    return path
