"""What the wrappers of the contracts share: reads at a block, calls to send, events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from eth_utils.address import to_checksum_address

from headwater.chain.asking.rpc import BlockId, Call, Chain
from headwater.chain.contracts.codec import decode_log, decode_result, encode_call, event_topics
from headwater.chain.contracts.events import Event
from headwater.errors import ChainError
from headwater.protocol.structs import Addresses

if TYPE_CHECKING:
    from headwater.chain.contracts.starts import Starts

E = TypeVar("E", bound=Event)
T = TypeVar("T")


class Contract:
    """A contract at an address. Reads take the block to read at; writes return a `Call` for a `Sender`."""

    name: ClassVar[str]

    def __init__(self, chain: Chain, address: str, start_block: int = 0) -> None:
        """`start_block` is the one it was deployed in: no event is older."""
        self.chain = chain
        self.address = to_checksum_address(address)
        self.start_block = start_block
        self.starts: Starts | None = None
        """Where tasks and rounds begin, where that is known to the contracts it was opened with."""

    def deployment(self, block: BlockId = "latest") -> Addresses:
        """Where the contracts of its deployment stand, as it was told when it was created."""
        return self._read(Addresses, "deployment", block=block)

    def events(self, kind: type[E], first: int | None = None, last: BlockId = "latest", **indexed: Any) -> Iterator[E]:
        """Events of one kind in the blocks `first` to `last`, oldest first; by default, all of their task or round.

        indexed: values of indexed arguments, by the names of `kind`'s fields, for example `task_id=1, round=2`.
        Raises ChainError where the node fails; TypeError where a name is no indexed argument.
        """
        topics = event_topics(kind, indexed)
        last = last if isinstance(last, int) else self.chain.block(last).number
        teller = self.chain.teller
        first = self._first(topics, indexed) if first is None else first
        for log in self.chain.logs(self.address, topics, first, last, teller):
            event = decode_log(log)
            if not isinstance(event, kind):
                raise ChainError(f"the node answered a query for {kind.__name__} with another log", "try another node")
            yield event

    def _first(self, topics: Sequence[bytes | None], indexed: Mapping[str, Any]) -> int:
        """The block from which on events are asked for."""
        kept = self.chain.kept_from(self.address, topics)
        if kept is not None:
            return kept
        if self.starts is None or "task_id" not in indexed:
            return self.start_block
        return self.starts.of(indexed["task_id"], indexed.get("round", 0))

    def _call(self, function: str, *arguments: Any, value: int = 0) -> Call:
        return Call(self.address, encode_call(self.name, function, arguments), value, f"{self.name}.{function}")

    def _read_all(self, function: str, *arguments: Any, block: BlockId) -> tuple[Any, ...]:
        """All values that a view returns at a block."""
        call = self._call(function, *arguments)
        data = self.chain.call(call, block=block)
        try:
            return decode_result(self.name, function, data)
        except ValueError as error:
            what = "another contract" if data else "no contract"
            raise ChainError(
                f"there is {what} at {self.address} on chain {self.chain.chain_id}: {call.name} cannot be read",
                "was the chain restarted? run `headwater deploy` again; else see --rpc and --deployments",
            ) from error

    def _read(self, kind: type[T], function: str, *arguments: Any, block: BlockId) -> T:
        """The one value that a view returns at a block."""
        (value,) = self._read_all(function, *arguments, block=block)
        if not isinstance(value, kind):
            raise TypeError(f"{self.name}.{function} returns {type(value).__name__}, not {kind.__name__}")
        return value
