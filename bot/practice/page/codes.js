/** The code that each person's app shows now, written wherever somebody's name has room for it. */

import * as api from "./api.js";
import { h } from "./dom.js";

const AGAIN_MS = 5000;
const places = [];
let codes = {};

/** A place for somebody's code; empty for those who have none. */
export function code(person) {
  const place = h("span", { class: "person-code", title: `The code that ${person.name}'s app shows now` });
  places.push([place, person.id]);
  write(place, person.id);
  return place;
}

/** Keep every place up to date, a code after the other. */
export async function followCodes() {
  let wait = AGAIN_MS;
  try {
    const now = await api.codes();
    codes = now.codes;
    wait = now.good_for_s * 1000 + 20;
    for (const [place, id] of places) write(place, id);
  } catch {
    // The workspace is away; the page says so elsewhere.
  }
  setTimeout(followCodes, wait);
}

const write = (place, id) => (place.textContent = (codes[id] ?? "").replace(/^(...)/, "$1 "));
