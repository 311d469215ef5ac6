"""The two roads to a result: a plan, and graphql-core's executor, which has the last word."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, cast

from graphql import ExecutionResult
from graphql.execution import Executor
from graphql.execution.values import VariableValues

from content_api.delivery.masks import log
from content_api.delivery.plan import Plan

Noting = Callable[[], AbstractContextManager[Any]]


@dataclass(frozen=True, slots=True)
class Executed:
    """A result, what was noted on the way to it, and whether a plan gave it."""

    result: ExecutionResult
    noted: Any
    planned: bool


def execute(
    plan: Plan | None, root: Any, variables: VariableValues, executor: Callable[[], Executor[Any]], noting: Noting
) -> Executed:
    """Run an operation by its plan, if it has one that comes to its end, or else field by field."""
    return (plan and follow(plan, root, variables, noting)) or resolve(executor(), noting)


def follow(plan: Plan, root: Any, variables: VariableValues, noting: Noting) -> Executed | None:
    """What a plan gives; None where it meets what it does not know. What it noted until then is forgotten."""
    try:
        with noting() as noted:
            data = plan.data(root, variables)
    except Exception as error:  # noqa: BLE001 - whatever it is, the executor meets it too, and knows its place and words
        log.debug("a plan was left", reason=repr(error))
        return None
    return Executed(ExecutionResult(data, None), noted, planned=True)


def resolve(executor: Executor[Any], noting: Noting) -> Executed:
    """What the resolvers give. All are pure functions of what is live and none waits, so nothing is ever awaited."""
    with noting() as noted:
        result = cast(ExecutionResult, executor.execute_operation())
    return Executed(result, noted, planned=False)
