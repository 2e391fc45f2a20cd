"""Classes whose bases are in another file: their constructors, under the plugin."""

from lazycell import LazyCell, Param

from .card import Named, Net


class Deep(Net):
    depth: int = 1

    mixed: Param["zeros", (depth, 2 * n_layers)]
    half: int = hidden // 2
    pooler = None


class Renamed(Named):
    pass


def check(net: LazyCell) -> None:
    reveal_type(Deep.__init__)
    # E mypy: note: Revealed type is "def (self: tests.typing_tests.heirs.Deep, n_layers: int, hidden: int, add_pooler: bool =, tied: bool =, depth: int =, half: int =, *, dtype: Any =)"
    reveal_type(Renamed.__init__)
    # E mypy: note: Revealed type is "def (self: tests.typing_tests.card.Handmade, text: str)"
    Deep(2)
    # E mypy: error: Missing positional argument "hidden" in call to "Deep"  [call-arg]
