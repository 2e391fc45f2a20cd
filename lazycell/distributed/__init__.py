"""Models on several ranks while they run: what joins their parts, and how ranks agree on what they do."""

from typing import TYPE_CHECKING

from .._face import face

if TYPE_CHECKING:
    from ._agree import agree as agree
    from ._agree import communicates as communicates
    from ._agree import token as token
    from ._axis_cells import AxisCell as AxisCell
    from ._axis_cells import Enter as Enter
    from ._axis_cells import Gather as Gather
    from ._axis_cells import HandOn as HandOn
    from ._axis_cells import Leave as Leave
    from ._communicator import communicator_of as communicator_of
    from ._digests import digests_of as digests_of
    from ._digests import digests_of_index as digests_of_index
    from ._exchange import exchange as exchange
    from ._gradients import reduce_gradients as reduce_gradients
    from ._parts import place_of as place_of
    from ._parts import places_of as places_of
    from ._parts import shard_of as shard_of
else:
    __getattr__ = face(__name__)
