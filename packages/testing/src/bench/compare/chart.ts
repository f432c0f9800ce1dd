import { median, type RoomResult } from "./measure-rooms.js";

const COLOURS = ["#2563eb", "#94a3b8", "#d6b98c"];
const BAR = 22;
const GAP = 26;
const LEFT = 120;
const WIDTH = 760;

/** Deliveries per second of every rival by size of the room, as an SVG picture. */
export function chart(rooms: readonly RoomResult[]): string {
  const names = [...new Set(rooms.map(({ rival }) => rival))];
  const sizes = [...new Set(rooms.map(({ size }) => size))];
  const group = names.length * BAR + GAP;
  const height = 70 + sizes.length * group;
  const bars = sizes.flatMap((size, place) => {
    const results = rooms.filter((room) => room.size === size);
    const values = results.map(({ closed }) => median(closed.map((round) => round.deliveriesPerSecond)));
    const most = Math.max(...values);
    const top = 60 + place * group;
    return [
      `<text x="${LEFT - 10}" y="${top + (names.length * BAR) / 2 + 4}" text-anchor="end">rooms of ${size}</text>`,
      ...values.flatMap((value, index) => {
        const y = top + index * BAR;
        const width = Math.max(1, (value / most) * (WIDTH - LEFT - 130));
        return [
          `<rect x="${LEFT}" y="${y}" width="${width.toFixed(1)}" height="${BAR - 4}" fill="${COLOURS[index]}"/>`,
          `<text x="${(LEFT + width + 6).toFixed(1)}" y="${y + 13}">${Math.round(value).toLocaleString("en")}/s</text>`,
        ];
      }),
    ];
  });
  const legend = names.map((name, index) => {
    const x = LEFT + index * 215;
    return `<rect x="${x}" y="34" width="12" height="12" fill="${COLOURS[index]}"/><text x="${x + 18}" y="44">${name}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12" fill="#334155">`,
    `<title>Deliveries per second of ${names.join(" / ")} by size of the room</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    `<text x="${LEFT}" y="20" font-size="14" font-weight="bold">Deliveries per second (each size has its own scale)</text>`,
    ...legend,
    ...bars,
    "</svg>",
  ].join("\n");
}
