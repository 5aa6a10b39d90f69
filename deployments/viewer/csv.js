/** CSV files of labelled rows, read in the browser: RFC 4180, comma and quotes. They are sent nowhere. */

const MOST_BYTES = 64 << 20;

/**
 * The rows of a file, each as cells by column.
 * @param {Uint8Array} bytes
 * @param {string[]} needed Columns that must be there.
 * @returns {Object<string, string>[]}
 * @throws Error that says what is wrong, and in which line.
 */
export function readRows(bytes, needed) {
  if (bytes.length > MOST_BYTES)
    throw new Error(`the file has ${bytes.length} bytes, the most is ${MOST_BYTES}: take fewer rows`);
  const records = parse(new TextDecoder().decode(bytes));
  const header = records.shift()?.cells;
  if (!header) throw new Error("the file is empty: the first line names the columns, each next line is a row");
  for (const name of needed) {
    if (header.filter((cell) => cell === name).length !== 1)
      throw new Error(
        `there is no column “${name}”, or more than one: the header has ${header.slice(0, 30).join(", ")}`,
      );
  }
  if (records.length === 0) throw new Error("the file has a header and no rows");
  return records.map(({ cells, line }) => {
    if (cells.length !== header.length)
      throw new Error(`line ${line} has ${cells.length} cells, the header ${header.length}`);
    return Object.fromEntries(needed.map((name) => [name, cells[header.indexOf(name)]]));
  });
}

// the records that are not blank, their cells trimmed, with the line each starts on
function parse(text) {
  const records = [];
  let cells = [];
  let cell = "";
  let quoted = false;
  let line = 1;
  let start = 1;
  const endCell = () => {
    cells.push(cell.trim());
    cell = "";
  };
  const endRecord = () => {
    endCell();
    if (cells.some(Boolean)) records.push({ cells, line: start });
    cells = [];
    start = line;
  };
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at];
    if (letter === "\n") line += 1;
    if (quoted && letter === '"' && text[at + 1] === '"') {
      cell += '"';
      at += 1;
    } else if (letter === '"' && (quoted || cell.trim() === "")) {
      if (!quoted) cell = "";
      quoted = !quoted;
    } else if (letter === "," && !quoted) endCell();
    else if (letter === "\n" && !quoted) endRecord();
    else cell += letter;
  }
  if (quoted) throw new Error(`the quotes that open in line ${start} are never closed`);
  if (cell !== "" || cells.length > 0) endRecord();
  return records;
}
