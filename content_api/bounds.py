"""The settings that are limits: of a connection, of a question, and of content. Settings (settings.py) is all of them.

Why each has its usual value stands beside it here, or where the value is.
"""

from __future__ import annotations

import re
from typing import Annotated, Self

from pydantic import BaseModel, Field, field_validator, model_validator

from content_api.delivery.lane import MOST_WAITING
from content_api.delivery.limits import Limits as OperationLimits
from content_api.publish.waits import USUAL_WAITS, Waits
from content_api.store.snapshot import Limits

RATE = re.compile(r"[1-9]\d{0,8}/(second|minute|hour|day)", re.ASCII)
USUAL_LIMITS = Limits()
OPERATION = OperationLimits()


class SocketBounds(BaseModel):
    """Limits of connections and clients"""

    head_seconds: Annotated[float, Field(gt=0, le=600)] = 8.0
    """Seconds in which the head of a request must be here, counted from its first byte, on a new connection from when
    that was made. It is one packet or a few: over the slowest of phones they come in two seconds."""
    request_seconds: Annotated[float, Field(gt=0, le=600)] = 8.0
    """Seconds in which a request must be here with its body, counted from its first byte: 100 kB in that time is a line
    of 12 kB a second."""
    head_bytes: Annotated[int, Field(ge=1_000, le=1_000_000)] = 16_384
    """Bytes of a request's head. Browsers send 1,000, with the cookies and traces of a large site 8,000; a question
    that does not fit into an address goes by POST."""
    head_fields: Annotated[int, Field(ge=8, le=1_000)] = 64
    """Header fields of a request. Browsers send 20, and each proxy on the way adds a few."""
    idle_seconds: Annotated[float, Field(gt=0, le=3600)] = 15.0
    """Seconds that a connection stays open after an answer, for the next request. A reader who goes on does so sooner,
    and a connection that is made anew takes a tenth of a second. A proxy in front should keep its connections for
    less."""
    take_seconds: Annotated[float, Field(gt=0, le=3600)] = 60.0
    """Seconds in which a client must take its answer from the server: 1 MB over a line of 17 kB a second. Who has not
    is left, for what waits for him is memory."""
    pipelined: Annotated[int, Field(ge=1, le=1_000)] = 20
    """Requests of one connection that may wait for the answer to the one before. Browsers never send one so early; what
    measures servers sends 16."""
    connections: Annotated[int, Field(ge=1, le=1_000_000)] = 12_000
    """Connections that a worker holds: 10,000 that listen, and 2,000 that ask. One that is idle takes 10 kB. Where the
    system allows fewer open files, there are fewer."""
    connections_per_address: Annotated[int, Field(ge=1, le=1_000_000)] = 1_000
    """Connections of one client address to a worker: a hospital behind one address, where two thousand people open a
    page each minute. A proxy of `CONTENT_API_PROXIES` may hold any number of them: it is not one client."""
    listeners: Annotated[int, Field(ge=0, le=1_000_000)] = 10_000
    """WebSockets and event streams of a worker. An idle one costs 20 to 30 kB, so that these take 300 MB at most."""
    drain_seconds: Annotated[int, Field(ge=0, le=3600)] = 0
    """Seconds that a server that is told to end by SIGTERM answers as before, while `/readyz` has status 503: as many
    as a load balancer needs to see that and send its clients elsewhere. Where nothing asks `/readyz`, none."""
    end_seconds: Annotated[int, Field(ge=0, le=3600)] = 5
    """Seconds that a server that is told to end, and has drained, gives to what it has begun. An answer takes
    milliseconds. What is not done by then, or not taken by its client, is left."""
    init_seconds: Annotated[float, Field(gt=0, le=600)] = 5.0
    """Seconds until `connection_init` on a WebSocket. Clients greet as soon as they are connected; one that does not is
    no client."""
    message_bytes: Annotated[int, Field(ge=1_000, le=1_000_000)] = 16_384
    """Bytes of one message on a WebSocket: a document of 10,000 characters, its variables, and JSON around them."""
    socket_operations: Annotated[int, Field(ge=1, le=10_000)] = 20
    """Operations that run on one WebSocket. A page listens to one thing, a page that is made of many parts to a
    few."""
    send_seconds: Annotated[float, Field(gt=0, le=600)] = 10.0
    """Seconds in which a client that listens must take what is sent. A phone in a tunnel comes back sooner, or connects
    again anyway."""
    rate_limit: str | None = None
    """How many requests one client address may send, such as `100/second`, `1000/minute` or `20000/hour`. If not set,
    any number. Each worker counts for itself."""
    rate_clients: Annotated[int, Field(ge=1, le=10_000_000)] = 20_000
    """Client addresses whose requests a worker counts. As many as a busy site sees in a minute, in 6 MB; of more, the
    one heard of longest ago begins anew."""
    busy_seconds: Annotated[float, Field(ge=0.05, le=60)] = 0.5
    """Seconds that the server may be busy with the requests that came together; those that are left then are refused
    with 503, and it is free for new ones. Who asks what is light and is answered has waited twice as long at most: a
    second is when a reader begins to think of something else."""

    @field_validator("rate_limit")
    @classmethod
    def a_rate(cls, value: str | None) -> str | None:
        if value is not None and not RATE.fullmatch(value):
            raise ValueError("a number and a time such as 100/second, 1000/minute, 20000/hour or 100000/day")
        return value


