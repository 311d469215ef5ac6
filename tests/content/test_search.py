"""Search with a real index over a dozen small entities in English and German."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from content_api.content.lexicon import STEMMERS, lexicon
from content_api.content.search import Highlight, SearchDocument, SearchIndex


def entity(path, name, alternates=(), summary="", body="", codes=(), locale="en"):
    kind, key = path.split("/")
    return SearchDocument(kind, key, locale, name, tuple(alternates), summary, body, tuple(codes))


WORLD = [
    entity(
        "condition/neuropathic-pain",
        "Neuropathic pain",
        ["Nerve pain", "Neuralgia"],
        "Pain that comes from damaged nerves.",
        "It can burn or tingle.\n\nA doctor may suggest infusions. One ketamine infusion takes a while.",
        ["G54.6", "MG30.51"],
    ),
    entity(
        "condition/peripheral-neuropathy",
        "Peripheral neuropathy",
        ["Polyneuropathy"],
        "Damage to nerves of the hands and feet.",
        "Often it begins in the feet. Diabetes is one cause.",
        ["8C0Z"],
    ),
    entity("condition/phantom-limb-pain", "Phantom limb pain", ["PLP"], "Pain in a limb that is gone.", "", ["8E43.0"]),
    entity("symptom/burning-pain", "Burning pain", [], "It feels hot.", "Felt in the feet at night."),
    entity("symptom/tingling", "Tingling", ["Pins and needles", "Paraesthesia"], "It prickles.", "Felt in hands."),
    entity("symptom/cold-pain", "Cold pain", [], "It feels cold.", "The same in winter."),
    entity("symptom/numbness", "Numbness", [], "Nothing is felt.", "The same in summer."),
    entity("cause/diabetes", "Diabetes", ["Diabetes mellitus"], "Too much sugar in the blood.", "It harms nerves."),
    entity("cause/chemotherapy", "Chemotherapy", [], "Medicines against cancer.", "The same all year."),
    entity(
        "treatment/ketamine-infusion",
        "Ketamine infusion",
        ["Ketalar"],
        "A medicine given into a vein.",
        "A naïve reader asks: how long? Café au lait may follow.",
        ["N01AX03"],
    ),
    entity("treatment/mirror-therapy", "Mirror therapy", [], "A mirror shows the limb.", "For phantom limb pain."),
    entity(
        "condition/neuropathic-pain",
        "Neuropathischer Schmerz",
        ["Nervenschmerz"],
        "Schmerzen durch geschädigte Nerven.",
        "Die Füße brennen.",
        ["G54.6"],
        "de",
    ),
    entity("treatment/ketamine-infusion", "Ketamininfusion", [], "Infusionen in eine Vene.", "Größe.", [], "de"),
]
INDEX = SearchIndex.build(WORLD)


def find(text, index=INDEX, locale="en", kinds=None, limit=20, offset=0):
    return index.search(text, locale=locale, kinds=kinds, limit=limit, offset=offset)


def keys(text, index=INDEX, **rest):
    return [hit.key for hit in find(text, index, **rest).hits]


def marked(highlight: Highlight) -> list[str]:
    return [highlight.text[start:end] for start, end in highlight.ranges]


def marks(text, key, locale="en"):
    """What is highlighted in an entity, by field."""
    [hit] = [hit for hit in find(text, locale=locale).hits if hit.key == key]
    return [(highlight.field, *marked(highlight)) for highlight in hit.highlights]


# --- What is found ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("neuropathic pain", "neuropathic-pain"),
        ("PAIN, neuropathic!", "neuropathic-pain"),
        ("infusions", "ketamine-infusion"),  # infusion
        ("burned", "burning-pain"),  # burning
        ("nerve pain", "neuropathic-pain"),  # an alternate name
        ("paraesthesia", "tingling"),
        ("pins needles", "tingling"),
        ("plp", "phantom-limb-pain"),
        ("naive", "ketamine-infusion"),  # naïve
        ("naïve", "ketamine-infusion"),
        ("ketámine", "ketamine-infusion"),  # ketamine
        ("cafe\u0301", "ketamine-infusion"),  # the accent as a character of its own
        ("neuropahty", "peripheral-neuropathy"),  # letters swapped
        ("chemoterapy", "chemotherapy"),  # a letter missing
        ("kemotherapy", "chemotherapy"),  # two wrong
        ("tnigling", "tingling"),
        ("ketalarr", "ketamine-infusion"),  # in an alternate name
        ("phan", "phantom-limb-pain"),  # not typed to the end
        ("mirror ther", "mirror-therapy"),
        ("wint", "cold-pain"),  # in the body
    ],
)
def test_a_search_finds_first_what_a_person_means(text, first):
    assert keys(text)[0] == first


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("schmerz", "neuropathic-pain"),
        ("Schmerzes", "neuropathic-pain"),
        ("fuß", "neuropathic-pain"),  # Füße
        ("fusse", "neuropathic-pain"),
        ("grosse", "ketamine-infusion"),  # Größe
        ("Infusion", "ketamine-infusion"),  # Infusionen
        ("nervenschmertz", "neuropathic-pain"),
    ],
)
def test_german_is_searched_as_german(text, first):
    assert keys(text, locale="de")[0] == first


def test_a_locale_finds_nothing_of_another():
    assert keys("mirror", locale="de") == []
    assert keys("Schmerzen") == []
    assert find("pain", locale="pt-BR").total == 0


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("G54.6", "neuropathic-pain"),
        ("mg30.51", "neuropathic-pain"),
        (" 8E43.0, ", "phantom-limb-pain"),
        ("N01AX03.", "ketamine-infusion"),
        ("what is (N01AX03)?", "ketamine-infusion"),
    ],
)
def test_a_code_finds_its_entity(text, key):
    assert keys(text)[0] == key


@pytest.mark.parametrize("text", ["G54.7", "MG30.5", "8E43", "N01AX04"])
def test_a_code_never_finds_its_neighbour(text):
    assert keys(text) == []


def test_kinds_narrow_the_search():
    assert {hit.kind for hit in find("pain").hits} == {"condition", "symptom", "treatment"}
    assert set(keys("pain", kinds=frozenset({"symptom"}))) == {"burning-pain", "cold-pain"}
    assert find("pain", kinds=frozenset()).total == 0


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("how long does a ketamine infusion take", "ketamine-infusion"),
        ("tingling gibberishword", "tingling"),
    ],
)
def test_where_not_all_words_are_found_fewer_do(text, key):
    assert keys(text)[0] == key


def test_where_half_of_the_words_are_found_fewer_do_not():
    assert set(keys("tingling numbness limb mirror")) == {"mirror-therapy"}


def test_where_all_words_are_found_fewer_do_not():
    assert keys("phantom limb pain") == ["phantom-limb-pain", "mirror-therapy"]


@pytest.mark.parametrize(
    "text",
    ["", "   ", "?!… —", "the", "is it of the", "\x00", "\x00\x1b", "🙂", "\ud800", "+", '"', "zzzzzzz", "a", "6"],
)
def test_what_says_nothing_finds_nothing(text):
    assert find(text).total == 0


@pytest.mark.parametrize(
    "text",
    [
        "name:tingling AND (",
        '"tingling',
        "-tingling",
        "tingling*",
        "tingling~2",
        "[tingling TO",
        "\x00tingling\ud800🙂",
        "tingling^9 OR /x/",
    ],
)
def test_there_is_no_query_language(text):
    assert keys(text)[0] == "tingling"


@given(st.text(max_size=200))
@settings(deadline=None)
def test_any_text_can_be_searched_for(text):
    page = find(text, limit=3)
    assert len(page.hits) == min(3, page.total)


# --- In which order --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("others", [0, 10, 1_000])
def test_a_word_weighs_by_where_it_is(others):
    documents = [
        entity("cause/e", "x", body="T3"),
        entity("cause/d", "x", summary="T3"),
        entity("cause/c", "x", codes=["T3"]),
        entity("cause/b", "x", ["The T3"]),
        entity("cause/a", "The T3"),
        *(entity(f"cause/other-{number}", "Other") for number in range(others)),
    ]
    assert keys("t3", SearchIndex.build(documents)) == ["a", "b", "c", "d", "e"]


def test_a_name_typed_in_full_comes_before_longer_ones():
    index = SearchIndex.build(
        [
            entity("cause/a", "Pain after an operation"),
            entity("cause/b", "Pain"),
            entity("cause/c", "Ache", ["Pain"]),
            entity("cause/d", "Pain at night"),
        ]
    )
    assert keys("pain", index) == ["b", "c", "a", "d"]


def test_what_is_spelled_right_comes_before_what_begins_so_and_what_is_like_it():
    index = SearchIndex.build(
        [
            entity("cause/a", "Gouty joints"),
            entity("cause/b", "Gout and joints"),
            entity("cause/c", "Joint", body="gouty"),
        ]
    )
    assert keys("gout", index) == ["b", "a"]
    assert keys("gaut", index) == ["b"]


def test_a_rare_word_weighs_more_than_a_common_one():
    common = [entity(f"cause/common-{number}", "Night pain") for number in range(9)]
    index = SearchIndex.build([*common, entity("cause/rare", "Tooth")])
    assert keys("night tooth", index)[0] == "rare"


def test_equals_come_by_kind_and_key():
    names = ["cause/b", "symptom/a", "cause/a-b", "cause/a", "condition/z", "cause/ab"]
    index = SearchIndex.build([entity(name, "Same") for name in names])
    found = [f"{hit.kind}/{hit.key}" for hit in find("same", index).hits]
    assert found == ["cause/a", "cause/a-b", "cause/ab", "cause/b", "condition/z", "symptom/a"]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 30])
def test_equals_come_in_order_on_every_page_wherever_they_lie(size):
    numbers = [f"{number:02}" for number in range(24)]
    index = SearchIndex.build(entity(f"cause/{number}", "Same", body="same") for number in reversed(numbers[::2]))
    index = index.updated([], [entity(f"cause/{number}", "Same", body="same") for number in reversed(numbers[1::2])])
    index = index.updated([], [entity("cause/best", "Same again and again"), entity("cause/worst", "x", body="same")])
    found = [key for offset in range(0, 30, size) for key in keys("same", index, limit=size, offset=offset)]
    assert found == [*numbers, "best", "worst"]


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_pages_are_the_whole_in_pieces(size):
    whole = find("pain feet same felt", limit=100)
    pages = [find("pain feet same felt", limit=size, offset=offset) for offset in range(0, whole.total + size, size)]
    assert [hit for page in pages for hit in page.hits] == list(whole.hits)
    assert {page.total for page in pages} == {whole.total}


@pytest.mark.parametrize(("limit", "offset"), [(0, 0), (0, 3), (5, 10**12), (10**12, 10**12)])
def test_a_page_beyond_the_end_is_empty_and_knows_the_total(limit, offset):
    page = find("pain", limit=limit, offset=offset)
    assert (page.hits, page.total) == ((), find("pain").total)


def test_a_page_may_be_larger_than_the_world():
    assert len(find("pain", limit=10**12).hits) == find("pain").total


# --- Highlights ------------------------------------------------------------------------------------------------------


def test_every_text_that_has_a_word_shows_where():
    assert marks("nerves infusion", "neuropathic-pain") == [
        ("alternateNames", "Nerve"),
        ("summary", "nerves"),
        ("body", "infusions", "infusion"),
    ]


def test_typing_errors_beginnings_and_accents_are_shown_as_they_are_written():
    assert marks("neuropahty", "peripheral-neuropathy") == [("name", "neuropathy")]
    assert marks("phan", "phantom-limb-pain") == [("name", "Phantom")]
    assert ("body", "naïve") in marks("naive", "ketamine-infusion")
    assert marks("fusse", "neuropathic-pain", locale="de") == [("body", "Füße")]


def test_ranges_count_characters():
    body = "🙂🙂 é und \U00010000 Füße 🙂 fuß"
    index = SearchIndex.build([entity("cause/a", "x", body=body, locale="de")])
    [highlight] = find("fuss", index, locale="de").hits[0].highlights
    assert marked(highlight) == ["Füße", "fuß"]
    assert highlight.ranges[0] == (body.index("Füße"), body.index("Füße") + 4)


def test_of_a_long_body_a_fragment_is_shown_that_begins_and_ends_between_words():
    filler = "nothing to see in these unremarkable words " * 20
    paragraph = f"At first gout. {filler}gout, and gout with toes {filler}in the end gout"
    index = SearchIndex.build([entity("cause/a", "x", body=f"One gout here.\n\n{paragraph}\n\nToes. Gout.")])
    [highlight] = find("gout toes", index).hits[0].highlights
    assert marked(highlight) == ["gout", "gout", "toes"]
    assert 150 < len(highlight.text) <= 200
    assert f" {highlight.text} " in paragraph


@pytest.mark.parametrize("lead", range(50, 75))
def test_a_fragment_begins_with_a_whole_word_wherever_it_is_cut(lead):
    index = SearchIndex.build([entity("cause/a", "x", body="wörter " * 40 + "x" * lead + " gout" + " wörter" * 40)])
    [highlight] = find("gout", index).hits[0].highlights
    assert marked(highlight) == ["gout"]
    assert {word.strip("x") for word in highlight.text.split()} <= {"wörter", "gout", ""}


def test_a_body_in_one_endless_word_has_a_fragment_too():
    index = SearchIndex.build([entity("cause/a", "x", body="-" * 500 + "gout" + "-" * 500)])
    [highlight] = find("gout", index).hits[0].highlights
    assert marked(highlight) == ["gout"]
    assert len(highlight.text) == 200


def test_a_code_is_not_highlighted():
    assert marks("N01AX03", "ketamine-infusion") == []


def test_highlights_can_be_left_out():
    page = INDEX.search("pain", locale="en", kinds=None, limit=20, highlighted=False)
    assert [replace(hit, highlights=()) for hit in find("pain").hits] == list(page.hits)


def test_accents_of_their_own_are_highlighted_whole():
    index = SearchIndex.build([entity("cause/a", unicodedata.normalize("NFD", "Café crème"))])
    [highlight] = find("creme", index).hits[0].highlights
    assert (highlight.text, marked(highlight)) == ("Café crème", ["crème"])


# --- Updates ---------------------------------------------------------------------------------------------------------


def test_an_update_adds_replaces_and_removes_and_leaves_the_old_index_as_it_was():
    before = find("pain", limit=100)
    new = INDEX.updated(
        [("condition", "phantom-limb-pain"), ("symptom", "unknown")],
        [entity("symptom/burning-pain", "Burning"), entity("symptom/itch", "Painful itch")],
    )
    assert set(keys("pain", new)) == {*keys("pain"), "itch"} - {"phantom-limb-pain", "burning-pain"}
    assert keys("hot", new) == []
    assert keys("8E43.0", new) == []
    assert find("pain", limit=100) == before


def test_what_is_removed_is_gone_in_every_locale():
    new = INDEX.updated([("condition", "neuropathic-pain")], [])
    assert "neuropathic-pain" not in keys("neuropathic", new)
    assert keys("Schmerz", new, locale="de") == []
    assert keys("Infusion", new, locale="de") == ["ketamine-infusion"]


def test_an_update_can_bring_a_locale_and_empty_one():
    new = INDEX.updated([], [entity("cause/diabetes", "Diabète", ["Diabètes sucrés"], locale="fr")])
    assert keys("diabete sucre", new, locale="fr") == ["diabetes"]
    empty = new.updated([("cause", "diabetes")], [])
    assert find("diabete", empty, locale="fr").total == 0
    assert keys("diabete", new, locale="fr") == ["diabetes"]


def test_an_empty_index_finds_nothing_and_can_grow():
    empty = SearchIndex.build([])
    assert find("pain", empty).total == 0
    assert keys("pain", empty.updated([("cause", "x")], WORLD)) == keys("pain")


def test_every_index_of_a_long_line_goes_on_to_answer_as_it_did():
    """Some twenty merges happen on the way: see shelf.py."""
    indices = [SearchIndex.build(entity(f"cause/{number}", "Stone") for number in range(50))]
    for number in range(60):
        indices.append(indices[-1].updated([("cause", str(number))], [entity(f"symptom/{number}", f"Sand {number}")]))
    for number, index in enumerate(indices):
        assert find("stone", index).total == max(50 - number, 0)
        assert find("sand", index).total == number
        assert keys(f"sand {number - 1}", index)[:1] == ([str(number - 1)] if number else [])


def test_two_indices_can_follow_from_the_same_one():
    left = INDEX.updated([("symptom", "tingling")], [entity("cause/left", "Left tingling")])
    right = INDEX.updated([("symptom", "numbness")], [entity("cause/right", "Right tingling")])
    assert (keys("tingling", left), keys("numbness", left)) == (["left", "neuropathic-pain"], ["numbness"])
    assert (keys("tingling", right), keys("numbness", right)) == (["tingling", "right", "neuropathic-pain"], [])
    assert keys("tingling", left.updated([], [entity("cause/more", "Tingling more")])) == [
        "left",
        "more",
        "neuropathic-pain",
    ]
    assert keys("tingling", right.updated([("cause", "right")], [])) == ["tingling", "neuropathic-pain"]


def test_the_second_to_follow_has_everything_once_codes_and_all():
    INDEX.updated([("cause", "diabetes")], [])
    second = INDEX.updated([("symptom", "numbness")], [entity("symptom/tingling", "Prickling")])
    assert keys("prickling", second) == ["tingling"]
    assert keys("pins", second) == keys("numbness", second) == []
    fresh = [one for one in WORLD if one.key not in ("numbness", "tingling")]
    for document in fresh:
        for text in (document.name, *document.alternate_names, document.summary, *document.codes):
            assert document.key in keys(text, second, locale=document.locale)


WORDS = st.lists(st.sampled_from(["pain", "pains", "gout", "gouty", "foot", "feet", "neuropathy", "the"]), max_size=4)
TEXTS = WORDS.map(" ".join)
DOCUMENTS = st.builds(
    SearchDocument,
    st.sampled_from(["cause", "symptom"]),
    st.sampled_from("abcdef"),
    st.sampled_from(["en", "de"]),
    TEXTS.filter(bool),
    st.lists(TEXTS, max_size=2).map(tuple),
    TEXTS,
    TEXTS,
    st.lists(st.sampled_from(["G1", "G2"]), max_size=1).map(tuple),
)
UPDATES = st.tuples(
    st.sets(st.tuples(st.sampled_from(["cause", "symptom"]), st.sampled_from("abcdef")), max_size=3),
    st.lists(DOCUMENTS, max_size=3),
)
QUESTIONS = ["pain", "gout foot", "neuropaty", "gou", "g1 feet", "the pain of gouty feet"]


@given(st.lists(DOCUMENTS, max_size=8), st.lists(UPDATES, min_size=1, max_size=4))
@settings(deadline=None, max_examples=25)
def test_an_updated_index_answers_as_one_built_afresh(documents, updates):
    """Score for score: no trace is left of what was there before. Every index on the way is asked at the end."""
    held = {(document.kind, document.key, document.locale): document for document in documents}
    line = [(SearchIndex.build(documents), held)]
    for removed, added in updates:
        held = {place: document for place, document in held.items() if place[:2] not in removed}
        held |= {(document.kind, document.key, document.locale): document for document in added}
        line.append((line[-1][0].updated(removed, added), held))
    for index, held in line:
        fresh = SearchIndex.build(held.values())
        for locale in ("en", "de"):
            for question in QUESTIONS:
                assert find(question, index, locale) == find(question, fresh, locale)


# --- Languages and resources -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("locale", [*STEMMERS, "pl", "zh-Hant-TW", "pt-BR", "sr-Latn"])
def test_every_language_can_be_read_with_accents_or_without(locale):
    reader = lexicon(locale)
    assert [word.stem for word in reader.read("Épée été")] == [word.stem for word in reader.read("epee ete")]
    assert reader.says_something("Ketamin")


def test_after_an_update_that_failed_nothing_of_it_is_found_and_the_next_is_whole(monkeypatch):
    index = SearchIndex.build([entity("cause/one", "First"), entity("cause/two", "Second")]).updated(
        [], [entity("cause/one", "Third")]
    )
    monkeypatch.setattr("content_api.content.shelf.whole", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        index.updated([("cause", "cause/two")], [entity("cause/new", "Fourth")])
    monkeypatch.undo()
    after = index.updated([], [entity("cause/three", "Fifth")])
    assert [find(word, after).total for word in ("third", "second", "fourth", "fifth")] == [1, 1, 0, 1]
    again = after.updated([], [entity("cause/three", "Sixth")])
    assert [find(word, again).total for word in ("fifth", "sixth")] == [0, 1]


STATISTICS = Path("/proc/self/statm")


def resident_megabytes() -> float:
    return int(STATISTICS.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


@pytest.mark.skipif(not STATISTICS.exists(), reason="needs Linux's /proc")
def test_neither_updates_nor_dropped_indices_leave_memory_or_threads_behind():
    """In a process of its own, where nothing else allocates. It must also end by itself, with a merge under way."""
    script = textwrap.dedent("""
        import gc, os, time
        from tests.content.test_search import SearchIndex, entity, find, resident_megabytes

        def documents():
            return [entity(f"cause/{number}", f"Pain {number}", body="words of pain " * 80) for number in range(100)]

        def round_of_work(index):
            for number in range(16):
                index = index.updated([], [entity(f"cause/{number}", "Pain again")])
            for _ in range(8):
                SearchIndex.build(documents())
            gc.collect()
            return index

        index = round_of_work(round_of_work(SearchIndex.build(documents())))
        before = resident_megabytes()
        for _ in range(3):
            index = round_of_work(index)
        assert resident_megabytes() - before < 60, (before, resident_megabytes())
        assert find("pain", index).total == 100

        def at_most(threads):
            deadline = time.monotonic() + 20
            while len(os.listdir("/proc/self/task")) > threads:
                assert time.monotonic() < deadline, "threads are left"
                time.sleep(0.01)

        at_most(1 + 6)  # those that wait for the next update of the one line that is updated
        index = None
        at_most(1)
        index = SearchIndex.build(documents())
        for number in range(8):
            index = index.updated([], [entity(f"cause/{number}", "Pain again")])
    """)
    environment = {**os.environ, "MALLOC_ARENA_MAX": "2"}
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
