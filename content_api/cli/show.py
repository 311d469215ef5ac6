"""`content-api show`."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from content_api.cli.options import Content, InChannel, Locale, Ref, WorkingTree, given
from content_api.cli.portrait import portrait
from content_api.content.edition import Edition
from content_api.content.fields import Channel, State
from content_api.content.suggest import suggestion
from content_api.content.view import Shown, View, view_of
from content_api.opening import first_edition, open_configured
from content_api.settings import Settings, read_settings

Key = Annotated[str, typer.Argument(metavar="KIND/ID", help="As in `condition/neuropathic-pain`.")]


def show(
    key: Key,
    locale: Locale = None,
    channel: InChannel = Channel.WEB,
    content: Content = None,
    ref: Ref = None,
    working_tree: WorkingTree = False,
) -> None:
    """Show an entity to a person: its cautions first, then its text, what it refers to, and what it rests on.

    Drafts are shown too.

    Examples:

        content-api show condition/neuropathic-pain
        content-api show treatment/ketamine-infusion --channel chatbot
        content-api show symptom/tingling --working-tree
    """
    edition = read_edition(read_settings(**given(content=content, ref=ref, working_tree=working_tree)))
    Console(highlight=False).print(portrait(found(view_of(edition, locale, channel, drafts=True), key)))


def read_edition(settings: Settings) -> Edition:
    """The edition of the content that the settings name."""
    opened = open_configured(settings)
    with opened:
        return first_edition(opened, settings)


def found(view: View, key: str) -> Shown:
    """The entity with a key. Raises BadParameter, saying why there is none to show."""
    library = view.edition.library
    shown = view.show(library.redirects.get(key, key))
    if shown:
        return shown
    entity = library.entity(key)
    recalls, withheld = view.edition.recalls, view.edition.withheld
    if key in recalls:
        raise typer.BadParameter(f"`{key}` is recalled: {view.wording(recalls[key].reason)}")
    if key in withheld:
        caution = withheld[key]
        reason = f"`{caution}` is recalled, and nothing stands in for it: {view.wording(recalls[caution].reason)}"
        raise typer.BadParameter(f"`{key}` is not shown without the cautions that it requires. {reason}")
    if entity and entity.state is State.WITHDRAWN:
        reason = view.wording(entity.withdrawn_reason) if entity.withdrawn_reason else "no reason is given."
        raise typer.BadParameter(f"`{key}` is withdrawn: {reason}")
    meant = suggestion(key, library.records) or f"There are {', '.join(library.indexes.kinds)}."
    raise typer.BadParameter(f"There is no `{key}`. {meant}")
