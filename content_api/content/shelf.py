"""The searchable texts of one locale, kept in tantivy: built at once, then changed at the cost of the change.

A tantivy searcher is a snapshot: what is committed or merged later does not touch it. So every Shelf keeps the searcher
of its moment, and the shelves that follow from one another share one tantivy index, their line. Only the newest of a
line can be followed by another; from an older one, the next shelf is built afresh out of what the searcher has stored.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

import tantivy

from content_api.content.lexicon import Lexicon, composed, lexicon

# Bytes that a writer may hold before it writes a segment, and its threads. For a build: two threads are 1.7 times as
# fast as one, more are no faster, since Python feeds them; 50,000 entities of 1 kB become four segments in this memory.
# For updates: the least that tantivy takes. What is held is given back with each commit.
_BUILD = (60_000_000, 2)
_UPDATE = (15_000_000, 1)


@dataclass(frozen=True, slots=True)
class SearchDocument:
    """What the search knows of an entity in one locale. Texts are plain; `codes` are found as they are, whole."""

    kind: str
    key: str
    locale: str
    name: str
    alternate_names: tuple[str, ...]
    summary: str
    body: str
    codes: tuple[str, ...]


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("serial", stored=False, indexed=True, fast=True)
    builder.add_text_field("kind", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("whole", tokenizer_name="raw", index_option="basic")
    for field in ("name", "alternate", "summary", "body"):
        builder.add_text_field(field, stored=True, tokenizer_name="stems", index_option="basic")
    builder.add_text_field("code", stored=True, tokenizer_name="raw", index_option="basic")
    for field in ("title_words", "words"):
        builder.add_text_field(field, tokenizer_name="words", index_option="basic")
    return builder.build()


# Neither frequencies nor positions are kept ("basic"): the score does not use them, see search.py.
# whole: names as one term, `name/<words>` or `alternate/<words>`. words: all texts, title_words: names, both unstemmed,
# for the beginnings of words and for typing errors, which stems would hide.
SCHEMA = _schema()


def whole(field: str, name: str, reader: Lexicon) -> str:
    """The term under which a name is found that is typed in full."""
    return f"{field}/{' '.join(reader.words.analyze(name))}"


def _delete(writer: tantivy.IndexWriter, serial: int) -> None:
    # Not by term: that takes any Python integer for a signed one, and deletes nothing in an unsigned field.
    writer.delete_documents_by_query(tantivy.Query.term_query(SCHEMA, "serial", serial))


class _Line:
    """The index that successive shelves share, and which entity each of its serial numbers stands for."""

    def __init__(self, locale: str) -> None:
        self.lock = threading.Lock()
        self.newest = 0
        self.ids: list[tuple[str, str]] = []
        """(kind, key) by serial number. It only grows, and only by entities that are new: older shelves read it too."""
        self.serials: dict[tuple[str, str], int] = {}
        self._reader = lexicon(locale)
        self._updating: tantivy.IndexWriter | None = None
        self._index = tantivy.Index(SCHEMA)
        self._index.register_tokenizer("stems", self._reader.stems)
        self._index.register_tokenizer("words", self._reader.words)
        # Otherwise a thread of tantivy watches for commits and competes with us for its lock, at 100 ms a try.
        self._index.config_reader("manual")

    def build(self, documents: Iterable[SearchDocument]) -> tantivy.Searcher:
        """Put in all that the line begins with. The threads of the writer end with it: many a line is never updated."""
        writer = self._index.writer(*_BUILD)
        searcher = self._write(writer, (), documents)
        writer.wait_merging_threads()  # of texts of 100 MB and more, which become eight segments
        return searcher

    def update(self, removed: Iterable[tuple[str, str]], added: Iterable[SearchDocument]) -> tantivy.Searcher:
        """Take out, put in, and give a searcher of the result. What is put in replaces what has the same id.

        The writer stays for the next update, with six threads that wait, for as long as an edition has the line: a new
        one takes as long as the update itself, to open what is there. Every eighth time or so it merges small segments,
        which takes up to 300 ms, in a thread. One that fails does not stay: what it holds is half of something.
        """
        writer, self._updating = self._updating or self._index.writer(*_UPDATE), None
        searcher = self._write(writer, removed, added)
        self._updating = writer
        return searcher

    def _write(
        self, writer: tantivy.IndexWriter, removed: Iterable[tuple[str, str]], added: Iterable[SearchDocument]
    ) -> tantivy.Searcher:
        for identity in removed:
            _delete(writer, self.serials[identity])
        for document in added:
            identity = (document.kind, document.key)
            if identity in self.serials:
                _delete(writer, self.serials[identity])
            else:
                self.serials[identity] = len(self.ids)
                self.ids.append(identity)
            writer.add_document(self._entry(document))
        writer.commit()
        self._index.reload()
        return self._index.searcher()

    def _entry(self, document: SearchDocument) -> tantivy.Document:
        name, summary, body = composed(document.name), composed(document.summary), composed(document.body)
        alternates = [composed(each) for each in document.alternate_names]
        titles = [whole("name", name, self._reader), *(whole("alternate", each, self._reader) for each in alternates)]
        values = {
            "serial": self.serials[document.kind, document.key],
            "kind": document.kind,
            "name": name,
            "alternate": alternates,
            "summary": summary,
            "body": body,
            "code": [code.casefold() for code in document.codes],
            "whole": titles,
            "title_words": [name, *alternates],
            "words": [name, *alternates, summary, body],
        }
        return tantivy.Document.from_dict(values, SCHEMA)


@dataclass(frozen=True, slots=True)
class Shelf:
    """The texts of one locale at one moment. `searcher` answers for it, whatever becomes of later ones."""

    locale: str
    searcher: tantivy.Searcher
    _line: _Line
    _place: int
    """Its place in the line."""

    @classmethod
    def build(cls, locale: str, documents: Iterable[SearchDocument]) -> Shelf:
        line = _Line(locale)
        return cls(locale, line.build(documents), line, 0)

    def knows(self, identity: tuple[str, str]) -> bool:
        """Whether the entity is on this shelf or on another of its line."""
        return identity in self._line.serials

    def updated(self, removed: Collection[tuple[str, str]], added: Collection[SearchDocument]) -> Shelf:
        """The shelf that follows, without those removed, which it `knows`; this one stays as it is.

        It takes as long as the change. Two may follow from the same one, but the second takes as long as building.
        """
        with self._line.lock:
            if self._place == self._line.newest:
                # First of all: should writing fail half-way, nothing else may follow in this line.
                self._line.newest += 1
                searcher = self._line.update(removed, added)
                return Shelf(self.locale, searcher, self._line, self._place + 1)
        kept = (document for document in self.documents() if (document.kind, document.key) not in removed)
        return Shelf.build(self.locale, [*kept, *added])

    def only(self, identities: Collection[tuple[str, str]]) -> tantivy.Query:
        """Finds these entities, and adds nothing to a score."""
        serials = [serial for each in identities if (serial := self._line.serials.get(each)) is not None]
        return tantivy.Query.const_score_query(tantivy.Query.term_set_query(SCHEMA, "serial", serials), 0.0)

    def documents(self) -> Iterator[SearchDocument]:
        """Everything that is on the shelf, in no particular order."""
        everything = self.searcher.search(tantivy.Query.all_query(), limit=max(self.searcher.num_docs, 1))
        addresses = [address for _, address in everything.hits]
        for identity, address in zip(self.identities(addresses), addresses, strict=True):
            yield self.document(identity, address)

    def identities(self, addresses: list[tantivy.DocAddress]) -> list[tuple[str, str]]:
        """The (kind, key) at each address, without reading what is stored there."""
        serials = self.searcher.fast_field_values("serial", addresses)
        return [self._line.ids[int(serial)] for serial in serials if serial is not None]

    def document(self, identity: tuple[str, str], address: tantivy.DocAddress) -> SearchDocument:
        stored = self.searcher.doc(address).to_dict()
        kind, key = identity
        return SearchDocument(
            kind=kind,
            key=key,
            locale=self.locale,
            name=stored["name"][0],
            alternate_names=tuple(stored.get("alternate", ())),
            summary=stored["summary"][0],
            body=stored["body"][0],
            codes=tuple(stored.get("code", ())),
        )
