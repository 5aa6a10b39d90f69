// Narrowing of JSON, field by field. Nothing here trusts what it reads, and no field may be unknown.

import type { Json } from "./canonical.js";
import { MalformedDocument } from "./errors.js";
import { unseen } from "./foreign.js";

/** Makes a typed value of JSON. `place` says where it stands. Throws MalformedDocument. */
export type Reader<T> = (value: Json, place: string) => T;

const ANY = /^/;

type Shape = Readonly<Record<string, Reader<unknown>>>;
type ObjectOf<S extends Shape> = { readonly [K in keyof S]: ReturnType<S[K]> };

/** An object of exactly these fields. */
export function object<S extends Shape>(shape: S): Reader<ObjectOf<S>> {
  return (value, place) => {
    const found = anyObject(value, place);
    const unknown = Object.keys(found).find((key) => !Object.hasOwn(shape, key));
    if (unknown !== undefined) throw wrong(place, `an unknown field ${JSON.stringify(unknown)}`);
    const entries = Object.entries(shape).map(([key, read]) => {
      const entry = Object.hasOwn(found, key) ? found[key] : undefined;
      if (entry === undefined) throw wrong(place, `no field ${key}`);
      return [key, read(entry, place ? `${place}.${key}` : key)];
    });
    return Object.fromEntries(entries) as ObjectOf<S>;
  };
}

/** An object of any fields. */
export const anyObject: Reader<{ readonly [key: string]: Json }> = (value, place) => {
  if (value === null || typeof value !== "object" || Array.isArray(value)) throw wrong(place, "no object");
  return value as { readonly [key: string]: Json };
};

/** A list of `least` to `most` entries. */
export function list<T>(read: Reader<T>, least: number, most = Infinity): Reader<readonly T[]> {
  return (value, place) => {
    if (!Array.isArray(value)) throw wrong(place, "no list");
    if (value.length < least || value.length > most) throw wrong(place, `${value.length} entries`);
    return value.map((entry: Json, i) => read(entry, `${place}[${i}]`));
  };
}

/** A text of at most `most` characters that fits a pattern. */
export function text(pattern: RegExp, most = Infinity): Reader<string> {
  return (value, place) => {
    if (typeof value !== "string") throw wrong(place, "no text");
    if (Array.from(value).length > most || !pattern.test(value)) throw wrong(place, "a text that is not allowed there");
    return value;
  };
}

/** A text of at most `most` characters that people see: nothing else is in it, but for what `allowed` has. */
export function seen(most: number, allowed = ""): Reader<string> {
  return checked(text(ANY, most), (found) => {
    const hidden = unseen(found, allowed);
    return hidden && `the character ${hidden}, which people would not see,`;
  });
}

/** A text that may be shown. */
export const name = checked(seen(200), (found) => (found === "" ? "no text" : undefined));

/** One of these texts. */
export function oneOf<const T extends string>(...texts: readonly T[]): Reader<T> {
  return (value, place) => {
    const found = texts.find((known) => known === value);
    if (found === undefined) throw wrong(place, `none of ${texts.join(", ")}`);
    return found;
  };
}

/** What the first reader takes, if the value has this field; else what the second one does. */
export function either<A, B>(field: string, first: Reader<A>, second: Reader<B>): Reader<A | B> {
  return (value, place) => {
    const has = value !== null && typeof value === "object" && Object.hasOwn(value, field);
    return has ? first(value, place) : second(value, place);
  };
}

/** An integer from `least` to `most`. */
export function integer(least: number, most = Number.MAX_SAFE_INTEGER): Reader<number> {
  return (value, place) => {
    if (typeof value !== "number" || value < least || value > most) throw wrong(place, "a number out of its range");
    return value;
  };
}

/** true or false. */
export const flag: Reader<boolean> = (value, place) => {
  if (typeof value !== "boolean") throw wrong(place, "neither true nor false");
  return value;
};

/** A value that a reader takes and that passes a further check; `problem` says why it does not, or nothing. */
export function checked<T>(read: Reader<T>, problem: (value: T) => string | undefined): Reader<T> {
  return (value, place) => {
    const found = read(value, place);
    const reason = problem(found);
    if (reason !== undefined) throw wrong(place, reason);
    return found;
  };
}

function wrong(place: string, found: string): MalformedDocument {
  return new MalformedDocument(`the document has ${found} at ${place || "its top"}: refuse what refers to it`);
}
