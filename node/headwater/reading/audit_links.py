"""The audit of links that were claimed: by proofs on chain where somebody demanded them, else by those in the store."""

from __future__ import annotations

from headwater.errors import ContentTooLarge, DocumentError, Unavailable
from headwater.protocol.decisions import Bytes
from headwater.protocol.links import head_hash
from headwater.protocol.structs import Shown
from headwater.reading.checks import Section
from headwater.reading.history import Part, RoundHistory
from headwater.roles.reviewing import Claimed, chains, is_of, read, verify
from headwater.roles.task import Task
from headwater.storage.vectors import ProofDocument

ON_CHAIN, IN_STORE = "it stood on chain", "it stands in the store; no contract has checked it"


def check_claims(section: Section, task: Task, round_: RoundHistory, model_hash: bytes) -> None:
    """Check what trainers have claimed in a round, and whether the contract keeps what they claimed.

    model_hash: of the model from which the round starts.
    """
    claimants = [part for part in round_.parts.values() if part.links]
    claimed = chains({part.trainer: part.links for part in claimants}, model_hash)
    found = {each: _document(section, task, round_.parts[each.trainer], each) for each in claimed}
    documents = {each: document for each, (document, _) in found.items() if isinstance(document, ProofDocument)}
    right = verify(task, {each: document for each, document in documents.items() if is_of(task, each, document)})
    for each, (document, where) in found.items():
        name = f"{each.trainer}: proof of link {each.index}"
        if document is Bytes.MISSING:
            section.check(name, None, "no store gives it, and nobody has demanded it")
        else:
            section.check(name, right.get(each, False), where)
    for part in claimants:
        head = task.contracts.proofs.head_of(task.id, round_.number, part.trainer)
        same = (head.hash, head.count) == (head_hash(part.links), len(part.links))
        section.check(f"{part.trainer}: the contract knows these links", same, f"{len(part.links)} links")
        if part.submitted:
            section.check(
                f"{part.trainer}: the update is the last one's", part.links[-1].update == part.submitted.update
            )


def _document(section: Section, task: Task, part: Part, claimed: Claimed) -> tuple[ProofDocument | Bytes, str]:
    """A link's proof, and where it stands."""
    of = task.contracts
    if event := part.proved.get(claimed.index):
        name = f"{claimed.trainer}: proof of link {claimed.index}"
        arguments = section.sent(name, event, of.chain, of.challenges, "answerProof")
        if arguments is not None:
            shown: Shown = arguments[1]
            where = {"task": task.reference, "round": event.round, "trainer": claimed.trainer}
            return ProofDocument.made(shown.proof, shown.score, **where), ON_CHAIN
    try:
        return read(task, claimed.link), IN_STORE
    except Unavailable:
        return Bytes.MISSING, ""
    except (DocumentError, ContentTooLarge):
        return Bytes.WRONG, IN_STORE
