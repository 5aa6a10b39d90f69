// Decimal arithmetic as Python's `decimal` does it with 40 digits, halves to even: a model's rows are standardised so,
// and a prediction here must be the one that every node makes.

const DIGITS = 40;

/** coefficient * 10^exponent, exactly. */
export interface Decimal {
  readonly coefficient: bigint;
  readonly exponent: number;
}

/** The number of a text such as `-1.5e3`, exactly; undefined where it is none. */
export function parseDecimal(text: string): Decimal | undefined {
  const match = /^([+-]?)(\d+(?:\.\d*)?|\.\d+)(?:[eE]([+-]?\d{1,3}))?$/.exec(text);
  if (match === null) return undefined;
  const [, sign, digits = "", exponent = "0"] = match;
  const [whole = "", fraction = ""] = digits.split(".");
  const coefficient = BigInt(whole + fraction);
  return { coefficient: sign === "-" ? -coefficient : coefficient, exponent: Number(exponent) - fraction.length };
}

/** The power of ten of the first digit; that of a zero counts its one digit. */
export function magnitude({ coefficient, exponent }: Decimal): number {
  return length(coefficient) - 1 + exponent;
}

/** a - b, rounded to 40 digits. */
export function subtract(a: Decimal, b: Decimal): Decimal {
  const exponent = Math.min(a.exponent, b.exponent);
  return rounded(scaled(a, exponent) - scaled(b, exponent), exponent);
}

/** a / b, rounded to 40 digits. b is not zero. */
export function divide(a: Decimal, b: Decimal): Decimal {
  const shift = Math.max(0, length(b.coefficient) - length(a.coefficient) + DIGITS + 1);
  const numerator = a.coefficient * 10n ** BigInt(shift);
  const quotient = numerator / b.coefficient;
  const rest = numerator % b.coefficient;
  const negative = a.coefficient < 0n !== b.coefficient < 0n;
  const sticky = rest === 0n ? 0n : negative ? -1n : 1n; // a digit behind the last, so that what is no half is none
  return rounded(quotient * 10n + sticky, a.exponent - b.exponent - shift - 1);
}

/** The double nearest to a decimal. */
export function toNumber({ coefficient, exponent }: Decimal): number {
  return Number(`${coefficient}e${exponent}`);
}

function scaled({ coefficient, exponent }: Decimal, to: number): bigint {
  return coefficient * 10n ** BigInt(exponent - to);
}

function rounded(coefficient: bigint, exponent: number): Decimal {
  const excess = length(coefficient) - DIGITS;
  if (excess <= 0) return { coefficient, exponent };
  const unit = 10n ** BigInt(excess);
  const size = coefficient < 0n ? -coefficient : coefficient;
  const [quotient, rest] = [size / unit, size % unit];
  const up = 2n * rest > unit || (2n * rest === unit && quotient % 2n === 1n);
  const result = up ? quotient + 1n : quotient;
  return { coefficient: coefficient < 0n ? -result : result, exponent: exponent + excess };
}

function length(coefficient: bigint): number {
  return (coefficient < 0n ? -coefficient : coefficient).toString().length;
}
