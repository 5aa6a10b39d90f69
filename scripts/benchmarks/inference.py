"""Gas of an inference: a real proof of what a model says of a committed row, checked in place, and recorded."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

from eth_abi.abi import encode

from headwater.chain.asking.rpc import Call
from headwater.chain.contracts.codec import encode_call
from headwater.chain.contracts.opened import Contracts
from headwater.chain.sending.sender import Sender
from headwater.circuits.circuit import build
from headwater.circuits.srs import Srs
from headwater.learners.linear import LinearSpec
from headwater.learners.linear.infer import LinearInfer
from headwater.protocol.field import P, to_signed
from headwater.protocol.inferences import NOBODY, ROW_SALTS, input_commitment, public_vector
from headwater.protocol.keccak import keccak256
from headwater.protocol.noise import draw
from headwater.protocol.phases import Question
from headwater.protocol.structs import Query, Setup
from headwater.protocol.vectors import model_input
from scripts.benchmarks.links import create_raw


def measure(
    contracts: Contracts, senders: Sequence[Sender], home: Path, spec: LinearSpec, srs: Srs
) -> dict[str, float]:
    """`infer`: gas of ERC-7992's call, which checks an answer in place; `infer_record`: of recording one; and others.

    Args:
        senders: the creator, who also issues the row, and its account.
    """
    creator, account = senders[:2]
    circuit = build(home, LinearInfer.of(spec), srs)
    rng = random.Random(1)
    weights = [rng.randrange(-(2**12), 2**12) for _ in range(spec.dimension)]
    address, _ = creator.deploy(bytes.fromhex(circuit.verifier.bytecode[2:]), "infer verifier")
    code_hash = bytes.fromhex(circuit.verifier.code_hash[2:])
    task_id = create_raw(
        contracts, creator, circuit, spec.dimension, (address,) * 2, (code_hash,) * 2, circuit.commit(weights)
    )
    inferences = contracts.inferences
    opened = creator.send(inferences.open(task_id, Setup(address, 1, code_hash)))
    features = [rng.randrange(-spec.clamp, spec.clamp) for _ in range(spec.features)]
    row = [*features, *(rng.randrange(P) for _ in range(ROW_SALTS))]
    point = circuit.commit(row)
    issued = creator.send(inferences.issue(task_id, point, account.address))
    query = Query(task_id, 0, creator.address, account.address, Question.AT_LEAST, 0, 0)
    proofs = {}
    for consumer in (account.address, NOBODY):
        public = public_vector(contracts.chain.chain_id, inferences.address, consumer, query)
        noise = draw(b"noise that everybody may know: " + bytes(8), circuit.statement.decomposition_limit, consumer)
        model = model_input(weights, contracts.tasks.tag(task_id))
        proofs[consumer] = circuit.prove([model, row, noise, public]), public
    proof, public = proofs[account.address]
    words = ("uint64", "uint32", "address", "address", "uint8", "int64", "uint256")
    values = (task_id, 0, creator.address, account.address, int(query.question), query.value, query.nonce)
    answer = query.question.answer(to_signed(proof.output[0]))
    named = input_commitment(keccak256(point.encode()), public[1])
    arguments = (
        task_id << 32,
        named,
        encode(["uint8", "int64", "bool"], [int(query.question), query.value, answer]),
        encode(words, values) + proof.data,
    )
    data = encode_call(inferences.name, "verifyInference", arguments)
    checked = account.send(Call(inferences.address, data, 0, "Inferences.verifyInference"))
    recorded = account.send(inferences.record(query, proofs[NOBODY][0].data))
    return {
        "infer": checked.gas_used,
        "infer_record": recorded.gas_used,
        "infer_open": opened.gas_used,
        "infer_issue": issued.gas_used,
    }
