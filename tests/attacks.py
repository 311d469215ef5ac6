"""What a client can send to hurt: request bodies, each made to be dear for some part of the server.

Texts have 8 kB or so, or as much as is read; variables are as large as a body may be. `make bench ARGS=crafted`
measures them, and tests/test_attacks.py holds each to its processor time.
"""

from __future__ import annotations

import json

Attacks = dict[str, bytes]


def attacks() -> Attacks:
    return {**TEXTS, **VARIABLES, **BODIES}


def condition(selections: str) -> str:
    return '{condition(slug:"a"){' + selections + "}}"


def doubling(levels: int, start: str = condition("...f0")) -> str:
    nest = "".join(f"fragment f{i} on Condition{{...f{i + 1} ...f{i + 1}}}" for i in range(levels))
    return start + nest + f"fragment f{levels} on Condition{{name}}"


def text(value: str) -> str:
    """A document with a string in it."""
    return f'{{condition(slug:"{value}"){{name}}}}'


def block(value: str) -> str:
    return f'{{condition(slug:"""{value}"""){{name}}}}'


def fragments(number: int, inside: str, kind: str = "Condition") -> str:
    return "".join(f"fragment f{i} on {kind}{{{inside}}}" for i in range(number))


def spreads(numbers: range) -> str:
    return "".join(f"...f{i} " for i in numbers)


def each(pattern: str, number: int) -> str:
    return "".join(pattern.replace("N", str(i)) for i in range(number))