class WaitingBounds(BaseModel):
    """Limits of waiting"""

    lane_waiting: Annotated[int, Field(ge=1, le=100_000)] = MOST_WAITING
    """Dear operations of a worker that wait until another is done. The dearest takes 50 ms, so that the last of them
    waits for three seconds; who comes later would have left before."""
    operations_waiting: Annotated[int, Field(ge=1, le=1_000_000)] = 1_000
    """Operations of a worker that wait for anything: the lane, a version to be loaded, or one to be live. Each takes
    20 kB. So many come for a version together when an address is printed somewhere; more are a flood."""
    loads_waiting: Annotated[int, Field(ge=1, le=10_000)] = USUAL_WAITS.loads
    """Versions of a worker that are loaded, one after the other, or wait for it. One takes from milliseconds to
    seconds, and nobody waits for the last of more."""
    load_seconds: Annotated[float, Field(gt=0, le=3600)] = USUAL_WAITS.load_seconds
    """Seconds that a client waits for a version to be loaded. Proxies give up after 30 or 60."""
    versions_waiting: Annotated[int, Field(ge=1, le=1_000_000)] = USUAL_WAITS.clients
    """Clients of a worker that wait until the version that `Content-Version-At-Least` names is live. So many do not
    push at once."""
    version_seconds: Annotated[float, Field(gt=0, le=3600)] = USUAL_WAITS.seconds
    """Seconds that such a client waits. A publication takes less than one, and a fetch from another machine more."""

    @property
    def waits(self) -> Waits:
        return Waits(self.loads_waiting, self.load_seconds, self.versions_waiting, self.version_seconds)


