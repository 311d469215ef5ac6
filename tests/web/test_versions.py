"""The page of versions: what it shows, whoever wrote it, and how one gets to the older ones."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from html.parser import HTMLParser

import pytest

from content_api.content.problems import Problem
from content_api.store.snapshot import Version
from content_api.web.health import Refused, Status, Trouble
from content_api.web.versions import Changed, Listed, Overview
from tests.web.small import client

THEN = datetime(2026, 11, 22, 10, 0, tzinfo=timezone(timedelta(hours=1)))
LIVE = Version("a" * 40, ("spring",), THEN, "An Editor", "Add a symptom\n\nAt length")
WELL = Status(True, LIVE.id, tags=("spring",), live_since=THEN.astimezone(UTC))
SHOWN = Overview(WELL, LIVE, [Listed(LIVE, Changed(1, 2, 0))], total=1)
REFUSED = Refused(
    version="b" * 40,
    author="Another Editor",
    message="A slip of the pen",
    at=THEN,
    problems=(
        Problem("symptoms/a.json", 3, 12, "/state", "values", "The state is NO", "Expected DRAFT", "Did you mean A?"),
        Problem("symptoms/b.json", 1, 1, "", "json", "The file is cut", "Expected a whole one"),
    ),
)
ABOUT_A_DRAFT = Refused("b" * 40, None, "A slip", THEN, (), withheld=1)
HOSTILE = "<script>alert(1)</script>\x1b[31m\u202e'\"&"
SHOWN_HARMLESS = "<script>alert(1)</script>\N{REPLACEMENT CHARACTER}[31m\N{REPLACEMENT CHARACTER}'\"&"


class Read(HTMLParser):
    """A page as a reader's program takes it: its elements, and the text of each."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in ("meta", "link", "br"):
            self._open.append(tag)
            self.texts.setdefault(tag, []).append("")

    def handle_endtag(self, tag):
        assert self._open.pop() == tag, "an element is closed that is not the open one"

    def handle_data(self, data):
        for tag in dict.fromkeys(self._open):
            self.texts[tag][-1] += data

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def page(overview: Overview | None, path: str = "/versions") -> Read:
    response = client(overlook=lambda after: overview).get(path)
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.headers["cache-control"] == "no-store"
    read = Read(response.text)
    assert read._open == []
    return read


def test_what_is_live_is_told_with_who_wrote_it_and_when():
    read = page(SHOWN)
    assert read.texts["h1"] == ["Versions"]
    assert read.texts["h2"] == ["Live", "All versions"]
    [live] = read.texts["dl"]
    for told in (LIVE.id, "spring", "Add a symptom", "An Editor", "2026-11-22 10:00 UTC+01:00", "2026-11-22 09:00 UTC"):
        assert told in live
    assert "At length" not in live
    assert read.of("time")[0] == {"datetime": "2026-11-22T10:00:00+01:00"}


def test_every_version_is_a_row_with_what_it_changed():
    older = Version("c" * 40, (), None, None, None)
    read = page(replace(SHOWN, versions=[*SHOWN.versions, Listed(older, None)], total=2))
    assert read.texts["caption"] == ["2 versions changed the content, the newest first."]
    assert read.texts["th"][:5] == ["Version", "Committed", "Written by", "Says", "Changed"]
    assert {cell["scope"] for cell in read.of("th")} == {"col", "row"}
    assert read.texts["th"][5:] == ["a" * 12 + " spring", "c" * 12]
    assert read.texts["td"][3] == "1 added, 2 changed"
    assert read.texts["td"][4:] == ["not said", "not said", "not said", "not known"]


def test_a_version_that_is_known_to_be_refused_is_marked_in_its_row():
    older = Version("c" * 40, ("edition",), None, None, None)
    for refused in (True, False, None):
        read = page(replace(SHOWN, versions=[*SHOWN.versions, Listed(older, None, refused)], total=2))
        assert read.texts["th"][6] == f"{'c' * 12} edition{' refused' if refused else ''}"
        assert ("has problems and is not served" in read.texts["caption"][0]) is (refused is True)


def test_a_version_that_changed_no_entity_says_so():
    assert page(replace(SHOWN, versions=[Listed(LIVE, Changed(0, 0, 0))])).texts["td"][-1] == "no entity"


