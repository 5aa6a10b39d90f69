// BN254's scalar field, where the entries of vectors live: node/headwater/protocol/field.py.

/** The order of BN254's G1 (EIP-196). */
export const P = 21888242871839275222246405745257275088548364400416034343698204186575808495617n;
