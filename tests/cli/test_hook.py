"""`content-api hook`: real commits and pushes that are refused, and those that are not."""

from __future__ import annotations

import io
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from content_api.cli.hook_files import BACKUP
from tests import world
from tests.cli.command import clean_environment
from tests.cli.conftest import Command, in_content, write
from tests.repositories import Repository

MOON = "conditions/moon-hiccups.json"
GLOW = "symptoms/left-ear-glow.json"
BROKEN = world.edited({MOON: {"/symptoms/0/symptom": "glowing-eers"}})
GOOD = {MOON: world.files()[MOON] + b"\n"}
IDENTITY = ["-c", "user.name=An Editor", "-c", "user.email=editor@example.org"]


def git(place: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["git", *IDENTITY, *arguments],
        cwd=place,
        env=clean_environment() | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def tip(place: Path, ref: str = "HEAD") -> str:
    return git(place, "rev-parse", "--verify", "--quiet", ref).stdout.strip()


def is_refused(finished: subprocess.CompletedProcess[str], *, said: str) -> bool:
    """Whether git says no, with the problem, its place and how to go on."""
    printed = finished.stdout + finished.stderr
    assert finished.returncode != 0, printed
    assert f"content/{MOON}:" in printed, printed
    assert "Did you mean `glowing-ears`?" in printed, printed
    assert said in " ".join(printed.replace("remote: ", "").split()), printed
    assert "Traceback" not in printed, printed
    return True


@pytest.fixture
def clone(repository: Repository, command: Command) -> Path:
    """A work tree whose commits and pushes are looked at."""
    assert command("hook", "install", cwd=repository.path).code == 0
    return repository.path


@pytest.fixture
def bare(tmp_path: Path) -> Repository:
    """A repository that editors push to, with the small world in it."""
    bare = Repository(tmp_path / "bare.git", bare=True)
    bare.commit(in_content(world.files()))
    return bare


@pytest.fixture
def editor(bare: Repository, tmp_path: Path) -> Path:
    """An editor's clone of it, without hooks."""
    assert git(tmp_path, "clone", "--quiet", str(bare.path), "editor").returncode == 0
    return tmp_path / "editor"


def commit(place: Path, files: dict[str, bytes], message: str = "Change the content") -> str:
    write(place, in_content(files))
    assert git(place, "add", "--all").returncode == 0
    finished = git(place, "commit", "--quiet", "--allow-empty", "--no-verify", "-m", message)
    assert finished.returncode == 0, finished.stderr
    return tip(place)


# --- What git itself does with it. Each of these starts content-api, which takes a second -----------------------------


def test_a_commit_with_problems_is_refused_and_one_without_is_made_in_silence(tmp_path: Path, command: Command):
    clone = Repository(tmp_path / "an editor's clone").path
    write(clone / "content", world.files())
    commit(clone, {})
    other = tmp_path / "another work tree"
    assert git(clone, "worktree", "add", "--quiet", "-b", "draft", str(other)).returncode == 0
    assert command("hook", "install", cwd=other).code == 0
    write(other / "content", BROKEN)
    write(other, {"content_api/__init__.py": b"raise SystemExit(0)"})  # what stands in the repository is not run
    git(other, "add", "--all")
    before = tip(other)
    assert is_refused(git(other, "commit", "-m", "x"), said="Not committed. Mend this, `git add` it")
    assert tip(other) == before
    write(other / "content", GOOD)
    finished = git(other, "commit", "--quiet", "--all", "-m", "x")
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "", "")


def test_a_commit_of_some_files_is_looked_at_without_the_others(clone: Path):
    write(clone / "content", BROKEN)
    write(clone, {"README": b"Something else."})
    git(clone, "add", "--all")
    assert git(clone, "commit", "--quiet", "README", "-m", "x").returncode == 0
    assert git(clone, "commit", "--quiet", f"content/{MOON}", "--no-verify", "-m", "x").returncode == 0


def test_a_push_with_problems_does_not_leave_the_clone(editor: Path, bare: Repository, command: Command):
    command("hook", "install", "--pre-push", cwd=editor)
    before = tip(bare.path)
    commit(editor, BROKEN)
    assert is_refused(git(editor, "push"), said="Not pushed. Mend this, commit and push again.")
    assert tip(bare.path) == before
    commit(editor, GOOD)
    assert git(editor, "push").returncode == 0
    assert tip(bare.path) == tip(editor)


