"""The search index of an edition: made with it, or from that of the edition before it, and kept with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from content_api.content import rendering
from content_api.content.edition import Edition
from content_api.content.fields import Described
from content_api.content.items import items, wordings
from content_api.content.noted import unnoted
from content_api.content.relations import codings
from content_api.content.search import SearchDocument, SearchIndex
from content_api.content.view import Shown, view_of
from content_api.errors import NotInMemory


class SearchField(Described):
    """A text that is searched. The values are those of `Highlight.field`."""

    NAME = "name", "The name in the locale served."
    ALTERNATE_NAMES = "alternateNames", "One of the alternate names."
    SUMMARY = "summary", "The summary in the locale served."
    BODY = "body", "A fragment of the sections or items."


def search_index_in_memory(edition: Edition, drafts: bool = False) -> SearchIndex:
    """The index of an edition, if it has been made; it takes seconds for 50,000 entities. Raises NotInMemory."""
    found: SearchIndex | None = edition.memo.get((SearchIndex, drafts))
    if found is None:
        version = edition.version.id
        raise NotInMemory(f"search of {version}", (version,), partial(search_index, edition, drafts=drafts))
    return found


def search_index(edition: Edition, previous: Edition | None = None, *, drafts: bool = False) -> SearchIndex:
    """The index over what the public can see of an edition, in every locale, and what recalls hide from it; with
    `drafts`, over what previews show.

    Those are two indexes: what only some may see must not even change how rare a word is for the others. What recalls
    hide has to be passed over in every search. So a recall costs nothing when it goes live, holds in the older editions
    that are kept, and a search can say that it would have found what is recalled.

    It takes a tenth of a millisecond for each entity and locale; with the index of a `previous` edition, it takes what
    changed. Ask for it before an edition goes live, so that no reader waits for it.
    """
    found: SearchIndex | None = edition.memo.get((SearchIndex, drafts))
    if found is None:
        earlier: SearchIndex | None = previous.memo.get((SearchIndex, drafts)) if previous else None
        if earlier is None or previous is None or differently_seen(edition, previous):
            found = SearchIndex.build(documents(edition, edition.library.records, drafts))
        else:
            changed = edition.library.touched_since(previous.library.records)
            removed = [(kind, name) for kind, _, name in (key.partition("/") for key in changed)]
            found = earlier.updated(removed, documents(edition, changed, drafts))
        edition.memo[SearchIndex, drafts] = found
    return found


def differently_seen(edition: Edition, previous: Edition) -> bool:
    """Whether something other than entities changed that decides what is indexed, and how."""
    return edition.library.site is not previous.library.site


def documents(edition: Edition, keys: Iterable[str], drafts: bool) -> Iterator[SearchDocument]:
    """What can be found of these entities, in each locale as the public sees them there, or would but for recalls."""
    wanted = list(keys)
    for locale in edition.library.site.locales:
        view = view_of(edition, locale, drafts=drafts)
        for key in wanted:
            with unnoted():
                shown = view.show(key) or view.hidden(key)
            if shown:
                yield document(shown)


def hidden_identities(edition: Edition) -> frozenset[tuple[str, str]]:
    """(kind, key) of everything that recalls hide: what a search passes over."""
    keys = (key.partition("/") for key in (*edition.recalls, *edition.withheld))
    return frozenset((kind, name) for kind, _, name in keys)


def document(shown: Shown) -> SearchDocument:
    """An entity's words. The body has the web text, which is the fullest, and the items."""
    kind, _, name = shown.key.partition("/")
    return SearchDocument(
        kind=kind,
        key=name,
        locale=shown.view.locale,
        name=shown.text.name,
        alternate_names=tuple(alternate.name for alternate in shown.text.alternate_names),
        summary=shown.text.summary,
        body="\n\n".join(body(shown)),
        codes=tuple(coding.code for coding in codings(shown.entity)),
    )


def body(shown: Shown) -> Iterator[str]:
    for section in shown.text.sections:
        yield section.heading
        yield rendering.plain(shown.section_text(section).body)
    for item in items(shown.record.kind, shown.entity):
        for _, texts in wordings(item):
            yield texts[shown.locale]