NAMED = "requiredCautions{name}"
LEXER = {
    "nothing but comments": "#\n" * 4_900 + "{__typename}",
    "one long comment": "#" + "x" * 9_900 + "\n{__typename}",
    "nothing but commas": "," * 9_900 + "{__typename}",
    "nothing but new lines": "\r\n" * 4_900 + "{__typename}",
    "nothing but old new lines": "\r" * 9_900 + "{__typename}",
    "a long name": "{" + "a" * 9_900 + "}",
    "a long alias": "{" + "a" * 9_900 + ":__typename}",
    "a long text": text("a" * 9_900),
    "a long text beyond ASCII": text("\U0001f600" * 9_900),
    "a text of escapes": text("\\n" * 4_900),
    "a text of numbered escapes": text("\\u00e9" * 1_600),
    "a text of pairs of surrogates": text("\\ud83d\\ude00" * 800),
    "a text of escapes in braces": text("\\u{1F600}" * 1_080),
    "an escape with thousands of digits": text("\\u{" + "0" * 9_900 + "41}"),
    "texts that do not end": '"' * 9_000,
    "a block of lines": block("a\n" * 4_900),
    "a block of empty lines": block("\n" * 9_900),
    "a block of indented lines": block((" " * 60 + "a\n") * 155),
    "a block of escaped quotes": block('\\"""' * 2_400),
    "a block that does not end": block("a" * 9_900)[:-10],
    "a whole number of thousands of digits": "{conditions(first:" + "9" * 9_900 + "){totalCount}}",
    "a number with thousands of decimals": "{conditions(first:1." + "9" * 9_900 + "){totalCount}}",
    **{
        f"nothing but {sign}": sign * (9_900 // len(sign))
        for sign in ("{", "(", "$", "...", "-", "1 ", ":a", "(a", '"""')
    },
    "one huge token": "{" + "a" * 90_000 + "}",
}
PARSER = {
    "selections in one another": condition("requiredCautions{" * 160 + "name" + "}" * 160),
    "inline fragments in one another": condition("...{" * 90 + "name" + "}" * 90),
    "lists in one another": "{condition(slug:" + "[" * 900 + "]" * 900 + "){name}}",
    "lists in one another, as deep as is read": "{condition(slug:" + "[" * 80 + "]" * 80 + "){name}}",
    "filters in one another": "{conditions(where:" + "{not:" * 90 + "{}" + "}" * 90 + "){totalCount}}",
    "ten thousand aliases": "{" + each("aN:__typename ", 9_000) + "}",
    "types of its own": each("type TN{a:Int}", 130),
}
FRAGMENTS = {
    "forty fragments that double": doubling(40),
    "as many doubling fragments as are allowed": doubling(29),
    "unused doubling fragments": doubling(28, "{__typename}"),
    "a cycle of fragments": condition("...a ") + "fragment a on Condition{...b ...b}fragment b on Condition{...a ...a}",
    "a fragment in itself": condition("...a ") + "fragment a on Condition{...a}",
    "fragments that are all in one another": condition("...f0 ") + fragments(14, spreads(range(14))),
    "fragments each in all before it": condition("...f0 ")
    + "".join(f"fragment f{i} on Condition{{{spreads(range(i + 1, 20))}name}}" for i in range(20)),
    "fragments that do not exist": condition(each("...gN ", 399)),
    "many operations over a chain of fragments": each("query qN{...f0}", 60)
    + "".join(f"fragment f{i} on Query{{...f{i + 1}}}" for i in range(28))
    + "fragment f28 on Query{__typename}",
    "many operations over many variables": each("query qN($v:ID!){...f}", 30)
    + "fragment f on Query{"
    + each("aN:nodes(ids:[" + "$v " * 90 + "]){id}", 2)
    + "}",
}
VALIDATION = {
    "one field as often as it may be": condition("name " * 390),
    "fields that must be merged": condition(NAMED * 199),
    "fields that must be merged two levels deep": condition("requiredCautions{requiredCautions{name}}" * 132),
    "fields with arguments that must be merged": condition("history(first:1){id}" * 80),
    "inline fragments that must be merged": condition(f"...on Condition{{{NAMED}}}" * 80),
    "inline fragments of many types": condition(each(f"...on ConditioN{{{NAMED}}}", 80)),
    "fragments whose fields must be merged": condition(spreads(range(29))) + fragments(29, NAMED * 6),
    "as much as may be compared": condition(NAMED * 44),
    "aliases that conflict": condition("".join(f"a:{name} " for name in ("name", "key", "slug", "summary", "id") * 10)),
    "aliases that conflict further down": condition("requiredCautions{a:name b:id}requiredCautions{a:id b:name}" * 12),
    "arguments that conflict": "{" + each('a:condition(slug:"N"){name}', 19) + "}",
    "variables without end": "query(" + each("$aN:Int ", 240) + "){__typename}",
    "variables of types that there are not": "query(" + each("$aN:Tybe ", 240) + "){__typename}",
    "variables in fragments": "query(" + each("$aN:String ", 100) + "){...f}fragment f on Query{"
    + each("bN:condition(slug:$aN){name}", 19) + "}",
    "operations without end": each("query qN{__typename}", 180),
    "operations of one name": "query a{__typename}" * 190,
    "operations without a name": "{__typename}" * 320,
    "directives": condition("name @include(if:true)" * 20),
    "directives that there are not": condition(each("name @xN ", 20)),
    "introspection": "{__schema{types{name fields{name args{name type{name ofType{name}}}}}}}",
    "introspection twenty times": "{" + "__schema{types{name fields{name args{name}}}}" * 20 + "}",
    "fields that there are not": condition(each("namN ", 399)),
    "arguments that there are not": condition("name(" + each("aN:1 ", 300) + ")"),
    "types that there are not": condition(each("...on ConditioN{name} ", 160)),
    "a filter of fields that there are not": "{conditions(where:{" + each("namN:1 ", 320) + "}){totalCount}}",
    "a filter of one field": "{conditions(where:{" + 'name:{eq:"a"} ' * 120 + "}){totalCount}}",
    "values that there are not": '{search(text:"a",kinds:[' + "CONDITIO " * 100 + "]){totalCount}}",
    "a value that is like another": "{byCode(system:" + "IC" * 4_000 + ',code:"a"){name}}',
}  # fmt: skip
TEXTS: Attacks = {
    about: json.dumps({"query": found}).encode() for about, found in (LEXER | PARSER | FRAGMENTS | VALIDATION).items()
}


def with_variables(document: str, **variables: object) -> bytes:
    return json.dumps({"query": document, "variables": variables}, ensure_ascii=False).encode()


FILTERED = "query($a:ConditionFilter){conditions(where:$a){totalCount}}"
NODES = "query($a:[ID!]!){nodes(ids:$a){id}}"
SEARCHED = "query($a:String!){search(text:$a){totalCount edges{highlights{html}}}}"
VARIABLES: Attacks = {
    "a list without end": with_variables(NODES, a=["a"] * 18_000),
    "a hundred ids of a kilobyte each": with_variables(NODES, a=["a" * 900] * 100),
    "a filter deeper than JSON may be": with_variables(FILTERED, a=json.loads('{"not":' * 60 + "{}" + "}" * 60)),
    "a filter as deep as JSON may be": with_variables(FILTERED, a=json.loads('{"not":' * 17 + "{}" + "}" * 17)),
    "filters as wide and as deep as they may be": with_variables(
        FILTERED, a={"or": [{"and": [{"name": {"contains": f"z{i}{k}"}} for k in range(9)]} for i in range(10)]}
    ),
    "a filter of a hundred lists of a hundred": with_variables(
        FILTERED, a={"or": [{"key": {"in": [f"a{i}" for i in range(100)]}} for _ in range(100)]}
    ),
    "a filter of a hundred filters of a hundred that ask nothing": with_variables(
        FILTERED, a={"and": [{"and": [{}] * 100}] * 100}
    ),
    "a filter of thousands of fields that there are not": with_variables(
        FILTERED, a={f"a{i}": 1 for i in range(8_000)}
    ),
    "a text as long as a body": with_variables(SEARCHED, a="a " * 45_000),
    "a text to search for of many words": with_variables(SEARCHED, a="abcdefgh ijklmnop qrstuvwx " * 7),
    "a text to search for of one long word": with_variables(SEARCHED, a="x" * 200),
    "a text to search for of marks": with_variables(SEARCHED, a="\u0301" * 200),
    "a cursor as long as a body": with_variables("query($a:String){conditions(after:$a){totalCount}}", a="YQ" * 45_000),
    "an id as long as a body": with_variables("query($a:ID!){node(id:$a){id}}", a="YQ" * 45_000),
    "a version as long as a body": with_variables("query($a:String!){version(ref:$a){id}}", a="a" * 90_000),
    "variables that nobody asked for": with_variables("{__typename}", **{f"a{i}": i for i in range(8_000)}),
}
BODIES: Attacks = {
    "lists that do not end": b"[" * 90_000,
    "objects in one another": b'{"a":' * 15_000 + b"1" + b"}" * 15_000,
    "small lists without end": b'{"query":"{__typename}","a":[' + b"[]," * 33_000 + b"[]]}",
    "whole numbers of 4,300 digits": b'{"query":"{__typename}","a":[' + b",".join([b"9" * 4_300] * 22) + b"]}",
    "keys that are there twice": b"{" + b",".join(b'"a%d":1' % i for i in range(9_000)) + b',"a8999":1}',
    "a name of an operation as long as a body": json.dumps({"query": "{a}", "operationName": "a" * 90_000}).encode(),
    "an id of a document as long as a body": json.dumps({"documentId": "a" * 90_000}).encode(),
    "extensions as long as a body": json.dumps({"query": "{__typename}", "extensions": {"a": "a" * 90_000}}).encode(),
}
