"""What can go wrong between here and an Ethereum node, said plainly."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests
from eth_abi.exceptions import DecodingError
from web3.exceptions import BadResponseFormat, ContractLogicError, Web3Exception, Web3RPCError

from headwater.chain.asking.answers import RateLimited
from headwater.chain.contracts.reverts import refusal
from headwater.errors import ChainError
from headwater.foreign import plain
from headwater.replies import ReplyTooLong

_ODD = (ArithmeticError, AttributeError, DecodingError, LookupError, TypeError, ValueError)
_RETRY = "try again, or name another node with --rpc"
_START = "start a node (`anvil` is a local chain), or name another with --rpc or HEADWATER_RPC"


@contextmanager
def explained(where: str, doing: str) -> Iterator[None]:
    """Turns what web3 raises inside into ChainError or ContractError; `where` names the node, `doing` the call."""
    try:
        yield
    except ContractLogicError as error:
        raise refusal(_revert_data(error), doing) from error
    except requests.Timeout as error:
        raise ChainError(f"the node at {where} did not answer {doing} in time", _RETRY) from error
    except requests.ConnectionError as error:
        raise ChainError(f"no Ethereum node answers at {where}", _START) from error
    except requests.HTTPError as error:
        status = f"HTTP {error.response.status_code} {plain(error.response.reason)}"
        raise ChainError(f"what listens at {where} answered {doing} with {status}", _START) from error
    except BadResponseFormat as error:
        raise ChainError(f"what listens at {where} is no Ethereum node: {plain(error)}", _START) from error
    except ReplyTooLong as error:
        raise ChainError(f"the node at {where} answered {doing} with too much: {error}", _RETRY) from error
    except RateLimited as error:
        raise ChainError(f"the node at {where} takes no more requests for now", _RETRY) from error
    except requests.RequestException as error:  # its text may show what the URL holds of secrets
        raise ChainError(f"the node at {where} cannot be asked: {type(error).__name__}", _START) from None
    except Web3RPCError as error:
        message = _message(error)
        if "insufficient funds" in message.lower():
            raise ChainError(f"the account cannot pay for {doing}: {message}", "send it the chain's coin") from error
        raise ChainError(f"the node at {where} refused {doing}: {message}", _RETRY) from error
    except Web3Exception as error:
        raise ChainError(f"the node at {where} answered {doing} oddly: {plain(error)}", _RETRY) from error
    except _ODD as error:  # raised deep within web3: `answers` does not know all that a node may say
        raise ChainError(f"the node at {where} answered {doing} oddly: {type(error).__name__}", _RETRY) from error


def _revert_data(error: ContractLogicError) -> bytes:
    """The data of a revert, which nodes put in a string or in an object."""
    data: Any = error.data
    if isinstance(data, dict):
        data = data.get("data")
    try:
        return bytes.fromhex(data.removeprefix("0x")) if isinstance(data, str) else b""
    except ValueError:
        return b""


def _message(error: Web3RPCError) -> str:
    answer: Any = (error.rpc_response or {}).get("error")
    return plain(answer["message"] if isinstance(answer, dict) and answer.get("message") else error.message)