def test_a_refusal_is_told_first_with_every_problem_where_it_is_and_what_would_be_right():
    read = page(replace(SHOWN, status=replace(WELL, refused=REFUSED)))
    assert read.texts["h2"][:2] == ["A newer version was refused", "Live"]
    [told] = read.texts["section"]
    assert "Another Editor wrote bbbbbbbbbbbb: A slip of the pen" in told
    assert "2 problems in 2 files." in told
    first, second = (" ".join(text.split()) for text in read.texts["li"])
    assert first.startswith("symptoms/a.json:3:12 (values)")
    assert "The state is NO." in first
    assert "Expected DRAFT." in first
    assert "Did you mean A?" in first
    assert second.startswith("symptoms/b.json:1:1 (json)")


def test_of_what_is_about_drafts_the_number_is_told():
    read = page(replace(SHOWN, status=replace(WELL, refused=ABOUT_A_DRAFT)))
    assert (
        "1 problem is about drafts, or what may be one: the server's log and `content-api check` have it."
        in read.texts["section"][0]
    )
    assert "li" not in read.texts
    read = page(replace(SHOWN, status=replace(WELL, refused=replace(REFUSED, withheld=2))))
    assert "2 problems in 2 files. 2 problems are about drafts, or what may be one: " in read.texts["section"][0]
    assert len(read.texts["li"]) == 2


def test_a_pin_and_trouble_are_told():
    read = page(replace(SHOWN, status=replace(WELL, pinned=True, trouble=Trouble("The branch is missing.", THEN))))
    text = " ".join(" ".join(read.texts["div"]).split())
    assert "This version is pinned." in text
    assert "The branch is missing. Since 2026-11-22 10:00 UTC+01:00." in text


def test_where_all_is_well_nothing_else_is_said():
    read = page(SHOWN)
    assert "section" not in read.texts
    assert "nav" not in read.texts
    assert not [attributes for attributes in read.of("div") if "note" in (attributes.get("class") or "")]


def test_files_outside_git_have_no_list():
    read = page(Overview(Status(True, "folder-1"), Version("folder-1")))
    assert "table" not in read.texts
    assert "there is no other version" in " ".join(read.texts["main"][0].split())


def test_a_server_that_serves_nothing_says_so():
    assert "Nothing is served yet." in page(Overview(Status(False), None)).texts["main"][0]


@pytest.mark.parametrize("place", ["author", "message", "tags", "problem", "trouble"])
def test_what_others_wrote_is_text_and_nothing_else(place: str):
    bad = HOSTILE
    problem = Problem(bad, 1, 1, "", "json", bad, bad, bad)
    changes = {
        "author": {"live": replace(LIVE, author=bad), "versions": [Listed(replace(LIVE, author=bad), None)]},
        "message": {"live": replace(LIVE, message=bad), "versions": [Listed(replace(LIVE, message=bad), None)]},
        "tags": {"status": replace(WELL, tags=(bad,)), "versions": [Listed(replace(LIVE, tags=(bad,)), None)]},
        "problem": {
            "status": replace(WELL, refused=replace(REFUSED, author=bad, message=bad, problems=(problem,))),
        },
        "trouble": {"status": replace(WELL, trouble=Trouble(bad, THEN))},
    }
    read = page(replace(SHOWN, **changes[place]))
    assert not [tag for tag, _ in read.elements if tag == "script"]
    assert "<script>alert(1)</script>" in read.texts["main"][0]
    if place != "trouble":  # those are the server's own words
        assert SHOWN_HARMLESS in read.texts["main"][0]
        assert not set(read.texts["main"][0]) & set("\x1b\u202e")
        assert all(SHOWN_HARMLESS not in text or text for text in read.texts["bdi"])
        assert any(SHOWN_HARMLESS in text for text in read.texts["bdi"])


def test_a_page_that_is_full_leads_to_the_next_and_back():
    read = page(replace(SHOWN, first=False, after="d" * 40))
    links = [(link["href"], text) for link, text in zip(read.of("a"), read.texts["a"], strict=True)]
    assert links == [("versions", "Newest versions"), ("versions?after=" + "d" * 40, "Older versions")]


def test_the_page_begins_behind_the_version_in_its_address():
    asked = []
    client(overlook=lambda after: asked.append(after) or SHOWN).get("/versions?after=abc")
    client(overlook=lambda after: asked.append(after) or SHOWN).get("/versions")
    assert asked == ["abc", None]


def test_a_version_that_is_not_in_the_list_is_not_found():
    response = client(overlook=lambda after: None).get("/versions?after=<b>")
    assert response.status_code == 404
    assert "is not in the list" in response.text
    assert "<b>" not in response.text
