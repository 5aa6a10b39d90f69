// What the subgraph's handlers use of @graphprotocol/graph-ts, to run them without a graph-node: the same layout of
// numbers and bytes, in this process.

import { bytesToHex, hexToBytes, keccak256 } from "viem";

/** Signed little-endian bytes, as graph-node keeps integers. */
export class BigInt extends Uint8Array {
  static of_(value: bigint): BigInt {
    const bytes = [];
    let rest = value;
    while (rest < -128n || rest > 127n) {
      bytes.push(Number(rest & 255n));
      rest >>= 8n;
    }
    bytes.push(Number(rest & 255n));
    return new BigInt(bytes);
  }

  static zero(): BigInt {
    return BigInt.of_(0n);
  }

  get value(): bigint {
    return globalThis.BigInt.asIntN(
      8 * this.length,
      this.reduceRight((sum, byte) => (sum << 8n) | globalThis.BigInt(byte), 0n),
    );
  }

  override toString(): string {
    return this.value.toString();
  }

  toI32(): number {
    if (globalThis.BigInt.asIntN(32, this.value) !== this.value) throw new RangeError(`${this.value} is no i32`);
    return Number(this.value);
  }

  isZero(): boolean {
    return this.value === 0n;
  }

  plus(other: BigInt): BigInt {
    return BigInt.of_(this.value + other.value);
  }

  minus(other: BigInt): BigInt {
    return BigInt.of_(this.value - other.value);
  }

  neg(): BigInt {
    return BigInt.of_(-this.value);
  }
}

export class ByteArray extends Uint8Array {
  toHexString(): string {
    return bytesToHex(this);
  }

  equals(other: ByteArray): boolean {
    return this.toHexString() === other.toHexString();
  }
}

export class Bytes extends ByteArray {
  static fromByteArray(bytes: ByteArray): Bytes {
    return new Bytes(bytes);
  }
}

export class Address extends Bytes {
  static zero(): Address {
    return new Address(20);
  }
}

export const crypto = {
  keccak256: (bytes: ByteArray): ByteArray => new ByteArray(hexToBytes(keccak256(bytes))),
};
