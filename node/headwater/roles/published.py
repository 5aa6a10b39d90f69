"""The documents of rounds: putting them, and which of those that a node put nobody can ask for any more.

A masked update is needed until its round is over: by whoever adds it up, and to answer a challenge without computing it
again. An average is needed while it can be challenged, and from then on if it is a model: those are what people read.
Rounds count as over when a block in which they are is final.
"""

from __future__ import annotations

from collections.abc import Iterable

from headwater.chain.asking.rpc import Block
from headwater.chain.contracts.events import Challenged
from headwater.chain.contracts.opened import Contracts
from headwater.errors import ContractError
from headwater.journal.documents import Documents, PutDocument
from headwater.journal.secrets import SecretStore
from headwater.roles.proofs import final_height
from headwater.roles.task import Task
from headwater.storage.cid import Cid
from headwater.storage.unixfs import cid_of
from headwater.storage.vectors import ModelDocument, UpdateDocument


class Published:
    """Puts one account's documents of rounds of a task, and writes down which."""

    def __init__(self, journal: SecretStore | None, task: Task) -> None:
        """Without a journal, nothing is written down, and so nothing ever let go of."""
        self._documents, self._task = Documents(journal.database) if journal else None, task

    def put(self, document: UpdateDocument | ModelDocument) -> Cid:
        """Store a document and return its CID, always of a raw block."""
        data = document.encode()
        attempt = document.header.attempt if isinstance(document, UpdateDocument) else 0
        if self._documents is not None:
            place, round_ = self._task.place, document.header.round
            self._documents.note(PutDocument(str(cid_of(data)), place, round_, attempt, len(data)))
        return self._task.store.put(data)


def unneeded(
    contracts: Contracts, documents: Iterable[PutDocument], account: str, block: Block
) -> list[list[PutDocument]]:
    """Which documents no round needs any more, as seen in a block: all that is noted of each that may go.

    Those of other chains and deployments are left alone.

    Raises:
        ChainError: the node fails.
    """
    chain = contracts.chain
    place, final = f"{contracts.place}/", final_height(chain, block)
    grouped: dict[str, list[PutDocument]] = {}
    for document in documents:
        grouped.setdefault(document.cid, []).append(document)

    def may_go(document: PutDocument) -> bool:
        if not document.place.startswith(place) or final < contracts.tasks.start_block:
            return False
        task_id = int(document.place.removeprefix(place))
        is_wanted = is_open(contracts, task_id, document.round, account, block.number)
        if is_wanted or not is_over(contracts, task_id, document.round, final):
            return False
        return document.attempt > 0 or not is_model(contracts, task_id, document, block.number)

    return [noted for noted in grouped.values() if all(map(may_go, noted))]


def is_over(contracts: Contracts, task_id: int, round_: int, block: int) -> bool:
    """Whether a round had ended by a block."""
    try:
        return contracts.rounds.get_round(task_id, round_, block).phase.is_end
    except ContractError:  # in that block there was no such task yet
        return False


def is_open(contracts: Contracts, task_id: int, round_: int, account: str, block: int) -> bool:
    """Whether an account was challenged in a round, and neither has answered nor was the bond taken back."""
    events = contracts.challenges.events(Challenged, last=block, task_id=task_id, accused=account)
    ours = [event.challenge_id for event in events if event.round == round_]
    return any(not contracts.challenges.get_challenge(number, block).closed for number in ours)


def is_model(contracts: Contracts, task_id: int, document: PutDocument, block: int) -> bool:
    """Whether the registry names a document: its round's model is that, whoever posted it."""
    try:
        model = contracts.models.get_model(task_id, document.round, block)
    except ContractError:  # it made none
        return False
    return str(Cid.from_digest(model.cid)) == document.cid
