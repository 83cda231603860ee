"""Of which of our classes a value may be, by the types that the code is written with.

What holds values (a list, a callable that answers them) counts as what it holds.
"""

import ast
from collections.abc import Iterator

from tests.permissions.definitions import Definition, Module, names_in

Classes = frozenset[Definition]  #: that a value may be of; none: of somebody else's
Variables = dict[str, Classes | None]
_variables: dict[Definition, Variables] = {}
_asked: set[Definition] = set()  # what is being found out, as values may be made from each other


def variables(function: Definition) -> Variables:
    """The classes of a function's parameters and variables; while they are being found out, as far as that has come."""
    if function in _variables:
        return _variables[function]
    found = _variables[function] = {}
    if isinstance(function.node, ast.FunctionDef) and function.owner and function.owner.is_class:
        found |= {"self": frozenset({function.owner}), "cls": frozenset({function.owner})}
    for node in ast.walk(function.node):
        if isinstance(node, ast.arguments):
            for each in [*node.posonlyargs, *node.args, *node.kwonlyargs]:
                found.setdefault(each.arg, annotated(each.annotation, function))
    for node in ast.walk(function.node):
        for target, value in _bound(node):
            for name in names_in([target]):
                classes = infer(value, function)
                found[name] = classes if name not in found else _either(found[name], classes)
    return found


def refer(node: ast.expr, where: Definition) -> Module | Definition | None:
    """The definition that an expression names, when it is ours and no variable."""
    first = node
    while isinstance(first, ast.Attribute):
        first = first.value
    is_variable = isinstance(first, ast.Name) and first.id in variables(where)
    return None if is_variable else where.module.resolve(node)


def infer(node: ast.expr | None, where: Definition) -> Classes | None:
    """The classes that a value may be of; None when nothing is known. What holds values counts as what it holds."""
    match node:
        case ast.Name(id=name) if name in variables(where):
            return variables(where)[name]
        case ast.Call(func=called):
            return _called(called, where)
        case ast.Name() | ast.Attribute():
            named = refer(node, where)
            if isinstance(named, Definition):
                return frozenset({named}) if named.is_class else typed(named)
            if isinstance(node, ast.Attribute) and named is None:
                return _member_types(infer(node.value, where), node.attr)
            return frozenset()
        case (
            ast.Subscript(value=value) | ast.Await(value=value) | ast.Starred(value=value) | ast.NamedExpr(value=value)
        ):
            return infer(value, where)
        case ast.IfExp(body=one, orelse=other):
            return _either(infer(one, where), infer(other, where))
        case ast.BoolOp(values=values) | ast.Tuple(elts=values) | ast.List(elts=values):
            found: Classes | None = frozenset()
            for value in values:
                found = _either(found, infer(value, where))
            return found
        case ast.GeneratorExp(elt=item) | ast.ListComp(elt=item) | ast.DictComp(value=item):
            return infer(item, where)
        case ast.Constant() | ast.JoinedStr() | ast.BinOp() | ast.Compare() | ast.UnaryOp():
            return frozenset()
    return None


def _called(called: ast.expr, where: Definition) -> Classes | None:
    """The classes of what a call answers."""
    named = refer(called, where)
    if isinstance(named, Definition):
        return frozenset({named}) if named.is_class else typed(named)
    if isinstance(called, ast.Attribute):
        base = infer(called.value, where)
        return _member_types(base, called.attr) or base if base else base
    if isinstance(called, ast.Name) and called.id not in variables(where):
        # Somebody else's class makes its own, somebody else's function may hand back what it got
        return frozenset() if called.id[0].isupper() else None
    return infer(called, where)


def _member_types(classes: Classes | None, name: str) -> Classes | None:
    if classes is None:
        return None
    found: Classes | None = frozenset()
    for each in classes:
        if member := each.member(name):
            found = _either(found, typed(member))
    return found


def typed(definition: Definition) -> Classes | None:
    """The classes of a field or a value, or of what a function answers."""
    node = definition.node
    if isinstance(node, ast.FunctionDef):
        return annotated(node.returns, definition)
    if isinstance(node, ast.AnnAssign):
        return annotated(node.annotation, definition)
    if isinstance(node, ast.Assign) and definition not in _asked:
        _asked.add(definition)
        try:
            return infer(node.value, definition.scope)
        finally:
            _asked.discard(definition)
    return None


def annotated(annotation: ast.expr | None, where: Definition) -> Classes | None:
    """The classes of ours that an annotation names; None for what may be anything."""
    if annotation is None:
        return None
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        annotation = ast.parse(annotation.value, mode="eval").body
    found: set[Definition] = set()
    for node in ast.walk(annotation):
        if isinstance(node, ast.Constant) and str(node.value).isidentifier():  # a name before its class, and no text
            found |= annotated(ast.Name(str(node.value)), where) or set()
        if isinstance(node, ast.Name) and node.id == "Self" and where.owner:
            found.add(where.owner)
        named = where.module.find(node.id) if isinstance(node, ast.Name) else None
        if isinstance(node, ast.Attribute):
            named = refer(node, where)
        if isinstance(named, Definition):
            found |= {named} if named.is_class else typed(named) or set()
    if not found and isinstance(annotation, ast.Name) and annotation.id in {"Any", "object"}:
        return None
    return frozenset(found)


def _either(one: Classes | None, other: Classes | None) -> Classes | None:
    return None if one is None or other is None else one | other


def _bound(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    """The targets that a statement or expression gives a value."""
    match node:
        case ast.Assign(targets=targets, value=value):
            yield from ((target, value) for target in targets if isinstance(target, ast.Name | ast.Tuple))
        case ast.For(target=target, iter=value) | ast.comprehension(target=target, iter=value):
            yield target, value
        case ast.NamedExpr(target=target, value=value):
            yield target, value
        case ast.withitem(context_expr=value, optional_vars=ast.expr() as target):
            yield target, value
