// BN254's scalar field, where the entries of vectors live: node/headwater/protocol/field.py.

/** The order of BN254's G1 (EIP-196). */
export const P = 21888242871839275222246405745257275088548364400416034343698204186575808495617n;

/** The integer of smallest magnitude that a field element stands for. */
export function toSigned(element: bigint): bigint {
  return element > P / 2n ? element - P : element;
}
