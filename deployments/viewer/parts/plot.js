/** A value by round, as a picture and as a table. */

import { h, svg } from "../dom.js";
import { table } from "./table.js";

const WIDTH = 440;
const HEIGHT = 220;
const LEFT = 62;
const RIGHT = 16;
const TOP = 14;
const BOTTOM = 34;

/**
 * A plot.
 * @param {string} name What is plotted.
 * @param {{round: number, value: number}[]} points At least one, rounds rising.
 * @param {(value: number) => string} write A value as text.
 * @param {number} [most] The value at the top of the picture, where there is a natural one.
 */
export function plot(name, points, write, most) {
  const rounds = points.map((point) => point.round);
  const [first, last] = [Math.min(...rounds), Math.max(...rounds)];
  const top = most ?? niceAbove(Math.max(...points.map((point) => point.value)));
  const bottom = most === undefined ? 0 : floorBelow(Math.min(...points.map((point) => point.value)), most);
  const x = (round) => LEFT + (last === first ? 0.5 : (round - first) / (last - first)) * (WIDTH - LEFT - RIGHT);
  const y = (value) => TOP + (1 - (value - bottom) / (top - bottom)) * (HEIGHT - TOP - BOTTOM);
  const lines = [0, 0.25, 0.5, 0.75, 1].map((part) => bottom + part * (top - bottom));
  const step = Math.max(1, Math.ceil((last - first) / 8));
  const ticks = rounds.filter((round) => (round - first) % step === 0);
  const path = points.map(
    ({ round, value }, index) => `${index ? "L" : "M"}${x(round).toFixed(1)} ${y(value).toFixed(1)}`,
  );
  const end = points[points.length - 1];
  const from = points[0];
  const course = points.length > 1 ? `from ${write(from.value)} in round ${from.round} to ` : "";
  const summary = `${name} by round: ${course}${write(end.value)} in round ${end.round}.`;
  return h(
    "figure",
    {},
    h("figcaption", {}, summary),
    svg(
      "svg",
      { class: "picture plot", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": summary },
      lines.map((value) => [
        svg("path", { class: "grid", d: `M${LEFT} ${y(value).toFixed(1)}H${WIDTH - RIGHT}` }),
        svg("text", { x: LEFT - 8, y: (y(value) + 4).toFixed(1), "text-anchor": "end" }, write(value)),
      ]),
      svg("path", { class: "axis", d: `M${LEFT} ${HEIGHT - BOTTOM}H${WIDTH - RIGHT}` }),
      ticks.map((round) => svg("text", { x: x(round).toFixed(1), y: HEIGHT - 14, "text-anchor": "middle" }, round)),
      svg("text", { x: LEFT - 8, y: HEIGHT - 14, "text-anchor": "end" }, "round"),
      svg("path", { class: "curve", d: path.join("") }),
      points.map(({ round, value }) =>
        svg(
          "circle",
          { class: "dot", cx: x(round).toFixed(1), cy: y(value).toFixed(1), r: points.length > 60 ? 2.5 : 4.5 },
          svg("title", {}, `round ${round}: ${write(value)}`),
        ),
      ),
    ),
    h(
      "details",
      {},
      h("summary", {}, `${name} as a table`),
      table({
        caption: `${name} by round`,
        columns: [
          { name: "Model of round", cell: (point) => point.round },
          { name, cell: (point) => write(point.value), number: true },
        ],
        rows: points,
        key: (point) => point.round,
      }),
    ),
  );
}

function niceAbove(value) {
  const size = 10 ** Math.floor(Math.log10(value || 1));
  return size * [1, 2, 2.5, 5, 10].find((step) => step * size >= value);
}

// a scale that begins where the values do: 93 and 95 of 100 are worth telling apart
function floorBelow(value, most) {
  return [0.9, 0.75, 0.5, 0].map((part) => part * most).find((low) => low < value) ?? 0;
}
