"""Parts of an expression that are the same for every object are evaluated when it is compiled."""

from __future__ import annotations

from unisono.expressions import typed
from unisono.expressions.kinds import TEXT
from unisono.expressions.rowwise import evaluator, outcome
from unisono.expressions.values import STEPS, Failure, Steps

#: Values of lists, in all of one part. To compile an expression must not take as long as to run it.
_MOST_STEPS = 10_000
TOO_MANY_STEPS = "a part that is the same for every object evaluates lists of more than 10,000 values"


def folded(node: typed.Node) -> typed.Node:
    """The node, or the constant that it always gives, or the error that it always is.

    Raises ``Failure`` where that takes too many steps.
    """
    if not _is_fixed(node):
        return node
    evaluate, steps = evaluator(node), Steps(_MOST_STEPS)
    result = outcome(lambda: evaluate({STEPS: steps}))
    if steps.left < 0:
        raise Failure(TOO_MANY_STEPS)
    varies = any(isinstance(part, typed.Constant) and part.varies for part in typed.walk(node))
    if result.error is not None:
        message = typed.Constant(kind=TEXT, value=result.error, varies=varies)
        return typed.Fail(message=message, kind=node.kind)
    return typed.Constant(kind=node.kind, value=result.value, varies=varies)


def _is_fixed(node: typed.Node) -> bool:
    match node:
        case typed.Call() | typed.Logic() | typed.Choose():
            return all(isinstance(child, typed.Constant) for child in typed.children(node))
        case typed.Let() | typed.Each() | typed.Filter():
            return not (typed.depends_on_object(node) or typed.free_slots(node) or typed.can_mark(node))
        case _:
            return False
