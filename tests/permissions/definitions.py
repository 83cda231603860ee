"""What the deployed code defines: its modules with their functions, classes and values."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

from tests.declarations import ROOT

DEPLOYED = ("core", "rag", "vdr", "search", "websocket", "api", "operations")


@dataclass(eq=False)
class Module:
    """One file of what is deployed."""

    name: str
    tree: ast.Module

    @cached_property
    def definitions(self) -> dict[str, "Definition"]:
        """Functions, classes and other names that get a value here."""
        found: dict[str, Definition] = {}
        for node in self.tree.body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                found[node.name] = Definition(self, node)
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                found |= {name: Definition(self, node) for name in names_in(targets)}
        return found

    @cached_property
    def imported(self) -> dict[str, str]:
        """Dotted names of what is imported, wherever in the file, by the name it has here."""
        found: dict[str, str] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found |= {alias.asname or alias.name: alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
        return found

    def registered_with(self, value: "Definition") -> list["Definition"]:
        """The functions that a value here decorates, as a router does."""
        return [
            each
            for each in self.definitions.values()
            for decorator in getattr(each.node, "decorator_list", [])
            if any(self.definitions.get(name) is value for name in names_in([decorator]))
        ]

    def find(self, name: str) -> "Module | Definition | None":
        """What a name stands for here, when that is ours."""
        if name in self.definitions:
            return self.definitions[name]
        package, _, last = self.imported.get(name, "").rpartition(".")
        if f"{package}.{last}" in modules():
            return modules()[f"{package}.{last}"]
        return modules()[package].find(last) if package in modules() else None

    def resolve(self, node: ast.expr) -> "Module | Definition | None":
        """What a dotted name stands for here, when that is ours."""
        if isinstance(node, ast.Name):
            return self.find(node.id)
        if not isinstance(node, ast.Attribute):
            return None
        base = self.resolve(node.value)
        if isinstance(base, Module):
            return base.find(node.attr)
        return base.member(node.attr) if base and base.is_class else None


@dataclass(eq=False)
class Definition:
    """A function, a class or a value, with the class that it belongs to."""

    module: Module
    node: ast.stmt
    owner: "Definition | None" = None

    @property
    def name(self) -> str:
        return getattr(self.node, "name", "")

    @property
    def is_class(self) -> bool:
        return isinstance(self.node, ast.ClassDef)

    @property
    def is_protocol(self) -> bool:
        return any(isinstance(base, ast.Name) and base.id == "Protocol" for base in getattr(self.node, "bases", []))

    @property
    def is_property(self) -> bool:
        return any("property" in ast.unparse(each) for each in getattr(self.node, "decorator_list", []))

    @property
    def is_callable(self) -> bool:
        """Whether it is a field that holds a function."""
        return isinstance(self.node, ast.AnnAssign) and "Callable[" in ast.unparse(self.node.annotation)

    @property
    def scope(self) -> "Definition":
        """Whose variables it knows: a field that a method sets knows the method's."""
        return self.owner if self.owner and isinstance(self.owner.node, ast.FunctionDef) else self

    @cached_property
    def bases(self) -> list["Definition"]:
        found = [self.module.resolve(base) for base in getattr(self.node, "bases", [])]
        return [base for base in found if isinstance(base, Definition)]

    @cached_property
    def own(self) -> dict[str, "Definition"]:
        """What a class defines itself: methods and fields."""
        found: dict[str, Definition] = {}
        for node in getattr(self.node, "body", []):
            if isinstance(node, ast.FunctionDef):
                found[node.name] = Definition(self.module, node, self)
            elif isinstance(node, ast.AnnAssign | ast.Assign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                found |= {name: Definition(self.module, node, self) for name in names_in(targets)}
        for method in [each for each in found.values() if isinstance(each.node, ast.FunctionDef)]:
            for node in ast.walk(method.node):
                if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute):
                    found.setdefault(node.targets[0].attr, Definition(self.module, node, method))
        return found

    @cached_property
    def overriding(self) -> list[tuple["Definition", "Definition"]]:
        """Each member with the one that it stands for in a class that this one is made from."""
        pairs = [(mine, base.member(name)) for name, mine in self.own.items() for base in self.bases]
        return [(mine, replaced) for mine, replaced in pairs if replaced]

    def member(self, name: str) -> "Definition | None":
        """A method or a field, of this class or of one that it is made from."""
        return self.own.get(name) or next((found for base in self.bases if (found := base.member(name))), None)


@cache
def modules() -> dict[str, Module]:
    """Everything that is deployed, by dotted name."""
    found = {}
    for package in DEPLOYED:
        for file in sorted((ROOT / package).rglob("*.py")):
            name = ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            found[name] = Module(name, ast.parse(file.read_text()))
    return found


def names_in(targets: Sequence[ast.expr]) -> Iterator[str]:
    for target in targets:
        yield from (node.id for node in ast.walk(target) if isinstance(node, ast.Name))
