"""Parts of an expression that are the same for every object are evaluated when it is compiled."""

from __future__ import annotations

from unisono.expressions import typed
from unisono.expressions.kinds import TEXT
from unisono.expressions.rowwise import evaluator, outcome


def folded(node: typed.Node) -> typed.Node:
    """The node, or the constant that it always gives, or the error that it always is."""
    if not _is_fixed(node):
        return node
    evaluate = evaluator(node)
    result = outcome(lambda: evaluate({}))
    if result.error is not None:
        return typed.Fail(message=typed.Constant(kind=TEXT, value=result.error), kind=node.kind)
    return typed.Constant(kind=node.kind, value=result.value)


def _is_fixed(node: typed.Node) -> bool:
    match node:
        case typed.Call() | typed.Logic() | typed.Choose():
            return all(isinstance(child, typed.Constant) for child in typed.children(node))
        case typed.Let() | typed.Each() | typed.Filter():
            return not (typed.depends_on_object(node) or typed.free_slots(node) or typed.can_mark(node))
        case _:
            return False
