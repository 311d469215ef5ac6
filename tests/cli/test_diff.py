"""`content-api diff`: which versions it compares, and what an editor, a program and a pull request are told."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path

import pyromark
import pytest

from content_api.cli.comparison import with_moves
from content_api.cli.diff_formats import MOST_CHARACTERS
from content_api.content.patch import patch
from content_api.store.git import GitSnapshot
from tests import generator, world
from tests.cli.conftest import Command, in_content, write
from tests.repositories import Repository
from tests.world import REMOVED

MOON = "conditions/moon-hiccups.json"
SNEEZES = "conditions/star-sneezes.json"
YAWNS = "conditions/cloud-yawns.json"
SOCKS = "treatments/warm-socks.json"
TEA = "treatments/quiet-tea.json"
NEW_SUMMARY = "Tea that nobody can hear. A made-up treatment."
ANOTHER_SUMMARY = {TEA: {"/text/en/summary": NEW_SUMMARY}}


def commit(repository: Repository, edits: dict[str, world.Edit], tag: str) -> str:
    """A version with the world and these changes, under a tag."""
    edited = world.edited(edits)
    gone = {f"content/{path}": None for path in world.files() if path not in edited}
    made = repository.commit(in_content(edited) | gone)
    repository.tag(tag)
    return made


def difference(repository: Repository, command: Command, edits: dict[str, world.Edit], *options: str) -> str:
    """What is printed of the world and a version with some changes."""
    repository.tag("before")
    commit(repository, edits, "after")
    finished = command("diff", "before..after", *options, cwd=repository.path)
    assert (finished.err, finished.code) == ("", 0)
    return finished.out


# --- What is compared ------------------------------------------------------------------------------------------------


def test_two_versions_are_compared_and_named(repository: Repository, command: Command):
    said = difference(repository, command, ANOTHER_SUMMARY)
    before, after = (repository.git("rev-parse", name)[:12] for name in ("before", "after"))
    assert said.startswith(f"before ({before}) .. after ({after})\n\nchanged  treatment/quiet-tea  Quiet tea\n")
    assert said.endswith("\n\nWhat differs: 1 entity (1 changed).\n")


@pytest.mark.parametrize("versions", ["before", "before..", "before..HEAD"])
def test_one_version_is_compared_with_what_is_checked_out(versions: str, repository: Repository, command: Command):
    repository.tag("before")
    commit(repository, ANOTHER_SUMMARY, "after")
    write(repository.path / "content", world.edited({MOON: {"/text/en/name": "Not committed"}}))
    said = command("diff", versions, cwd=repository.path).out
    assert "changed  treatment/quiet-tea" in said
    assert "condition/moon-hiccups  " not in said


def test_the_other_way_round_begins_with_what_is_checked_out(repository: Repository, command: Command):
    repository.tag("before")
    commit(repository, ANOTHER_SUMMARY, "after")
    old = world.document(TEA)["text"]["en"]["summary"]
    assert f"\n    + {old}\n" in command("diff", "..before", cwd=repository.path).out


def test_without_versions_it_is_what_is_not_committed(repository: Repository, command: Command):
    assert command("diff", cwd=repository.path).out.endswith("\n\nNothing differs.\n")
    write(repository.path / "content", world.edited(ANOTHER_SUMMARY))
    said = command("diff", cwd=repository.path, CONTENT_API_REF="main").out
    assert re.match(r"HEAD \([0-9a-f]{12}\) \.\. the files as they stand\n\nchanged  treatment/quiet-tea  ", said)


def test_commits_are_named_by_any_id_that_git_prints(repository: Repository, command: Command):
    first = repository.git("rev-parse", "HEAD")
    second = commit(repository, ANOTHER_SUMMARY, "after")
    said = command("diff", f"{first[:7].upper()}..{second}", cwd=repository.path).out
    assert said.startswith(f"{first[:12]} .. {second[:12]}\n")


def test_the_content_is_where_the_option_says(repository: Repository, tmp_path: Path, command: Command):
    commit(repository, ANOTHER_SUMMARY, "after")
    first = repository.git("rev-parse", "HEAD~1")
    said = command("diff", first, "--content", "repository", cwd=tmp_path).out
    assert "changed  treatment/quiet-tea" in said


def test_of_the_second_version_only_what_differs_is_read(
    repository: Repository, command: Command, monkeypatch: pytest.MonkeyPatch
):
    commit(repository, ANOTHER_SUMMARY, "after")
    read: list[int] = []

    def counted(snapshot: GitSnapshot, blobs: Iterable[str]):
        wanted = list(blobs)
        read.append(len(wanted))
        return whole(snapshot, wanted)

    whole = GitSnapshot.read
    monkeypatch.setattr(GitSnapshot, "read", counted)
    command("diff", repository.git("rev-parse", "HEAD~1"), cwd=repository.path)
    assert sum(read) == 1 + len(world.files()) + 1, "site.json is looked at before all else"


def test_a_bare_repository_has_versions_but_no_files(tmp_path: Path, command: Command):
    bare = Repository(tmp_path / "bare.git", bare=True)
    first = bare.commit(in_content(world.files()))
    bare.commit(in_content(world.edited(ANOTHER_SUMMARY)))
    assert "changed  treatment/quiet-tea" in command("diff", first, "--content", "bare.git", cwd=tmp_path).out
    finished = command("diff", "--content", "bare.git", cwd=tmp_path)
    assert (finished.code, finished.out) == (2, "")
    expected = "bare.git has no work tree, so nothing in it is not committed. Name two versions, as in `v1..v2`\n"
    assert finished.err == expected


def test_a_folder_in_no_repository_has_nothing_to_compare(folder: Path, command: Command):
    for arguments in ([], ["a..b"]):
        finished = command("diff", *arguments, cwd=folder)
        assert finished == (2, "", "content is in no git repository, so there is nothing to compare\n")


@pytest.mark.parametrize(
    ("versions", "told"),
    [
        ("mian..HEAD", "has no branch, tag or commit 'mian'. Did you mean 'main'?\n"),
        ("HEAD..mian", "has no branch, tag or commit 'mian'. Did you mean 'main'?\n"),
        ("main...main", "'main...main' has three dots"),
        ("HEAD~1..HEAD", "'HEAD~1' names no version: `~` and `^` count commits backwards"),
        ("--output=x", "No such option: --output"),
    ],
)
def test_a_version_that_is_not_there_is_one_line(versions: str, told: str, repository: Repository, command: Command):
    finished = command("diff", versions, cwd=repository.path)
    assert (finished.code, finished.out) == (2, "")
    assert told in finished.err


@pytest.mark.parametrize("versions", [["broken..good"], ["good..broken"], []])
def test_a_version_with_problems_is_told_with_them(versions: list[str], repository: Repository, command: Command):
    repository.tag("good")
    broken = {MOON: {"/symptoms/0/symptom": "glowing-eers"}}
    commit(repository, broken, "broken")
    finished = command("diff", *versions, cwd=repository.path)
    assert (finished.code, finished.out) == (1, "")
    assert f"content/{MOON}:" in finished.err
    assert "Did you mean `glowing-ears`?" in finished.err
    assert finished.err.endswith(" has problems, so nothing is compared.\n")


@pytest.mark.parametrize("format", ["text", "json", "markdown"])
def test_the_exit_code_says_whether_something_differs_if_it_is_asked_to(
    format: str, repository: Repository, command: Command
):
    arguments = ("diff", "main..after", "--format", format)
    repository.branch("after")
    assert command(*arguments, "--exit-code", cwd=repository.path).code == 0
    repository.commit(in_content(world.edited({"site.json": {"/publisher/name": "Somebody"}})), branch="after")
    assert command(*arguments, cwd=repository.path).code == 0
    assert command(*arguments, "--exit-code", cwd=repository.path).code == 1


# --- For a person ----------------------------------------------------------------------------------------------------


def test_each_field_is_shown_with_what_went_and_what_came(repository: Repository, command: Command):
    old = world.document(TEA)["text"]["en"]["summary"]
    said = difference(repository, command, ANOTHER_SUMMARY)
    expected = (
        f"  /text/en/summary\n    - {old}\n    + Tea that nobody can hear. A made-up treatment.\n  affects caution/ask"
    )
    assert expected in said


def test_of_a_long_text_only_the_lines_that_differ_are_shown(repository: Repository, command: Command):
    body = "/text/en/sections/0/channels/web/body"
    text = world.document(MOON)["text"]["en"]["sections"][0]["channels"]["web"]["body"]
    said = difference(repository, command, {MOON: {body: text.replace("They are short.", "They are long.")}})
    assert f"  {body}\n      ...\n    - - They are short.\n    + - They are long.\n" in said


def test_colour_marks_the_words_that_differ(repository: Repository, command: Command):
    repository.tag("before")
    summary = world.document(MOON)["text"]["en"]["summary"]
    commit(repository, {MOON: {"/text/en/summary": summary.replace("full", "new")}}, "after")
    said = command("diff", "before..after", cwd=repository.path, FORCE_COLOR="1").out
    assert "\x1b[7;31mfull.\x1b[0m" in said
    assert "\x1b[7;32mnew.\x1b[0m" in said
    assert said.count("\x1b[7;") == 2


def test_a_text_that_is_all_new_has_no_marks(repository: Repository, command: Command):
    repository.tag("before")
    commit(repository, {MOON: {"/text/en/summary": "Nothing alike."}}, "after")
    assert "\x1b[7;" not in command("diff", "before..after", cwd=repository.path, FORCE_COLOR="1").out


def test_drafts_are_shown_and_marked(repository: Repository, command: Command):
    edits = {YAWNS: {"/text/en/name": "Yawns at clouds"}, SNEEZES: {"/text/de/name": "Niesen"}}
    said = difference(repository, command, edits)
    assert "changed  condition/cloud-yawns  Yawns at clouds (draft)\n  /text/en/name\n" in said
    assert "changed  condition/star-sneezes  Star sneezes\n  /text/de/name (draft translation)\n" in said


def test_withdrawn_added_removed_and_renamed_are_each_told(repository: Repository, command: Command):
    reason = {"en": "Too warm.", "de": "Zu warm."}
    ear = world.document("symptoms/left-ear-glow.json") | {"id": "one-ear-glow"}
    edits = {
        SOCKS: {"/state": "WITHDRAWN", "/withdrawnReason": reason},
        MOON: {"/treatments/0": REMOVED, "/symptoms/1/symptom": "one-ear-glow"},
        "symptoms/left-ear-glow.json": REMOVED,
        "redirects.json": {"/redirects/-": {"from": "symptom/left-ear-glow", "to": "symptom/one-ear-glow"}},
        YAWNS: REMOVED,
        "cautions/ask-first.json": {"/appliesTo/2": REMOVED},
    }
    ear["text"]["en"]["slug"] = "one-ear-glow"
    repository.tag("before")
    repository.commit(
        {f"content/{path}": None for path in (YAWNS, "symptoms/left-ear-glow.json")}
        | in_content(world.edited(edits) | {"symptoms/one-ear-glow.json": world.as_bytes(ear)})
    )
    said = command("diff", "before", cwd=repository.path).out
    assert "\nremoved  condition/cloud-yawns  Cloud yawns (draft)\n" in said
    assert "\nrenamed  symptom/left-ear-glow -> symptom/one-ear-glow  Glow of the left ear\n" in said
    assert "\nwithdrawn  treatment/warm-socks  Warm socks\n  why: Too warm.\n" in said
    assert "(2 changed, 1 renamed, 1 withdrawn, 1 removed) and 1 other file." in said
    assert "\nadded  condition/cloud-yawns" in command("diff", "..before", cwd=repository.path).out


def test_other_files_are_named_so_that_nothing_goes_unsaid(repository: Repository, command: Command):
    edits = {
        MOON: json.dumps(world.document(MOON)).encode(),
        "site.json": {"/publisher/name": "Somebody"},
        "symptoms/soft-humming.json": {"/withdrawnReason/en": "It was the kettle."},
    }
    said = difference(repository, command, edits)
    assert (
        "Other files that differ:\n  conditions/moon-hiccups.json\n  site.json\n  symptoms/soft-humming.json\n" in said
    )
    assert said.endswith("What differs: 3 other files.\n")


def test_nothing_in_the_content_steers_the_terminal(repository: Repository, command: Command):
    said = difference(repository, command, {TEA: {"/citations/0/locator": "\x1b]0;owned\x07"}})
    assert "\x1b" not in said
    assert "+ \\u001b]0;owned\\u0007" in said


def test_what_moved_within_a_list_is_one_row_at_its_new_place():
    first, second, third = ({"key": name} for name in "abc")
    rows = list(with_moves(list(patch({"limits": [first, second, third]}, {"limits": [second, third, first]}))))
    assert [(row.pointer, row.came_from) for row in rows] == [("/limits/2", "/limits/0")]
    rows = with_moves(list(patch({"limits": [first, second]}, {"limits": [first | {"key": "d"}, second]})))
    assert [row.came_from for row in rows] == [None, None]


# --- For a program ---------------------------------------------------------------------------------------------------


def test_json_is_one_object_in_which_what_was_not_there_is_left_out(repository: Repository, command: Command):
    edits = {MOON: {"/symptoms/1": REMOVED, "/audience/minAgeYears": REMOVED}, "site.json": {"/licence/name": "Other"}}
    found = json.loads(difference(repository, command, edits, "--format", "json"))
    assert (found["differs"], found["otherFiles"]) == (True, ["site.json"])
    assert found["to"]["version"] == repository.git("rev-parse", "after")
    [change] = found["changes"]
    assert change == {
        "kind": "CHANGED",
        "key": "condition/moon-hiccups",
        "previousKey": None,
        "state": "PUBLISHED",
        "names": {"en": "Moon hiccups", "de": "Mondschluckauf"},
        "reason": None,
        "fields": [
            {"path": "/audience/minAgeYears", "before": 7, "after": None},
            {
                "path": "/symptoms/1",
                "before": {"symptom": "left-ear-glow", "frequency": "SOME", "statements": []},
            },
        ],
        "affected": change["affected"],
    }
    assert "condition/star-sneezes" in change["affected"]


def test_json_of_what_is_the_same_has_no_changes(repository: Repository, command: Command):
    found = json.loads(command("diff", "HEAD", "--format", "json", cwd=repository.path).out)
    assert (found["differs"], found["changes"], found["otherFiles"]) == (False, [], [])


# --- For a pull request ----------------------------------------------------------------------------------------------


def test_markdown_has_a_heading_for_each_entity_and_a_diff_for_each_field(repository: Repository, command: Command):
    old = world.document(TEA)["text"]["en"]["summary"]
    said = difference(repository, command, ANOTHER_SUMMARY, "--format", "markdown")
    assert said.startswith("### Content: `before (")
    assert "\n\n#### Changed: `treatment/quiet-tea` `Quiet tea`\n\n" in said
    assert f"\n\n`/text/en/summary`\n\n```diff\n- {old}\n+ {NEW_SUMMARY}\n```\n\n" in said
    assert "\n\nAffects `caution/ask-first`, " in said


def test_markdown_of_what_is_the_same_says_so(repository: Repository, command: Command):
    assert "\n\nNothing differs.\n" in command("diff", "HEAD", "--format", "markdown", cwd=repository.path).out


NASTY = "@everyone #1 <img src=x> *a* [b](https://c.example) `` | ```` \n````\n# Not a heading\n- [ ] nor a list"


def test_nothing_in_the_content_is_read_as_markdown(repository: Repository, command: Command):
    edits = {
        TEA: {"/citations/0/locator": NASTY},
        MOON: {"/codings/0/display": "`` ``` ` @everyone", "/text/en/name": "@everyone #1"},
        SOCKS: {"/text/en/name": "@everyone www.c.example"},
    }
    said = difference(repository, command, edits, "--format", "markdown")
    assert said.count("@everyone") >= 6
    assert "@everyone" not in outside_code(said)
    assert set(re.findall(r"<(\w+)", pyromark.html(said))) == {"h3", "h4", "p", "code", "pre"}


def test_nothing_in_the_name_of_a_branch_is_read_as_markdown(repository: Repository, command: Command):
    repository.branch("``a`@everyone`")
    said = command("diff", "HEAD..``a`@everyone`", "--format", "markdown", cwd=repository.path).out
    assert "@everyone" in said
    assert "@everyone" not in outside_code(said)


def outside_code(markdown: str) -> str:
    """A page's text without its code, as a reader of CommonMark sees it."""
    return re.sub(r"(?s)<code.*?</code>", "", pyromark.html(markdown))


