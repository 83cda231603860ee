"""The AWS calls that a handler can reach in the code.

It errs on the side of too much: where the type of a value is not known, a method's name stands for all methods of that
name in the classes that are reached.
"""

import ast
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cache

import botocore.session
from botocore import xform_name

from tests.permissions.definitions import Definition, Module, modules
from tests.permissions.inference import infer, refer

#: What clients have besides the operations of their services
OF_EVERY_CLIENT = {"get_paginator", "get_waiter", "generate_presigned_url"}
OF_S3 = {"generate_presigned_post", "download_file", "download_fileobj", "upload_file", "upload_fileobj"}
PAGED_QUERY = "core.paged_query"  #: makes the queries of others
BUILT_IN = frozenset(name for kind in (dict, list, set, str, bytes, int) for name in dir(kind))


@dataclass
class Uses:
    """What one definition names."""

    definitions: set[Definition] = field(default_factory=set)
    methods: set[str] = field(default_factory=set)  #: called on values whose class is not known
    properties: set[str] = field(default_factory=set)  #: read of such values
    calls: set[str] = field(default_factory=set)  #: where it calls AWS: ``module.function``, dotted
    kept: list[tuple[Definition, Definition]] = field(default_factory=list)  #: a field, and what is called through it

    def may_mean(self, member: Definition) -> bool:
        """Whether a member of a class is what a name of unknown values stands for."""
        return member.name in (self.properties if member.is_property else self.methods)


@cache
def calls(handler: str, without: str = "") -> frozenset[str]:
    """Where a handler of serverless.yml can call AWS: ``module.function``, dotted; one module may be left out."""
    module, _, name = handler.rpartition(".")
    waiting = {modules()[module.replace("/", ".")].definitions[name]}
    seen: set[Definition] = set()
    called: set[str] = set()
    loose = Uses()
    kept: defaultdict[Definition, set[Definition]] = defaultdict(set)
    while waiting:
        for each in waiting:
            found = uses(each)
            called |= found.calls
            loose.methods |= found.methods
            loose.properties |= found.properties
            for place, value in found.kept:
                kept[place].add(value)
        seen |= waiting
        waiting = {one for each in waiting for one in uses(each).definitions}
        waiting |= {value for place in kept.keys() & seen for value in kept[place]}
        waiting |= {member for each in seen if each.is_class for member in each.own.values() if loose.may_mean(member)}
        waiting |= {mine for each in seen for mine, replaced in each.overriding if replaced in seen}
        waiting = {each for each in waiting - seen if each.module.name != without}
    return frozenset(called)


@cache
def operations() -> frozenset[str]:
    """The methods of the AWS clients that the code makes."""
    session = botocore.session.get_session()
    models = [session.get_service_model(service) for service in services()]
    return frozenset(OF_EVERY_CLIENT | OF_S3 | {xform_name(name) for model in models for name in model.operation_names})


def services() -> set[str]:
    """The names of the services that the code makes clients of."""
    called = (node for module in modules().values() for node in ast.walk(module.tree) if isinstance(node, ast.Call))
    return {
        str(node.args[0].value)
        for node in called
        if ast.unparse(node.func).endswith("client") and node.args and isinstance(node.args[0], ast.Constant)
    }


@cache
def uses(definition: Definition) -> Uses:
    """What a definition names: a class its special methods, a router the functions that it decorates."""
    found = Uses()
    if definition.is_class:
        special = {member for name, member in definition.own.items() if name.startswith("__")}
        found.definitions |= {*definition.bases, *special}
    else:
        _Reader(definition.scope, found).read(definition.node)
        found.definitions |= set(definition.module.registered_with(definition))
    return found


@dataclass
class _Reader:
    """Reads a piece of code, but for annotations."""

    scope: Definition
    found: Uses

    def read(self, node: ast.AST) -> None:
        if isinstance(node, ast.Name):
            self._name(refer(node, self.scope))
        elif isinstance(node, ast.Attribute):
            self._attribute(node, is_called=False)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            self._attribute(node.func, is_called=True)
        for child in ast.iter_child_nodes(node):
            if child in (getattr(node, "annotation", None), getattr(node, "returns", None)):
                continue
            if place := self._place(child, node):
                value = Definition(self.scope.module, ast.Expr(child.value), self.scope)  # type: ignore[attr-defined]
                self.found.kept.append((place, value))
            else:
                self.read(child)

    def _name(self, named: Definition | Module | None) -> None:
        if isinstance(named, Definition):
            self.found.definitions.add(named)

    def _attribute(self, node: ast.Attribute, *, is_called: bool) -> None:
        here = f"{self.scope.module.name}.{self.scope.name}"
        named = refer(node, self.scope)
        if isinstance(named, Definition) and named.module.name == PAGED_QUERY:
            self.found.calls.add(here)
        elif named:
            self._name(named)
        else:
            classes = infer(node.value, self.scope)
            members = {member for each in classes or () if (member := each.member(node.attr))}
            self.found.definitions |= members
            if node.attr in operations() and not members:
                self.found.calls.add(here)
            if any(member.owner and member.owner.is_protocol for member in members):
                self.found.methods.add(node.attr)
            if classes is None and node.attr not in BUILT_IN:
                (self.found.methods if is_called else self.found.properties).add(node.attr)

    def _place(self, child: ast.AST, node: ast.AST) -> Definition | None:
        """The field that a function is kept in: who never asks for the field does not call the function."""
        if isinstance(child, ast.keyword) and child.arg and isinstance(node, ast.Call):
            made = refer(node.func, self.scope)
            place = made.member(child.arg) if isinstance(made, Definition) and made.is_class else None
            return place if place and (place.is_callable or self._is_name(child.value)) else None
        if isinstance(child, ast.Assign) and isinstance(target := child.targets[0], ast.Attribute) and self.scope.owner:
            place = self.scope.owner.own.get(target.attr)
            return place if place and place.node is child and self._is_name(child.value) else None
        return None

    def _is_name(self, value: ast.expr) -> bool:
        """Whether a value is a name, or what somebody else's function (``cache``) makes of one: nothing runs yet."""
        if isinstance(value, ast.Call):
            return isinstance(value.func, ast.Name) and self.scope.module.find(value.func.id) is None
        return isinstance(value, ast.Name | ast.Attribute)
