"""Wants: what two honest members share, and so their mask: with all of a victim's, its update.

Tries: to dispute the masks of pairs that agree, so that honest nodes show their shared points on chain to be
acquitted; and to ask a node over the network.
Stopped: only masks that differ can be disputed, and then one of the two has cheated and knows the point. Nodes take
no questions, and compute shared points for nothing but their own masks and such answers.
"""

from __future__ import annotations

import ast
from itertools import chain

from headwater.chain.contracts.events import MaskOpened
from headwater.protocol.field import P, to_signed
from headwater.protocol.masks import pair_seed, prg, sign
from headwater.tools import ROOT
from tests.support.arena import MEMBERS
from tests.support.circuits import SMALL
from tests.support.weakened_contracts import Weakness

AGREEING = Weakness(
    "ChallengeManager",
    "if (maskOne.equals(_maskWith(other, postingOther, one))) revert MasksAgree(one, other);",
    "_maskWith(other, postingOther, one);",
)
VICTIM = 1
NODE = ROOT / "node" / "headwater"


def test_shared_points__of_pairs_that_agree__disputed_one_by_one(arena, attack):
    arena.at("aggregating")
    attempt, victim = arena.attempt(), arena.address(VICTIM)
    published, postings = arena.masking(VICTIM).vector, {i: arena.masking(i).posting for i in MEMBERS}
    secret = [to_signed(entry) for entry in list(arena.proof(VICTIM).output)[: SMALL.dimension]]
    peers = [i for i in MEMBERS if i != VICTIM]

    def dispute(peer: int) -> None:
        """Accuse the two, of whom one answers, as an honest node does that is accused."""
        pair, posted = (VICTIM, peer), (postings[VICTIM], postings[peer])
        arena.send(peer, arena.mask_answer(arena.challenge_mask(pair, posted), pair, posted, by=1))

    with attack.works_on(AGREEING), arena.weakened(AGREEING):
        read = list(published)
        for peer in peers:
            dispute(peer)
        for event in arena.challenges.events(MaskOpened):
            mask = prg(pair_seed(event.shared, attempt, event.one, event.other), len(read))
            read = [(u - sign(victim, event.other) * m) % P for u, m in zip(read, mask, strict=True)]
        assert [to_signed(entry) for entry in read][: SMALL.dimension] == secret
    with attack.stopped_by("MasksAgree"):
        dispute(peers[0])


def names_in(source: str) -> set[str]:
    """All attributes and imports of a module."""
    tree = list(ast.walk(ast.parse(source)))
    attributes = (node.attr for node in tree if isinstance(node, ast.Attribute))
    imports = chain.from_iterable(
        [alias.name for alias in node.names] + [getattr(node, "module", None) or ""]
        for node in tree
        if isinstance(node, ast.Import | ast.ImportFrom)
    )
    return {*attributes, *imports}


LISTENS = {"socketserver", "http.server", "create_server", "start_server", "start_unix_server", "listen"}
SERVER = NODE / "cli" / "serving.py"  # serves a node's figures, if its owner wants, and takes no question
VIEWER = NODE / "cli" / "viewer" / "server.py"  # a command of its own, which has no key: page, documents, the chain
VIEWERS = {NODE / "cli" / "viewer" / "command.py", NODE / "cli" / "demo" / "show.py"}
SECRETS = {"headwater.roles.secrets", "headwater.roles.trainer"}
KEYS = {*SECRETS, "headwater.cli.keys", "headwater.journal.journal"}
SHARES = {"shared_point", "pair_seed"}
ALLOWED = {
    NODE / "protocol" / "equal_log.py",
    NODE / "roles" / "trainer.py",
    NODE / "reading" / "audit_openings.py",  # of points that disputes have shown
}


def test_nodes__take_no_questions__and_only_trainers_compute_what_they_share():
    support = ROOT / "tests" / "support"
    assert names_in((support / "ipfs.py").read_text()) & LISTENS, "a server is found"
    assert names_in((support / "arena.py").read_text()) & SHARES, "whoever computes a shared point is found"
    names = {path: names_in(path.read_text()) for path in NODE.rglob("*.py")}
    assert len(names) > 50
    assert {path for path, found in names.items() if found & LISTENS} == {SERVER, VIEWER}
    assert {name for name in names[SERVER] if name.startswith("headwater.")} == {
        "headwater.cli.hosts",
        "headwater.errors",
    }
    users = [path for path, found in names.items() if "headwater.cli.serving" in found]
    assert users == [NODE / "cli" / "monitor.py"]
    assert not SECRETS & names[users[0]], "it knows no secret"
    assert {path for path, found in names.items() if "headwater.cli.viewer.server" in found} == VIEWERS
    assert not KEYS & (names[VIEWER] | names[NODE / "cli" / "viewer" / "command.py"]), "nor does the page's"
    assert {path for path, found in names.items() if found & SHARES} == ALLOWED