class QuestionBounds(BaseModel):
    """Limits of a question"""

    max_body_bytes: Annotated[int, Field(ge=1_000, le=10_000_000)] = OPERATION.body_bytes
    """The largest body of a request: a document of all the characters that are read, and its variables. One that is
    refused costs nothing but the bytes that were read."""
    max_json_depth: Annotated[int, Field(ge=3, le=100)] = OPERATION.json_depth
    """How deep objects and lists in a body, in variables or in a message of a WebSocket may stand in one another. Most
    clients send three, a filter through several relations ten."""
    max_json_digits: Annotated[int, Field(ge=10, le=1_000)] = OPERATION.json_digits
    """How many digits a whole number may have there. One of 64 bits has 20; to read one of thousands takes long."""
    max_document_characters: Annotated[int, Field(ge=100, le=40_000)] = OPERATION.characters
    """The longest document. The largest of a page that we know has 3,000."""
    max_document_tokens: Annotated[int, Field(ge=10, le=10_000)] = OPERATION.tokens
    """Words and signs of a document, and by themselves the `#` of comments. That page has 400; each takes 300 bytes
    while the document is remembered."""
    max_name_characters: Annotated[int, Field(ge=50, le=1_000)] = OPERATION.name_characters
    """Characters of one name in a document: an alias, a variable, an operation, a fragment. The longest of the schema
    has 29, and a stored document's may have as many as these. Aliases come back in the paths of errors."""
    max_document_fragments: Annotated[int, Field(ge=0, le=100)] = OPERATION.fragments
    """Named fragments of a document: one for each part of a page. They multiply each other."""
    max_document_directives: Annotated[int, Field(ge=0, le=1_000)] = OPERATION.directives
    """Uses of `@include` and `@skip` in a document. A page leaves out a few parts."""
    max_comparisons: Annotated[int, Field(ge=100, le=500_000)] = OPERATION.comparisons
    """How often fields that would be one in the answer are compared, to find out whether they agree. 30 parts of a page
    that have three in common take 4,500, 15 that have ten 3,400; 5,000 take up to 15 ms."""
    max_operation_depth: Annotated[int, Field(ge=1, le=50)] = OPERATION.depth
    """Levels of fields, fragments included, as in what follows. A page takes 10."""
    max_operation_aliases: Annotated[int, Field(ge=0, le=1_000)] = OPERATION.aliases
    """Fields with an alias: one screen of named lists. It is how one field is made to run many times."""
    max_operation_root_fields: Annotated[int, Field(ge=1, le=1_000)] = OPERATION.root_fields
    """Fields at the top of an operation. Each may be a search, or a filter over everything."""
    max_operation_fields: Annotated[int, Field(ge=1, le=10_000)] = OPERATION.fields
    """Fields of an operation. A page with everything has 120."""
    max_introspection_depth: Annotated[int, Field(ge=1, le=50)] = OPERATION.introspection_depth
    """Levels of fields from `__schema` or `__type` on. The query that tools send has 15."""
    max_introspection_aliases: Annotated[int, Field(ge=0, le=100)] = OPERATION.introspection_aliases
    """Aliases below `__schema` and `__type`. No tool uses one; each would list the schema once more."""
    max_list_items: Annotated[int, Field(ge=1, le=1_000)] = OPERATION.list_items
    """Items of one list, in a document or in variables: as many as the largest page has."""
    max_variable_values: Annotated[int, Field(ge=10, le=100_000)] = OPERATION.values
    """Values of the variables, lists and objects among them. A filter that asks as much as it may has 600; all of
    these are brought to their types, which takes 5 ms, before it is known what they cost."""
    max_page_size: Annotated[int, Field(ge=20, le=1_000)] = OPERATION.page_size
    """Items of a page: `first` and `last`. Five screens; whoever wants more takes the next page. 20 is what is given
    where no number is."""
    max_node_ids: Annotated[int, Field(ge=1, le=1_000)] = OPERATION.node_ids
    """Ids of `nodes`: as many as a page has. They are a list, so `CONTENT_API_MAX_LIST_ITEMS` holds for them too."""
    max_search_characters: Annotated[int, Field(ge=10, le=1_000)] = OPERATION.search_characters
    """Characters of the text of `search`. A question to a chatbot is seldom longer, and nobody types more into a search
    box. More than sixteen words are not looked for."""
    max_operation_cost: Annotated[int, Field(ge=10, le=1_000_000)] = OPERATION.cost
    """What an operation may cost. 5,000 are 50 ms of work at most; a page costs 100 to 400."""
    max_operation_versions: Annotated[int, Field(ge=1, le=100)] = OPERATION.versions
    """Versions that one operation may have loaded. To compare takes two; to load one can take seconds."""
    max_errors: Annotated[int, Field(ge=1, le=100)] = OPERATION.errors
    """Errors of an answer that are told. A person mends the first ones first."""
    max_answer_bytes: Annotated[int, Field(ge=10_000, le=1_000_000_000)] = OPERATION.answer_bytes
    """The largest answer, before it is compressed. A hundred whole pages have 600,000, and the schema 300,000."""
    operation_seconds: Annotated[float, Field(gt=0, le=60)] = OPERATION.seconds
    """Seconds that one operation may take; one that takes longer is refused. The dearest that its cost allows takes a
    twentieth of one. What it waits while others are answered is not counted."""

    @model_validator(mode="after")
    def one_lets_the_other(self) -> Self:
        """What somebody chose must be possible. What nobody did is held to the lower of two."""
        for chosen, most, why in (
            ("max_node_ids", "max_list_items", "ids are items of a list"),
            ("max_page_size", "max_operation_cost", "each item of a page costs 1 or more"),
        ):
            value, other = getattr(self, chosen), getattr(self, most)
            if chosen in self.model_fields_set and value > other:
                names = [f"CONTENT_API_{name.upper()}" for name in (chosen, most)]
                raise ValueError(f"{names[0]} is {value:,}, and {names[1]} allows {other:,}: {why}")
        return self

    @property
    def question(self) -> OperationLimits:
        return OperationLimits(
            body_bytes=self.max_body_bytes,
            json_depth=self.max_json_depth,
            json_digits=self.max_json_digits,
            characters=self.max_document_characters,
            tokens=self.max_document_tokens,
            name_characters=self.max_name_characters,
            fragments=self.max_document_fragments,
            directives=self.max_document_directives,
            depth=self.max_operation_depth,
            aliases=self.max_operation_aliases,
            root_fields=self.max_operation_root_fields,
            fields=self.max_operation_fields,
            comparisons=self.max_comparisons,
            introspection_depth=self.max_introspection_depth,
            introspection_aliases=self.max_introspection_aliases,
            list_items=self.max_list_items,
            values=self.max_variable_values,
            page_size=self.max_page_size,
            node_ids=self.max_node_ids,
            search_characters=self.max_search_characters,
            cost=self.max_operation_cost,
            seconds=self.operation_seconds,
            versions=self.max_operation_versions,
            errors=self.max_errors,
            answer_bytes=self.max_answer_bytes,
        )


class ContentBounds(BaseModel):
    """Limits of content"""

    max_file_bytes: Annotated[int, Field(ge=1)] = USUAL_LIMITS.file_bytes
    """The largest content file. Those of people have 20 kB."""
    max_content_bytes: Annotated[int, Field(ge=1)] = USUAL_LIMITS.content_bytes
    """All content files of a version together: 50,000 entities of 4 kB."""
    max_files: Annotated[int, Field(ge=1)] = USUAL_LIMITS.files
    """How many files, and how many folders, a version may have."""
    max_depth: Annotated[int, Field(ge=1)] = USUAL_LIMITS.depth
    """How many parts a content file's path may have. The layout needs two."""
    build_seconds: Annotated[float, Field(gt=0, le=86_400)] = USUAL_LIMITS.seconds
    """Seconds that a version may take to be read and checked; one that takes longer is refused, and the last good one
    stays. 50,000 entities take 13 from nothing, and a change among them a tenth of one."""

    @property
    def limits(self) -> Limits:
        return Limits(self.max_file_bytes, self.max_content_bytes, self.max_files, self.max_depth, self.build_seconds)