def test_a_push_with_problems_is_not_taken_and_one_without_is(bare: Repository, editor: Path, command: Command):
    assert command("hook", "install", str(bare.path), cwd=bare.path.parent).code == 0
    before = tip(bare.path)
    broken = commit(editor, BROKEN)
    assert is_refused(git(editor, "push"), said="Nothing of this push was taken. Mend this, commit and push again.")
    assert tip(bare.path) == before
    assert git(bare.path, "cat-file", "-t", broken).returncode != 0, "not even its objects"
    commit(editor, GOOD)
    assert git(editor, "push", "origin", "main", "main:draft").returncode == 0
    assert tip(bare.path) == tip(editor)


def test_the_first_push_of_all_is_looked_at_wherever_its_content_is(tmp_path: Path, command: Command):
    empty = Repository(tmp_path / "an empty one: bare.git", bare=True)
    assert command("hook", "install", str(empty.path), cwd=tmp_path).code == 0
    author = Repository(tmp_path / "author").path
    write(author, world.files() | BROKEN)
    git(author, "add", "--all")
    git(author, "commit", "--quiet", "-m", "x")
    finished = git(author, "push", str(empty.path), "main")
    assert finished.returncode != 0
    assert f"remote: {MOON}:" in finished.stderr
    assert "1 problem in 1 file." in finished.stderr


# --- The same, asked as git asks, in this process ---------------------------------------------------------------------

Look = Callable[..., tuple[int, str]]
NOTHING = "0" * 40


@pytest.fixture
def look(command: Command, monkeypatch: pytest.MonkeyPatch) -> Look:
    """Runs a hook at a place, with what git would write to it; returns its exit code and what it printed."""

    def run(kind: str, *options: str, at: Path, told: str = "") -> tuple[int, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(told))
        finished = command("hook", "run", kind, *options, cwd=at)
        return finished.code, finished.out + finished.err

    return run


def test_what_is_looked_at_is_the_index_and_not_the_files(repository: Repository, look: Look):
    clone = repository.path
    write(clone / "content", GOOD)
    git(clone, "add", "--all")
    write(clone / "content", BROKEN)
    assert look("pre-commit", at=clone) == (0, ""), "the files are broken, but not about to be committed"
    git(clone, "add", "--all")
    write(clone / "content", GOOD)
    code, printed = look("pre-commit", at=clone)
    assert (code, "Did you mean `glowing-ears`?" in printed) == (1, True)


def test_the_index_that_git_names_is_looked_at(repository: Repository, look: Look, tmp_path: Path):
    clone = repository.path
    write(clone / "content", BROKEN)
    assert git(clone, "add", "--all", GIT_INDEX_FILE=str(tmp_path / "index")).returncode == 0
    assert look("pre-commit", at=clone)[0] == 0
    assert look("pre-commit", "--index", str(tmp_path / "index"), at=clone)[0] == 1


def test_looking_at_the_index_leaves_nothing_behind(repository: Repository, look: Look):
    write(repository.path / "content", BROKEN)
    repository.git("add", "--all")
    before = {path: path.read_bytes() for path in (repository.path / ".git").rglob("*") if path.is_file()}
    assert look("pre-commit", at=repository.path)[0] == 1
    assert {path: path.read_bytes() for path in (repository.path / ".git").rglob("*") if path.is_file()} == before


def test_an_entity_that_vanishes_is_a_problem_before_it_is_committed(repository: Repository, look: Look):
    write(repository.path / "content", world.edited({MOON: {"/symptoms/1": world.REMOVED}}))
    (repository.path / "content/symptoms/left-ear-glow.json").unlink()
    repository.git("add", "--all")
    code, printed = look("pre-commit", at=repository.path)
    assert (code, "`symptom/left-ear-glow` was in the version before and is gone" in printed) == (1, True)


@pytest.mark.parametrize("top", ["content", "."])
def test_the_first_commit_of_all_is_looked_at(tmp_path: Path, look: Look, top: str):
    new = Repository(tmp_path / "new")
    write(new.path / top, world.files())
    new.git("add", "--all")
    assert look("pre-commit", at=new.path) == (0, "")
    write(new.path / top, BROKEN)
    new.git("add", "--all")
    assert look("pre-commit", at=new.path)[0] == 1


