/** Tables. On a phone each becomes a list of its rows (style.css); the roles keep it a table for screen readers. */

import { h } from "../dom.js";

/**
 * A table.
 * @param {Object} table
 * @param {string} table.caption What it lists.
 * @param {{name: string, cell: (row: *) => *, number?: boolean}[]} table.columns The first one names the row.
 * @param {*[]} table.rows
 * @param {(row: *) => *} table.key What tells one row from the others for as long as the page is open.
 */
export function table({ caption, columns, rows, key }) {
  const kind = (column) => (column.number ? "number" : undefined);
  const head = columns.map((column) =>
    h("th", { scope: "col", role: "columnheader", class: kind(column) }, column.name),
  );
  const cells = (row) =>
    columns.map((column, index) =>
      index === 0
        ? h("th", { scope: "row", role: "rowheader", class: kind(column) }, h("span", {}, column.cell(row)))
        : h("td", { role: "cell", class: kind(column), "data-column": column.name }, cell(column.cell(row))),
    );
  return h(
    "div",
    { class: "scroll" },
    h(
      "table",
      { class: "rows", role: "table" },
      h("caption", { class: "hidden" }, caption),
      h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, head)),
      h(
        "tbody",
        { role: "rowgroup" },
        rows.map((row) => h("tr", { role: "row", key: key(row) }, cells(row))),
      ),
    ),
  );
}

/** Names and what they stand for, as pairs. Pairs without a value are left out, as are missing ones. */
export function facts(...entries) {
  return h(
    "dl",
    {},
    entries
      .filter((entry) => entry && entry[1] !== undefined && entry[1] !== null && entry[1] !== false)
      .map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]),
  );
}

// one element, so that a phone's cell is its column's name and one thing beside it
function cell(content) {
  return content === undefined || content === null || content === false || content === ""
    ? null
    : h("span", {}, content);
}