def test_markdown_of_many_other_files_names_the_first(repository: Repository, command: Command):
    edits = {f"sources/source-{number}.json": b"" for number in range(30)}
    source = world.document("sources/test-review.json")
    repository.tag("before")
    for number, path in enumerate(edits):
        edits[path] = world.as_bytes(source | {"id": f"source-{number}"})
    repository.commit(in_content(edits))
    said = command("diff", "before", "--format", "markdown", cwd=repository.path).out
    assert "Other files that differ: `sources/source-0.json`, " in said
    assert said.endswith(" and 10 more.\n")


def test_markdown_has_room_in_a_pull_request_and_says_what_is_left_out(tmp_path: Path, command: Command):
    repository = Repository(tmp_path / "many")
    files = generator.generate(400, seed=3)
    repository.commit(in_content(files))
    entities = [path for path in files if "/" in path and not path.startswith("sources/")]
    edits = {path: {"/text/en/sections/0/heading": "A heading" * 9} for path in entities}
    repository.commit(in_content(world.edited(edits, files)))
    first = repository.git("rev-parse", "HEAD~1")
    said = command("diff", first, "--format", "markdown", cwd=repository.path).out
    assert MOST_CHARACTERS * 0.9 < len(said) < 65_536
    left_out = int(re.search(r"\nThere is no room here for all of (\d+) entities: ", said)[1])
    assert said.count("```diff") == len(edits) - left_out
    assert said.count("#### Changed: ") > said.count("```diff")
