// CIDv1 of a raw block with sha2-256: the one kind of CID that the chain's `bytes32 cid` stands for.

import { bytesToHex, type Hex, hexToBytes, isHex, sha256 } from "viem";
import { InvalidCid } from "./errors.js";

/** Most bytes of a document or blob: one IPFS block. */
export const MAX_BYTES = 1 << 20;

const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";
const RAW = 0x55;
const DAG_PB = 0x70; // the root of a file of several blocks
const PREFIX = [0x01, RAW, 0x12, 0x20] as const; // CIDv1, codec, sha2-256, 32 bytes

/** The digest of bytes, as contracts store it: their sha2-256. */
export function digestOf(bytes: Uint8Array): Hex {
  return sha256(bytes);
}

/**
 * The CID of bytes, `bafkrei...`.
 * @throws InvalidCid there are more than `MAX_BYTES`: then the CID is not that of one raw block.
 */
export function cidOf(bytes: Uint8Array): string {
  if (bytes.length > MAX_BYTES) {
    throw new InvalidCid(`${bytes.length} bytes are no single block: a document has at most ${MAX_BYTES}`);
  }
  return cidFromDigest(digestOf(bytes));
}

/**
 * The CID that a contract's `bytes32 cid` stands for.
 * @throws InvalidCid not 32 bytes of hex.
 */
export function cidFromDigest(digest: Hex): string {
  if (!isHex(digest) || digest.length !== 66) {
    throw new InvalidCid(`${digest} is no digest: 32 bytes in hex, as a contract gives them`);
  }
  return `b${base32(Uint8Array.of(...PREFIX, ...hexToBytes(digest)))}`;
}

/**
 * The digest in a CID's text, `bafkrei...`.
 * @throws InvalidCid any other text: CIDv0 (`Qm...`), another codec or hash, upper case, or bits set in the padding.
 */
export function digestFromCid(text: string): Hex {
  const bytes = bytesOf(text);
  if (bytes?.[1] !== RAW) {
    throw new InvalidCid(`${JSON.stringify(text)} is not the CID of a raw block: 59 characters, bafkrei...`);
  }
  return bytesToHex(bytes.subarray(PREFIX.length));
}

/** Whether a text is the one text of a CIDv1 with sha2-256, of a raw block or of a file of several. */
export function isCid(text: string): boolean {
  return bytesOf(text) !== undefined;
}

function bytesOf(text: string): Uint8Array | undefined {
  const bytes = text.length === 59 && text.startsWith("b") ? fromBase32(text.slice(1)) : undefined;
  if (bytes === undefined || `b${base32(bytes)}` !== text) return undefined;
  const [version, codec, ...hash] = bytes;
  const known = version === PREFIX[0] && (codec === RAW || codec === DAG_PB);
  return known && hash[0] === PREFIX[2] && hash[1] === PREFIX[3] ? bytes : undefined;
}

function base32(bytes: Uint8Array): string {
  let text = "";
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    for (bits += 8; bits >= 5; bits -= 5) text += ALPHABET[(held >> (bits - 5)) & 31];
    held &= 255;
  }
  return bits ? text + ALPHABET[(held << (5 - bits)) & 31] : text;
}

function fromBase32(text: string): Uint8Array | undefined {
  const bytes = [];
  let bits = 0;
  let held = 0;
  for (const character of text) {
    const value = ALPHABET.indexOf(character);
    if (value < 0) return undefined;
    held = ((held << 5) | value) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push((held >> bits) & 255);
  }
  return Uint8Array.from(bytes);
}