def test_each_branch_that_is_pushed_is_looked_at_and_tags_and_deletions_pass(repository: Repository, look: Look):
    good = tip(repository.path)
    broken = repository.commit(in_content(BROKEN), branch="draft")
    for told, expected in (
        (f"refs/heads/main {good} refs/heads/main {NOTHING}\n", 0),
        (f"refs/heads/main {good} refs/heads/main {NOTHING}\nHEAD~1 {broken} refs/heads/x {good}\n", 1),
        (f"refs/heads/draft {broken} refs/heads/draft {'12' * 20}\n", 1),
        (f"refs/tags/broken {broken} refs/tags/broken {NOTHING}\n", 0),
        (f"(delete) {NOTHING} refs/heads/draft {broken}\n", 0),
        ("", 0),
    ):
        assert look("pre-push", at=repository.path, told=told)[0] == expected, told


def test_a_push_is_compared_with_what_the_other_side_has(repository: Repository, look: Look):
    old = tip(repository.path)
    gone = world.edited({MOON: {"/symptoms/1": world.REMOVED}, "symptoms/left-ear-glow.json": world.REMOVED})
    repository.commit(in_content(gone) | {"content/symptoms/left-ear-glow.json": None})
    new = repository.commit({"README": b"Two commits in one push."})
    for kind, told in (
        ("pre-push", f"refs/heads/main {new} refs/heads/main {old}\n"),
        ("pre-receive", f"{old} {new} refs/heads/main\n"),
    ):
        code, printed = look(kind, at=repository.path, told=told)
        assert (code, "`symptom/left-ear-glow` was in the version before and is gone" in printed) == (1, True)


@pytest.mark.parametrize("rewritten", ["to what it was before", "to another commit upon it", "to another history"])
def test_a_branch_that_goes_back_need_not_account_for_what_came_since(repository: Repository, look: Look, rewritten):
    """As for the server, to which rollbacks and force pushes are commits like any other."""
    first = tip(repository.path)
    old = repository.commit(in_content(ear_that_is_new()))
    new = {
        "to what it was before": lambda: first,
        "to another commit upon it": lambda: rewritten_at(repository, first),
        "to another history": lambda: rewritten_at(repository),
    }[rewritten]()
    for kind, told in (
        ("pre-push", f"refs/heads/main {new} refs/heads/main {old}\n"),
        ("pre-receive", f"{old} {new} refs/heads/main\n"),
    ):
        assert look(kind, at=repository.path, told=told) == (0, "")


def test_a_branch_that_is_rewritten_accounts_for_what_both_have_in_common(repository: Repository, look: Look):
    first = tip(repository.path)
    old = repository.commit(in_content(GOOD))
    gone = world.edited({MOON: {"/symptoms/1": world.REMOVED}, GLOW: world.REMOVED})
    repository.branch("other", first)
    new = repository.commit(in_content(gone) | {f"content/{GLOW}": None}, branch="other")
    code, printed = look("pre-receive", at=repository.path, told=f"{old} {new} refs/heads/main\n")
    assert (code, "`symptom/left-ear-glow` was in the version before and is gone" in printed) == (1, True)


def test_where_history_is_cut_the_branch_as_it_was_counts(repository: Repository, look: Look, tmp_path: Path):
    first = tip(repository.path)
    old = repository.commit(in_content(GOOD))
    repository.branch("other", first)
    gone = world.edited({MOON: {"/symptoms/1": world.REMOVED}, GLOW: world.REMOVED})
    new = repository.commit(in_content(gone) | {f"content/{GLOW}": None}, branch="other")
    cut = repository.clone(tmp_path / "cut.git", "--depth", "1", "--no-single-branch")
    code, printed = look("pre-push", at=cut.path, told=f"refs/heads/other {new} refs/heads/main {old}\n")
    assert (code, "`symptom/left-ear-glow` was in the version before and is gone" in printed) == (1, True)


def ear_that_is_new() -> dict[str, bytes]:
    content = world.document(GLOW) | {"id": "new-ear-glow"}
    content["text"]["en"] |= {"slug": "new-ear-glow", "name": "New ear glow"}
    return {"symptoms/new-ear-glow.json": world.as_bytes(content)}


def rewritten_at(repository: Repository, *parents: str) -> str:
    """A commit of the small world as it was, upon these."""
    tree = tip(repository.path, "HEAD~1^{tree}")
    arguments = [word for parent in parents for word in ("-p", parent)]
    return git(repository.path, "commit-tree", tree, *arguments, "-m", "Rewritten").stdout.strip()


