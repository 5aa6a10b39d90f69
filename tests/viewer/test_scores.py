"""Scores by round and group, and compositions, as a visitor sees them."""

from __future__ import annotations

from headwater.protocol.scores import composition, shares
from headwater.roles.declaring import declare
from headwater.roles.report import silent
from headwater.roles.secrets import secret_of
from tests.support.scored import HOLDER
from tests.support.site import honest


def test_task__with_scores__shows_them_by_group_with_attester_and_time__and_whose_rows(
    scored_world, visitor, gateway, tmp_path
):
    world = scored_world.at("finalized")
    task, trainer = world.task, world.trainer(0)
    world.attester().step()
    secret = secret_of(world.anvil.accounts[1])
    declare(task, world.senders[1], secret, trainer.dataset, silent, journal=trainer._kept._secrets)
    (score,) = task.contracts.attestations.attestations(task.id, 1)
    (rows,) = task.contracts.attestations.compositions(task.id)

    guest = visitor()
    guest.visit(f"/task/{task.id}", of=world, gateways=[gateway(honest(world.store))])
    guest.sees("Scores on held-out data")
    table = guest.page.get_by_role("table", name="Scores, the newest round first")
    text = table.inner_text().replace("\n", " ")
    for share in shares(task.scoring, task.learner.groups, score.numbers):
        assert f"{100 * share.right / share.rows:.1f} % of {share.rows}" in text
    assert "Round 1" in text
    assert world.senders[HOLDER].address[:6] in text
    assert "named" in text
    counted = guest.page.get_by_role("table", name="Rows of committed data, by class and group").inner_text()
    for _, (first, second) in composition(task.scoring, task.learner.groups, rows.counts):
        assert f"{first} versicolor, {second} virginica" in counted.replace("\n", " ")
    guest.page.screenshot(path=str(tmp_path / "scores.png"), full_page=True)


def test_task__without_scores__has_no_such_card(world, visitor, gateway):
    world.at("finalized")
    guest = visitor()
    guest.visit(f"/task/{world.task_id}", of=world, gateways=[gateway(honest(world.store))])
    guest.sees("What is trained")
    assert guest.page.get_by_text("Scores on held-out data").count() == 0
