"""Runs a story so that an `assert` that fails tells what was expected and what there was, and not only that it failed.

    python3 tests/system/lib/telling.py tests/system/daemon_test.py

tests/run.py starts stories this way. Each assert of the story, and of the modules beside this file, is compiled so that
it keeps the parts of its condition while they are computed, once each and in their order; nothing else changes.
"""

import ast
import builtins
import importlib.abc
import importlib.util
import pathlib
import sys
import types

LIB = pathlib.Path(__file__).resolve().parent
KEEP, TELL, KEPT = "__keep__", "__tell__", "__kept__"  # two functions, and a variable of the scope that asserts
VALUE_CHARACTERS_MAX = 600  # of one value that is shown


def keep(kept, text, value):
    """Notes a part of a condition on its way."""
    kept.append((text, value))
    return value


def shown(value):
    text = repr(value)
    return text if len(text) <= VALUE_CHARACTERS_MAX else f"{text[:VALUE_CHARACTERS_MAX]}… ({len(text)} characters)"


def tell(condition, kept, *said):
    """The message of an assert that failed. @said: its own words, if it has any."""
    return "\n".join([*map(str, said), f"expected {condition}", *(f"got {text} = {shown(value)}" for text, value in kept)])


class Rewriter(ast.NodeTransformer):
    def kept(self, node):
        if isinstance(node, (ast.Constant, ast.Starred, ast.GeneratorExp)):
            return node  # nothing to tell, or not to be looked at twice
        return ast.Call(ast.Name(KEEP, ast.Load()), [ast.Name(KEPT, ast.Load()), ast.Constant(ast.unparse(node)), node], [])

    def parts(self, node):
        """@node with what decides it kept: both sides of a comparison; what a call is given, and whose method it is."""
        if isinstance(node, ast.BoolOp):
            node.values = [self.parts(value) for value in node.values]
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            node.operand = self.parts(node.operand)
        elif isinstance(node, ast.Compare):
            node.left = self.kept(node.left)
            node.comparators = [self.kept(value) for value in node.comparators]
        elif isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute):
                node.func.value = self.kept(node.func.value)
            node.args = [self.kept(value) for value in node.args]
        else:
            node = self.kept(node)
        return node

    def visit_Assert(self, node):  # pylint: disable=invalid-name
        """`assert C, M` becomes `kept = []; assert C keeping its parts, tell("C", kept, M)`."""
        begin = ast.Assign([ast.Name(KEPT, ast.Store())], ast.List([], ast.Load()))
        said = [node.msg] if node.msg else []
        told = [ast.Constant(ast.unparse(node.test)), ast.Name(KEPT, ast.Load()), *said]
        check = ast.Assert(self.parts(node.test), ast.Call(ast.Name(TELL, ast.Load()), told, []))
        return [ast.fix_missing_locations(ast.copy_location(made, node)) for made in (begin, check)]


def compiled(source, path):
    return compile(Rewriter().visit(ast.parse(source, str(path))), str(path), "exec", dont_inherit=True)


class Loader(importlib.abc.SourceLoader):
    """Of a module of LIB; it has no cache, which could hold what Python itself compiled."""

    def __init__(self, path):
        self.path = path

    def get_filename(self, fullname):
        return str(self.path)

    def get_data(self, path):
        return pathlib.Path(path).read_bytes()

    def source_to_code(self, data, path):
        return compiled(data, path)


class Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, fullname, path, target=None):
        place = LIB / f"{fullname}.py"
        if not place.exists():
            return None
        return importlib.util.spec_from_file_location(fullname, place, loader=Loader(place))


def main():
    script = pathlib.Path(sys.argv[1]).resolve()
    del sys.argv[0]
    setattr(builtins, KEEP, keep)
    setattr(builtins, TELL, tell)
    sys.meta_path.insert(0, Finder())
    story = sys.modules["__main__"] = types.ModuleType("__main__")
    story.__file__ = str(script)
    exec(compiled(script.read_bytes(), script), story.__dict__)  # pylint: disable=exec-used


if __name__ == "__main__":
    main()