def test_most_of_the_content_goes_only_with_a_message_that_says_so(repository: Repository, look: Look):
    old = tip(repository.path)
    kept = {"site.json": world.files()["site.json"], "recalls.json": world.files()["recalls.json"]}
    gone: dict[str, bytes | None] = dict.fromkeys(in_content(world.files())) | in_content(kept)
    for message, expected in (("Clear out", True), ("Clear out\n\nAllow-Mass-Delete: yes\n", False)):
        repository.branch(f"at-{expected}", old)
        new = repository.commit(gone, message=message, branch=f"at-{expected}")
        _, printed = look("pre-receive", at=repository.path, told=f"{old} {new} refs/heads/main\n")
        assert ("Allow-Mass-Delete" in printed) == expected


@pytest.mark.parametrize(
    ("options", "refused"),
    [([], {"main"}), (["--branch", "draft"], {"draft"}), (["--all-branches"], {"main", "draft"})],
)
def test_the_branch_that_is_served_is_looked_at_unless_others_are_named(bare, look: Look, options, refused):
    broken = bare.commit(in_content(BROKEN), branch="elsewhere")
    for branch in ("main", "draft"):
        code, _ = look("pre-receive", *options, at=bare.path, told=f"{NOTHING} {broken} refs/heads/{branch}\n")
        assert code == (branch in refused)
    told = f"{NOTHING} {broken} refs/tags/main\n{broken} {NOTHING} refs/heads/main\n"
    assert look("pre-receive", *options, at=bare.path, told=told) == (0, "")


def test_the_branch_that_is_served_may_be_another_than_main(bare: Repository, look: Look):
    bare.git("symbolic-ref", "HEAD", "refs/heads/published")
    broken = bare.commit(in_content(BROKEN), branch="elsewhere")
    for branch, expected in (("main", 0), ("published", 1)):
        told = f"{NOTHING} {broken} refs/heads/{branch}\n"
        assert look("pre-receive", at=bare.path, told=told)[0] == expected


def test_what_cannot_be_looked_at_is_refused(bare: Repository, look: Look):
    code, printed = look("pre-receive", at=bare.path, told=f"{NOTHING} {'12' * 20} refs/heads/main\n")
    assert (code, "has no branch, tag or commit" in printed) == (2, True)


# --- Installing -------------------------------------------------------------------------------------------------------


def test_installing_again_brings_up_to_date_and_uninstalling_takes_away(clone: Path, command: Command):
    hook = clone / ".git/hooks/pre-commit"
    was = hook.read_text()
    hook.write_text(was.replace("exec", "# an older one\nexec"))
    finished = command("hook", "install", cwd=clone / "content")
    assert finished.out.splitlines() == [
        f"{hook}: a commit with problems is refused.",
        f"{hook.with_name('pre-push')}: a push with problems does not leave this clone.",
    ]
    assert hook.read_text() == was
    assert sorted(path.name for path in hook.parent.iterdir() if not path.name.endswith(".sample")) == [
        "pre-commit",
        "pre-push",
    ]
    assert command("hook", "uninstall", cwd=clone).out == f"{hook}: removed.\n{hook.with_name('pre-push')}: removed.\n"
    assert command("hook", "uninstall", cwd=clone).out == "There is no hook of content-api.\n"
    assert not hook.exists()


def test_what_there_is_is_shown(clone: Path, command: Command):
    hooks = clone / ".git/hooks"
    (hooks / "pre-push").write_text("#!/bin/sh\n")
    assert command("hook", "show", cwd=clone).out == (
        f"pre-commit   ours             {hooks / 'pre-commit'}\n"
        f"pre-push     somebody else's  {hooks / 'pre-push'}\n"
        "pre-receive  none\n"
    )


