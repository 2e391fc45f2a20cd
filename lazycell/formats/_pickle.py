"""Run the pickles in which PyTorch keeps names, shapes and strides, without looking up anything that they name.

A pickle is a program (https://github.com/python/cpython/blob/main/Lib/pickletools.py tells each opcode). This machine
knows the opcodes that `torch.save` writes and the few names that tensors need; each of those makes plain data here, and
any other is refused by its name before anything is looked up. What is accepted is what `torch.load(…,
weights_only=True)` accepts, as far as it is needed to find tensors.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .._frozen import frozen

_MARK = object()
_INT, _SHORT, _COUNT, _LONG, _FLOAT = (struct.Struct(form) for form in ("<i", "<H", "<I", "<Q", ">d"))
_KEYS = (str, int, float, bool, bytes, type(None))
"""What keys a dict keeps. The hash of a tuple of tuples takes as long as the file's maker likes, and no name is one."""


class PickleProblem(ValueError):
    """Why a pickle is not read."""


class PickleCut(PickleProblem):
    """A pickle goes on where its bytes end."""


class ForeignName(PickleProblem):
    """A pickle asks for something that no tensor needs: `name` says what."""

    def __init__(self, name: str) -> None:
        shown = name[:200] if name.isprintable() else ascii(name[:200])
        super().__init__(f"asks for {shown}, which no tensor needs")
        self.name = shown


@frozen
class Named:
    """What a pickle asks for by name, and is known: a function, a type, a dtype."""

    name: str


@frozen
class Opaque:
    """Something that is no tensor, and whose content tells nothing about one."""

    name: str


