// A stranger's text: cut before anything else is done with it, and then without what is no text, as
// node/headwater/foreign.py does. Documents with such names are refused: see shape.ts.

/** Characters of a stranger's text within a sentence. */
const MOST = 500;

// what nobody sees: control and format characters, separators of lines and paragraphs, what Unicode calls
// default-ignorable, and half a surrogate pair; the same characters as in Python, whatever Unicode a browser knows
const NO_TEXT =
  // biome-ignore lint/suspicious/noMisleadingCharacterClass: it is meant for each of them alone
  /[\x00-\x1f\x7f-\x9f\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890-\u0891\u08e2\u115f-\u1160\u17b4-\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\u{110bd}\u{110cd}\u{13430}-\u{1343f}\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}\ud800-\udfff]/gu;

/** A text as people may see it: its first `most` characters, and what is no text by its code, for example <U+202E>. */
export function plain(text: string, most = MOST): string {
  const start = text.length <= most ? text : `${text.slice(0, most - 1)}…`;
  return start.replace(NO_TEXT, named);
}

/** The first character that is no text, by its code; those in `allowed` are. */
export function unseen(text: string, allowed = ""): string | undefined {
  for (const [found] of text.matchAll(NO_TEXT)) {
    if (!allowed.includes(found)) return named(found);
  }
  return undefined;
}

function named(character: string): string {
  return `<U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}>`;
}