@pytest.mark.parametrize("theirs", ["file", "link", "broken link"])
def test_somebody_elses_hook_is_never_lost(repository: Repository, command: Command, theirs: str):
    hook = repository.path / ".git/hooks/pre-push"
    hook.parent.mkdir(exist_ok=True)
    elsewhere = repository.path / "elsewhere"
    if theirs == "file":
        hook.write_text("#!/bin/sh\necho theirs\n")
    else:
        hook.symlink_to(elsewhere)
    if theirs == "link":
        elsewhere.write_text("#!/bin/sh\necho theirs\n")
    finished = command("hook", "install", cwd=repository.path)
    assert (finished.code, finished.out) == (2, "")
    assert finished.err.startswith(f"There is a pre-push hook already, and it is not ours: {hook}. With --force it is")
    assert not hook.with_name("pre-commit").exists(), "all or nothing"
    assert command("hook", "install", "--force", cwd=repository.path).code == 0
    kept = hook.with_name(f"pre-push{BACKUP}")
    assert os.path.lexists(kept)
    assert "content-api hook" in hook.read_text()
    assert not elsewhere.exists() or elsewhere.read_text() == "#!/bin/sh\necho theirs\n"
    hook.unlink()
    hook.write_text("#!/bin/sh\necho another\n")
    finished = command("hook", "install", "--force", cwd=repository.path)
    assert (finished.code, finished.err) == (
        2,
        f"{kept} is in the way: another hook has been kept there. Move it first\n",
    )
    hook.unlink()
    command("hook", "install", cwd=repository.path)
    assert f"{hook}: what was there before is back.\n" in command("hook", "uninstall", cwd=repository.path).out
    assert hook.is_symlink() == (theirs != "file")


def test_hooks_go_where_the_repository_has_them(repository: Repository, command: Command):
    repository.git("config", "core.hooksPath", "my hooks")
    assert command("hook", "install", "--pre-commit", cwd=repository.path).code == 0
    assert (repository.path / "my hooks/pre-commit").exists()


def test_hooks_of_other_repositories_are_left_alone_unless_that_is_meant(repository, tmp_path: Path, command: Command):
    configuration, shared = tmp_path / "gitconfig", tmp_path / "shared"
    configuration.write_text(f"[core]\n\thooksPath = {shared}\n")
    setting = {"GIT_CONFIG_GLOBAL": str(configuration)}
    finished = command("hook", "install", cwd=repository.path, **setting)
    assert finished.code == 2
    assert finished.err.startswith(f"The hooks in {shared} are those of other repositories too: core.hooksPath of the")
    assert command("hook", "install", "--force", cwd=repository.path, **setting).code == 0
    assert sorted(path.name for path in shared.iterdir()) == ["pre-commit", "pre-push"]


def test_a_hook_whose_content_api_is_gone_says_what_to_do(clone: Path):
    hook = clone / ".git/hooks/pre-commit"
    lines = hook.read_text().splitlines(keepends=True)
    hook.write_text("".join("python=/nowhere/bin/python\n" if line.startswith("python=") else line for line in lines))
    finished = git(clone, "commit", "--allow-empty", "-m", "x")
    assert finished.returncode != 0
    assert finished.stderr.splitlines() == [
        "content-api, which checks the content, is no longer at /nowhere/bin/python.",
        "Install it again and run `content-api hook install`, or remove the file .git/hooks/pre-commit.",
        "`git commit --no-verify` commits without the check.",
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("install", "nowhere"), "There is nothing at nowhere."),
        (("install", "."), "is not a git repository, nor in one. Name one"),
        (("install", "bare.git", "--pre-commit"), "has no work tree: nobody commits there"),
        (("install", "repository", "--all-branches"), "--branch and --all-branches are for --pre-receive"),
    ],
)
def test_what_cannot_be_installed_is_one_line(arguments, said, bare, repository, tmp_path: Path, command: Command):
    finished = command("hook", *arguments, cwd=tmp_path)
    assert (finished.code, finished.out) == (2, "")
    assert said in finished.err
    assert finished.err.count("\n") == 1


def test_a_hooks_folder_that_cannot_be_is_named(repository: Repository, command: Command):
    (repository.path / "taken").write_text("a file")
    repository.git("config", "core.hooksPath", "taken")
    finished = command("hook", "install", "--pre-commit", cwd=repository.path)
    assert finished.code == 2
    assert finished.err.startswith(f"{repository.path / 'taken/pre-commit'} cannot be written: ")


def test_the_folder_of_the_content_is_the_one_that_was_named_at_installation(repository: Repository, command: Command):
    command("hook", "install", cwd=repository.path, CONTENT_API_FOLDER="my content")
    assert "export CONTENT_API_FOLDER='my content'\n" in (repository.path / ".git/hooks/pre-commit").read_text()


@pytest.mark.parametrize("name", ["install", "uninstall", "show"])
def test_every_command_of_it_has_help_with_an_example(name: str, tmp_path: Path, command: Command):
    finished = command("hook", name, "--help", cwd=tmp_path)
    assert finished.code == 0
    assert f"  content-api hook {name}" in finished.out