class Machine:
    """Runs one pickle, in time and memory of a multiple of its length: each act costs what its bytes do.

    Args:
        content: where the pickle lies.
        call: gives what a known function makes of its arguments; raises `PickleProblem` for what it cannot be.
        known: the names that may be asked for.
        persistent: gives what a persistent id stands for.
    """

    def __init__(
        self,
        content: bytes,
        call: Callable[[Named, tuple[Any, ...]], Any],
        known: Callable[[str], bool],
        persistent: Callable[[Any], Any],
    ) -> None:
        self._content = content
        self._call, self._known, self._persistent = call, known, persistent
        self._position = 0
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}

    def run(self, start: int = 0) -> tuple[Any, int]:
        """Run the pickle that begins at `start`; give its result, and where it ends.

        Raises:
            PickleProblem: it is cut, asks for what is not known, or is none.
        """
        self._position, self._stack, self._memo = start, [], {}
        while True:
            at = self._position
            code = self._byte()
            if code == 0x2E:  # STOP
                return self._pop(), self._position
            act = _ACTS.get(code)
            if act is None:
                raise PickleProblem(f"byte {at} is the opcode {code:#04x}, which torch.save never writes")
            act(self)

    def _take(self, count: int) -> bytes:
        end = self._position + count
        if end > len(self._content):
            raise PickleCut(f"ends in the middle, after {len(self._content):,} bytes")
        taken = self._content[self._position : end]
        self._position = end
        return taken

    def _byte(self) -> int:
        at = self._position
        if at >= len(self._content):
            raise PickleCut(f"ends in the middle, after {len(self._content):,} bytes")
        self._position = at + 1
        return self._content[at]

    def _skip(self, count: int) -> None:
        self._take(count)

    def _drop(self) -> None:
        self._pop()

    def _number(self, form: struct.Struct) -> Any:
        end = self._position + form.size
        if end > len(self._content):
            raise PickleCut(f"ends in the middle, after {len(self._content):,} bytes")
        (value,) = form.unpack_from(self._content, self._position)
        self._position = end
        return value

    def _line(self) -> bytes:
        end = self._content.find(b"\n", self._position)
        if end < 0:
            raise PickleCut(f"ends in the middle, after {len(self._content):,} bytes")
        line = self._content[self._position : end]
        self._position = end + 1
        return line

    def _text(self, count: int) -> str:
        try:
            return self._take(count).decode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            raise PickleProblem(f"byte {self._position - count} begins a string that is no UTF-8") from None

    def _push(self, value: Any) -> None:
        self._stack.append(value)

    def _pop(self) -> Any:
        if not self._stack or self._stack[-1] is _MARK:
            raise PickleProblem(f"byte {self._position - 1} takes what is not there")
        return self._stack.pop()

    def _since_mark(self) -> list[Any]:
        for index in range(len(self._stack) - 1, -1, -1):
            if self._stack[index] is _MARK:
                items = self._stack[index + 1 :]
                del self._stack[index:]
                return items
        raise PickleProblem(f"byte {self._position - 1} looks for a mark that is not there")

    def _tuple(self, count: int) -> None:
        items = [self._pop() for _ in range(count)]
        self._push(tuple(reversed(items)))

    def _remember(self, key: int) -> None:
        if not self._stack or self._stack[-1] is _MARK:
            raise PickleProblem(f"byte {self._position - 1} keeps what is not there")
        self._memo[key] = self._stack[-1]

    def _recall(self, key: int) -> None:
        if key not in self._memo:
            raise PickleProblem(f"byte {self._position - 1} recalls what was never kept")
        self._push(self._memo[key])

    def _name(self, module: Any, name: Any) -> None:
        if not isinstance(module, str) or not isinstance(name, str):
            raise PickleProblem(f"byte {self._position - 1} asks for a name that is no text")
        full = f"{module}.{name}"
        if not self._known(full):
            raise ForeignName(full)
        self._push(Named(full))

    def _global(self) -> None:
        try:
            module, name = self._line().decode(), self._line().decode()
        except UnicodeDecodeError:
            raise PickleProblem(f"byte {self._position - 1} ends a name that is no UTF-8") from None
        self._name(module, name)

    def _reduce(self) -> None:
        arguments, function = self._pop(), self._pop()
        if not isinstance(function, Named) or not isinstance(arguments, tuple):
            raise PickleProblem(f"byte {self._position - 1} calls what is no function")
        self._push(self._call(function, arguments))

    def _build(self) -> None:
        self._pop()  # the attributes of a dict, such as the versions of its modules: no tensor is among them
        target = self._pop()
        if not isinstance(target, (dict, Opaque)):
            raise PickleProblem(f"byte {self._position - 1} gives attributes to what has none")
        self._push(target)

    def _set_items(self, pairs: list[Any]) -> None:
        target = self._pop()
        if not isinstance(target, dict):
            raise PickleProblem(f"byte {self._position - 1} puts items into what is no dict")
        if len(pairs) % 2:
            raise PickleProblem(f"byte {self._position - 1} puts a key without a value")
        put(target, zip(pairs[::2], pairs[1::2], strict=True))
        self._push(target)

    def _append(self, items: list[Any]) -> None:
        target = self._pop()
        if isinstance(target, list):
            target.extend(items)
        elif not isinstance(target, Opaque):
            raise PickleProblem(f"byte {self._position - 1} appends to what is no list")
        self._push(target)

    def _freeze(self) -> None:
        self._since_mark()
        self._push(Opaque("frozenset"))

    def _two(self) -> list[Any]:
        value, key = self._pop(), self._pop()
        return [key, value]

    def _persist(self) -> None:
        self._push(self._persistent(self._pop()))

    def _long(self, count: int) -> None:
        self._push(int.from_bytes(self._take(count), "little", signed=True))

    def _stack_global(self) -> None:
        name, module = self._pop(), self._pop()
        self._name(module, name)


def put(target: dict[Any, Any], pairs: Iterable[tuple[Any, Any]]) -> None:
    """Put pairs into a dict; those whose keys are no names or numbers are left out."""
    for key, value in pairs:
        kind = type(key)
        if kind is str or (kind in _KEYS and (kind is not int or key.bit_length() < 64)):
            target[key] = value


