"""How each kind of block is run. A page is one story: its blocks run in order, in one clone of the repository.

console     lines that begin with `$ ` are commands; what stands below one is what it prints. A line `...` stands
            for any lines, `…` for any characters. A command succeeds, or says `# exits with 1` (or 2).
graphql     is answered without errors, unless a json block right after it says otherwise
json        after graphql: the answer, exactly, but that "…" stands for anything; `json variables` before it
json PATH   (graphql, html, js, python, sh or vcl PATH) a file that the reader writes
diff        a change to a file, named after `+++ b/`: each hunk stands in one place of it, `…` is any text of a line
text        the problems of the content as it then stands, as `path: message`
yaml        what stands after `run:` is a command
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import orjson

from tests.docs.blocks import Block
from tests.docs.sandbox import SERVER, Sandbox, anything_for_dots

# Commands that are not run as they stand, and why. Those of make are asked what they would do.
LOOKED_AT: dict[str, str] = {
    "make test": "it is what runs this",
    "make install": "it has been run, or this would not",
    "make bench": "it takes minutes",
    "make test-node-deps": "it fetches packages",
    "make bench ARGS=delivery": "it takes minutes",
    "make bench ARGS=attack": "it takes minutes",
    "make bench ARGS=unique": "it takes minutes",
    "make bench ARGS=profile": "it takes minutes",
}
# Benchmarks that need nothing but the project are run, on less content.
QUICKER = {
    f"make bench ARGS={which}": f"make -o .venv/.installed bench ARGS='{which} --quick'"
    for which in ("planning", "publishing", "returning", "crafted")
}
STATUS = re.compile(r"# exits with (\d)$")
ANYTHING = "…"


def play(blocks: Sequence[Block], sandbox: Sandbox) -> None:
    """Run the blocks of one story."""
    waiting = list(blocks)
    while waiting:
        block = waiting.pop(0)
        if block.title:
            sandbox.write(block.title, block.text)
        elif block.language == "graphql":
            ask(block, answers_to(waiting), sandbox)
        else:
            PLAYED[block.language](block, sandbox)


def answers_to(waiting: list[Block]) -> dict[str, Block]:
    """The json blocks right behind a query: `variables` and, under an empty name, the answer."""
    found: dict[str, Block] = {}
    while waiting and waiting[0].language == "json" and waiting[0].title in ("", "variables"):
        block = waiting.pop(0)
        assert block.title not in found, f"{block}: a second one"
        found[block.title] = block
        if block.title == "":
            break
    return found


def ask(block: Block, beside: dict[str, Block], sandbox: Sandbox) -> None:
    variables = orjson.loads(beside["variables"].text) if "variables" in beside else {}
    answer = sandbox.ask(block.text, variables)
    if "" not in beside:
        assert "errors" not in answer, f"{block}: {answer['errors']}"
        return
    expected = orjson.loads(beside[""].text)
    assert filled(expected, answer) == answer, f"{beside['']} is not the answer. It is now:\n{shown(answer)}"


def filled(expected: Any, answer: Any) -> Any:
    """What is expected, with `…` filled in from the answer."""
    if isinstance(expected, dict) and isinstance(answer, dict):
        return {name: filled(value, answer.get(name)) for name, value in expected.items()}
    if isinstance(expected, list) and isinstance(answer, list) and len(expected) == len(answer):
        return [filled(one, other) for one, other in zip(expected, answer, strict=True)]
    if isinstance(expected, str) and isinstance(answer, str) and re.fullmatch(anything_for_dots(expected), answer):
        return answer
    return answer if expected == ANYTHING else expected


def shown(answer: Any) -> str:
    return orjson.dumps(answer, option=orjson.OPT_INDENT_2).decode()


# --- Console ---------------------------------------------------------------------------------------------------------


def console(block: Block, sandbox: Sandbox) -> None:
    for command, expected in commands(block):
        printed = run(block, command, sandbox)
        assert is_printed(expected, printed), f"{block}: `{command}` printed\n{printed}"


def is_printed(expected: Sequence[str], printed: str) -> bool:
    """Whether a command printed what it should. JSON may be laid out differently, as it is at a terminal."""
    if not expected:
        return True
    try:
        answer = orjson.loads(printed)
        return filled(orjson.loads("\n".join(expected)), answer) == answer
    except ValueError:
        return re.fullmatch(pattern(expected), printed.strip() + "\n") is not None


def commands(block: Block) -> Iterator[tuple[str, list[str]]]:
    """(command, lines it should print) of a console block. A command goes on over lines that end in a backslash."""
    command, printed = "", []
    for line in block.text.splitlines():
        if command.endswith("\\"):
            command += "\n" + line
        elif line.startswith("$ "):
            if command:
                yield command, printed
            command, printed = line.removeprefix("$ "), []
        else:
            assert command, f"{block}: a console block begins with a command"
            printed.append(line)
    yield command, printed


def run(block: Block, command: str, sandbox: Sandbox) -> str:
    """What a command printed, once it has ended as it should, or is ready."""
    if SERVER.match(command):
        return sandbox.serve(command)
    command, looked_at = QUICKER.get(command, command), LOOKED_AT.get(command)
    if looked_at:
        command = f"make --dry-run -o .venv/.installed {command.removeprefix('make')}"
    status, printed = sandbox.run(command)
    wanted = STATUS.search(command)
    assert status == (int(wanted[1]) if wanted else 0), f"{block}: `{command}` exits with {status}:\n{printed}"
    return "" if looked_at else printed


def pattern(expected: Sequence[str]) -> str:
    lines = (r"(?:.*\n)*?" if line == "..." else f"{anything_for_dots(line)} *\n" for line in expected)
    return "".join(lines)


# --- The others ------------------------------------------------------------------------------------------------------


def diff(block: Block, sandbox: Sandbox) -> None:
    for path, hunk in hunks(block):
        sandbox.edit(path, hunk)


def hunks(block: Block) -> Iterator[tuple[str, list[str]]]:
    """(path, lines) of each hunk of a diff."""
    path, hunk = "", []
    for line in [*block.text.splitlines(), "@@"]:
        if line.startswith(("--- a/", "@@", "+++ b/")):
            if hunk:
                yield path, hunk
            hunk = []
            path = line.removeprefix("+++ b/") if line.startswith("+") else path
        else:
            assert line[:1] in (" ", "+", "-"), f"{block}: {line}"
            hunk.append(line)


def problems(block: Block, sandbox: Sandbox) -> None:
    told = sandbox.problems()
    found = [f"{problem.path}: {problem.message}" for problem in told]
    assert not block.section.startswith("`") or block.section.strip("`") in {problem.rule for problem in told}, block
    assert block.text.splitlines() == found, f"{block}: the problems are\n" + "\n".join(found)


def workflow(block: Block, sandbox: Sandbox) -> None:
    found = re.findall(r"\brun: (.+)$", block.text, re.MULTILINE)
    assert found, f"{block}: there is no command in it"
    for command in found:
        run(block, command, sandbox)


PLAYED: dict[str, Callable[[Block, Sandbox], None]] = {
    "console": console,
    "diff": diff,
    "text": problems,
    "yaml": workflow,
}
# Languages of files that a reader writes. They carry the file's path.
WRITTEN = ("json", "html", "python", "vcl", "js", "sh")
