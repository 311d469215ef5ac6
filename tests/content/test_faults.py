"""Whatever a person can put into a folder or a commit is refused in words, from both stores."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from content_api.content.load import load
from content_api.content.problems import ContentRefused, Problem
from content_api.errors import OperatorError, SnapshotTooLarge
from content_api.store import FolderSnapshot, open_repository
from content_api.store.snapshot import Limits, Snapshot
from tests import world
from tests.content.refusal import Told, seen, world_edition
from tests.repositories import ISOLATED, Change, Repository, Submodule, Symlink

Keep = Callable[..., Snapshot]
MOON = "conditions/moon-hiccups.json"
BEFORE = sorted(world_edition().library.records)


@pytest.fixture(autouse=True)
def isolated(monkeypatch):
    for name, value in ISOLATED.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(params=["git", "folder"])
def keep(request, tmp_path) -> Iterator[Keep]:
    """A function that puts files into a store as a person would, and returns their snapshot."""
    opened = []

    def in_git(files: Mapping[str, Change], *, limits: Limits | None = None, message: str = "Change") -> Snapshot:
        repository = Repository(tmp_path / "repository", bare=True)
        commit = repository.commit({f"content/{path}": change for path, change in files.items()}, message=message)
        opened.append(open_repository(repository.path, limits=limits, folder="content"))
        return opened[-1].snapshot(commit)

    def in_folder(files: Mapping[str, Change], *, limits: Limits | None = None, message: str = "") -> Snapshot:
        write(tmp_path / "content", files)
        return FolderSnapshot(tmp_path / "content", limits)

    yield in_git if request.param == "git" else in_folder
    for repository in opened:
        repository.close()


def write(folder: Path, files: Mapping[str, Change]) -> None:
    folder.mkdir()
    for path, change in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        match change:
            case Symlink(target):
                place.symlink_to(target)
            case Submodule():
                (place / ".git").mkdir(parents=True)
            case bytes():
                place.write_bytes(change)


def refused(snapshot: Snapshot, **options: object) -> tuple[Problem, ...]:
    with pytest.raises(ContentRefused) as refusal:
        load(snapshot, **options)  # type: ignore[arg-type]
    return refusal.value.problems


def test_the_world_loads_from_both_stores_alike(keep):
    assert load(keep(world.files())).library == world_edition().library


def test_row_7_a_huge_file_is_refused_by_its_size_and_path(keep):
    files = world.edited({MOON: world.files()[MOON] + b" " * 1_000_000})
    [problem] = refused(keep(files))
    assert (problem.path, problem.rule) == (MOON, "file_size")
    assert problem.expected == "A content file has at most 1,000,000 bytes"


MANY = len(world.files())
MUCH = sum(map(len, world.files().values()))
LAST = "treatments/warm-socks.json"
TOO_LARGE = {
    "a file too many": (Limits(files=MANY - 1), f"too many files or folders up to here; at most {MANY - 1}"),
    "a byte too many": (Limits(content_bytes=MUCH - 1), f"{LAST}: too many bytes in all files up to here; at most"),
}


@pytest.mark.parametrize("fault", TOO_LARGE)
def test_row_7_too_many_files_or_bytes_are_refused(keep, fault):
    limits, words = TOO_LARGE[fault]
    with pytest.raises(SnapshotTooLarge, match=words):
        load(keep(world.files(), limits=limits))


def test_row_7_as_many_files_and_bytes_as_may_be_are_read(keep):
    assert load(keep(world.files(), limits=Limits(files=MANY, content_bytes=MUCH))).library.records


def test_row_8_folders_too_deep_are_refused(keep):
    with pytest.raises((OperatorError, ContentRefused), match="16"):
        load(keep(world.files() | {"a/" * 300 + "a.json": b"{}"}))


BROKEN = {
    "cut": (lambda data: data[:-20], "The file ends in the middle"),
    "empty": (lambda data: b"", "The file is empty"),
    "a list": (lambda data: b"[]", "The file holds a list"),
    "a trailing comma": (lambda data: data[:-3] + b",\n}\n", "There is a comma before a closing bracket"),
    "conflict markers": (
        lambda data: data.replace(b'  "kind"', b'<<<<<<< HEAD\n  "kind"'),
        "A merge conflict was left",
    ),
    "a duplicate key": (lambda data: data.replace(b'"DISEASE",', b'"DISEASE", "kind": "DISEASE",'), "stands twice"),
    "NaN": (lambda data: data.replace(b'"DISEASE"', b"NaN"), "`NaN` is no JSON value"),
    "1e400": (lambda data: data.replace(b'"minAgeYears": 7', b'"minAgeYears": 1e400'), "`minAgeYears` is `Infinity`"),
    "a lone surrogate": (
        lambda data: data.replace(b'"DISEASE"', b'"\\ud800"'),
        "An escape stands for half a character",
    ),
    "NUL": (lambda data: data.replace(b"DISEASE", b"DIS\0EASE"), "There is a control character"),
    "an escaped NUL": (lambda data: data.replace(b"DISEASE", b"DIS\\u0000EASE"), "There is a NUL character"),
    "a BOM": (lambda data: b"\xef\xbb\xbf" + data, "The file begins with a byte order mark (BOM)"),
    "UTF-16": (lambda data: data.decode().encode("utf-16"), "The file is in UTF-16"),
    "brackets": (lambda data: b"[" * 100_000, "Brackets are nested too deeply"),
    "5,000 digits": (lambda data: data.replace(b'"DISEASE"', b"7" * 5_000), "A number has 5,000 digits"),
    "latin-1": (lambda data: data.replace("Ü".encode(), b"\xdc").replace("ö".encode(), b"\xf6"), "is not UTF-8"),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_rows_9_to_11_a_broken_file_is_refused_with_its_own_words(keep, fault):
    damage, words = BROKEN[fault]
    files = world.edited({MOON: damage(world.files()[MOON]), "causes/old-moonlight.json": b"{}x"})
    problems = refused(keep(files))
    assert [problem.path for problem in problems] == ["causes/old-moonlight.json", MOON], (
        "all files, not the first alone"
    )
    assert words in problems[1].found
    assert problems[1].line >= 1
    assert problems[1].column >= 1


def test_row_11_line_ends_of_windows_are_accepted(keep):
    files = {path: data.replace(b"\n", b"\r\n") for path, data in world.files().items()}
    assert load(keep(files)).library.indexes == world_edition().library.indexes


@pytest.mark.parametrize(
    ("id", "words"),
    [
        ("star-sneezes", "The id is `star-sneezes`, which belongs to conditions/star-sneezes.json, but the file is"),
        ("moon-hicups", "The id is `moon-hicups`, which belongs to conditions/moon-hicups.json, but the file is"),
        (world.REMOVED, "`id` is missing"),
        (7, "`id` is `7`"),
        ("../../etc/passwd", '`id` is `"../../etc/passwd"`'),
    ],
)
def test_row_12_an_id_is_that_of_its_file_and_both_paths_are_named(keep, id, words):
    [problem] = refused(keep(world.edited({MOON: {"/id": id}})))
    assert (problem.path, problem.pointer) == (MOON, "/id")
    assert problem.found.startswith(words)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {MOON: {"/causes/0/cause": "late-comet"}},
            Told(
                MOON,
                '"cause": "late-comet",',
                "/causes/0/cause",
                "references_resolve",
                "There is no cause `late-comet`",
                "Expected the id of a cause",
                "Did you mean `late-comets`?",
            ),
        ),
        (
            {MOON: {"/causes/0/cause": "warm-socks"}},
            Told(
                MOON,
                '"cause": "warm-socks",',
                "/causes/0/cause",
                "references_resolve",
                "`warm-socks` is a treatment",
                "Expected the id of a cause",
            ),
        ),
        (
            {"treatments/warm-socks.json": {"/alternatives/0": "warm-socks"}},
            Told(
                "treatments/warm-socks.json",
                '"warm-socks"',
                "/alternatives/0",
                "references_resolve",
                "`treatment/warm-socks` refers to itself",
                "Expected another entity",
            ),
        ),
        (
            {"symptoms/glowing-ears.json": {"/partOf": "left-ear-glow"}},
            Told(
                "symptoms/left-ear-glow.json",
                '"partOf": "glowing-ears",',
                "/partOf",
                "no_cycles",
                "This closes a circle: symptom/glowing-ears -> symptom/left-ear-glow -> symptom/glowing-ears",
                "Break the circle",
            ),
        ),
    ],
    ids=["dangling", "of the wrong kind", "to itself", "cyclic"],
)
def test_row_13_a_reference_that_cannot_be_followed_is_refused(keep, changes, told):
    files = world.edited(changes)
    assert [seen(problem, files) for problem in refused(keep(files))] == [told]


def test_row_13_cycles_that_the_model_allows_are_accepted(keep):
    """Two conditions overlap each other, two treatments are alternatives to each other."""
    files = world.edited({"treatments/quiet-tea.json": {"/alternatives": ["warm-socks"]}})
    assert load(keep(files)).library.records


@pytest.mark.parametrize(
    ("edit", "pointer", "words"),
    [
        ({"/unheard": 1}, "/unheard", "The field `unheard` is not known"),
        ({"/state": 7}, "/state", "`state` is `7`"),
        ({"/state": world.REMOVED}, "/state", "`state` is missing"),
        ({"/state": None}, "/state", "`state` is null"),
        ({"/text/en/sections/0/channels/fax": {}}, "/text/en/sections/0/channels/fax", "The field `fax` is not known"),
    ],
    ids=["unknown field", "unknown type", "missing field", "null", "deep down"],
)
def test_row_14_a_field_that_does_not_fit_is_refused_with_its_pointer(keep, edit, pointer, words):
    [problem] = refused(keep(world.edited({MOON: edit})))
    assert (problem.path, problem.pointer, problem.found) == (MOON, pointer, words)


@pytest.mark.parametrize(
    "other", ["Conditions/moon-hiccups.md", "conditions/Moon-Hiccups.json", "SITE.JSON"], ids=["folder", "file", "top"]
)
def test_row_15_names_that_collide_are_refused(keep, other):
    snapshot = keep(world.files() | {other: b"{}"})
    problems = refused(snapshot)
    assert refused(snapshot, known=world_edition()) == problems
    [problem] = [problem for problem in problems if problem.rule == "name_collisions"]
    assert problem.path == other
    assert "differ only in case or in how accents are written" in problem.found


def test_row_15_names_that_collide_when_normalised_are_refused(keep):
    problems = refused(keep(world.files() | {"notes/caf\u00e9.md": b"", "notes/cafe\u0301.md": b""}))
    assert {problem.rule for problem in problems} == {"file_names", "name_collisions"}


@pytest.mark.parametrize(
    ("path", "change", "words"),
    [
        (MOON, Symlink("star-sneezes.json"), "This is a symlink"),
        ("README.md", Symlink("/etc/passwd"), "This is a symlink"),
        ("vendor", Symlink("conditions"), "This is a symlink"),
        ("conditions/vendor", Submodule("1" * 40), "This is a submodule"),
        (MOON, b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 9\n", "This is a Git LFS pointer"),
    ],
    ids=["symlink", "symlink out", "symlink to a folder", "submodule", "LFS pointer"],
)
def test_row_16_what_is_no_plain_file_is_refused_by_name(keep, path, change, words):
    [problem] = refused(keep({**world.files(), path: change}))
    assert (problem.path, problem.rule) == (path, "plain_files")
    assert problem.found.startswith(words)


ODD_NAMES = [
    "a b.json",
    "a\nb.json",
    "a.json\n",
    "a\\b.json",
    "a\u202eb.json",
    "-rf.json",
    "caf\u00e9.json",
    "\udcff.json",
    "a:b.md",
]


@pytest.mark.parametrize("name", ODD_NAMES, ids=ascii)
def test_row_17_odd_names_are_refused_and_escaped(keep, name):
    [problem] = refused(keep(world.files() | {f"conditions/{name}": b"{}"}))
    assert problem.rule == "file_names"
    assert problem.path.startswith("conditions/")
    assert str(problem).replace("\u00a0", "").isprintable()


# --- Row 18 ----------------------------------------------------------------------------------------------------------

ENTITY_FOLDERS = ("conditions/", "symptoms/", "causes/", "treatments/", "cautions/")


def test_row_18_an_empty_tree_is_refused(keep):
    [problem] = refused(keep({"README.md": b"Nothing here."}), before=BEFORE)
    assert (problem.path, problem.found) == ("site.json", "There is no site.json")


def test_row_18_a_version_without_half_of_its_entities_is_refused(keep):
    rest = {path: data for path, data in world.files().items() if not path.startswith(ENTITY_FOLDERS)}
    problems = refused(keep(rest), before=BEFORE)
    assert (problems[0].path, problems[0].found) == ("site.json", "13 of 13 entities are gone")


def test_row_18_a_commit_may_say_that_it_is_meant(tmp_path):
    """A folder has no message, and nothing before it."""
    repository = Repository(tmp_path / "repository")
    gone = {path: None for path in world.files() if path.startswith(ENTITY_FOLDERS)}
    kept = "cautions/all-made-up.json"
    recall = {"reason": {"en": "Made up."}, "since": "2026-11-01T00:00:00Z"}
    recalls = world.edited(
        {"recalls.json": {"/recalls": [recall | {"id": key} for key in BEFORE if key != "caution/all-made-up"]}}
    )["recalls.json"]
    repository.commit({f"content/{path}": data for path, data in world.files().items()})
    left = gone | {kept: world.files()[kept], "recalls.json": recalls}
    left["redirects.json"] = world.edited({"redirects.json": {"/redirects": []}})["redirects.json"]
    silent = repository.commit({f"content/{path}": change for path, change in left.items()}, message="Start again")
    repository.branch("silent", silent)
    meant = repository.commit({"README": "x"}, message="Start again\n\nAllow-Mass-Delete: yes\n")
    with open_repository(repository.path, folder="content") as opened:
        assert [problem.rule for problem in refused(opened.snapshot(silent), before=BEFORE)] == ["mass_delete"]
        assert list(load(opened.snapshot(meant), before=BEFORE).library.records) == ["caution/all-made-up"]