def shown(value: Any) -> str:
    """Show a value in a message: `repr` of things that share their parts, or of long numbers, may have no end."""
    if type(value) is int:
        return str(value) if value.bit_length() < 128 else "a number without end"
    if isinstance(value, (str, bytes, float, bool, type(None))):
        return f"{value[:100]!r:.150}" if isinstance(value, (str, bytes)) else repr(value)
    if type(value) is tuple:
        more = ", …" if len(value) > 8 else ""
        inner = [
            f"a {type(each).__name__}" if isinstance(each, (tuple, list, dict)) else shown(each) for each in value[:8]
        ]
        return f"({', '.join(inner)}{more})"
    return f"a {type(value).__name__}"


def _constant(value: object) -> Callable[[Machine], None]:
    return lambda machine: machine._push(value)


def _new(make: Callable[[], object]) -> Callable[[Machine], None]:
    return lambda machine: machine._push(make())


_ACTS: Mapping[int, Callable[[Machine], None]] = {
    0x80: lambda machine: _protocol(machine._byte()),
    0x95: lambda machine: machine._skip(8),  # FRAME: how much follows, to read it at once
    0x28: _constant(_MARK),
    0x30: lambda machine: machine._drop(),
    0x4E: _constant(None),
    0x88: _constant(True),
    0x89: _constant(False),
    0x4A: lambda machine: machine._push(machine._number(_INT)),
    0x4B: lambda machine: machine._push(machine._byte()),
    0x4D: lambda machine: machine._push(machine._number(_SHORT)),
    0x8A: lambda machine: machine._long(machine._byte()),
    0x8B: lambda machine: machine._long(machine._number(_COUNT)),
    0x47: lambda machine: machine._push(machine._number(_FLOAT)),
    0x58: lambda machine: machine._push(machine._text(machine._number(_COUNT))),
    0x8C: lambda machine: machine._push(machine._text(machine._byte())),
    0x8D: lambda machine: machine._push(machine._text(machine._number(_LONG))),
    0x54: lambda machine: machine._push(machine._text(machine._number(_COUNT))),
    0x55: lambda machine: machine._push(machine._text(machine._byte())),
    0x42: lambda machine: machine._push(machine._take(machine._number(_COUNT))),
    0x43: lambda machine: machine._push(machine._take(machine._byte())),
    0x8E: lambda machine: machine._push(machine._take(machine._number(_LONG))),
    0x96: lambda machine: machine._push(machine._take(machine._number(_LONG))),
    0x5D: _new(list),
    0x7D: _new(dict),
    0x29: _constant(()),
    0x8F: _new(lambda: Opaque("set")),
    0x91: lambda machine: machine._freeze(),
    0x74: lambda machine: machine._push(tuple(machine._since_mark())),
    0x6C: lambda machine: machine._push(machine._since_mark()),
    0x85: lambda machine: machine._tuple(1),
    0x86: lambda machine: machine._tuple(2),
    0x87: lambda machine: machine._tuple(3),
    0x71: lambda machine: machine._remember(machine._byte()),
    0x72: lambda machine: machine._remember(machine._number(_COUNT)),
    0x94: lambda machine: machine._remember(len(machine._memo)),
    0x68: lambda machine: machine._recall(machine._byte()),
    0x6A: lambda machine: machine._recall(machine._number(_COUNT)),
    0x63: lambda machine: machine._global(),
    0x93: lambda machine: machine._stack_global(),
    0x52: lambda machine: machine._reduce(),
    0x81: lambda machine: machine._reduce(),
    0x62: lambda machine: machine._build(),
    0x73: lambda machine: machine._set_items(machine._two()),
    0x75: lambda machine: machine._set_items(machine._since_mark()),
    0x61: lambda machine: machine._append([machine._pop()]),
    0x65: lambda machine: machine._append(machine._since_mark()),
    0x90: lambda machine: machine._append(machine._since_mark()),
    0x51: lambda machine: machine._persist(),
}


def _protocol(version: int) -> None:
    if version > 5:
        raise PickleProblem(f"is of protocol {version}; there are 5")
