"""The chain that other tests stand on."""

from tests.support.anvil import Anvil


def test_anvil__when_asked_for__then_a_fresh_chain_with_funded_accounts(anvil: Anvil):
    balances = [anvil.web3.eth.get_balance(account.address) for account in anvil.accounts]

    assert anvil.web3.eth.block_number == 0
    assert balances == [10_000 * 10**18] * 10
