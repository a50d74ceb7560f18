/** The list of places a person can go to, with their unread marks. */

import { fill, h } from "./dom.js";

/** `unread(channelId)` counts; `place` is the hash of where the reader is. */
export function drawSidebar(nav, store, place, unread) {
  const rooms = store.rooms.map((room) =>
    entry(`#${room.id}`, "#", room.name, place, unread(room.id), { archived: room.archived }),
  );
  const dm = store.directMessage;
  fill(
    nav,
    h("h2", {}, "Channels"),
    rooms.length ? h("ul", {}, rooms) : h("p", { class: "sidebar-note" }, "You are in no channel here."),
    h("h2", {}, "App"),
    h(
      "ul",
      {},
      entry("#home", "⌂", `${store.app.name} home`, place, 0),
      dm ? entry(`#${dm.id}`, "✉", store.app.name, place, unread(dm.id), { counted: true }) : null,
    ),
  );
}

function entry(href, mark, name, place, count, { counted = false, archived = false } = {}) {
  const here = place === href;
  return h(
    "li",
    {},
    h(
      "a",
      {
        href,
        class: count && !here ? "is-unread" : "",
        "aria-current": here ? "page" : null,
        "aria-label": count && !here ? `${name}, ${count} unread` : null,
      },
      h("span", { class: "place-mark", "aria-hidden": "true" }, mark),
      h("span", { class: "place-name" }, name),
      archived ? h("span", { class: "place-note" }, "archived") : null,
      count && !here
        ? h(
            "span",
            { class: counted ? "badge" : "badge badge-quiet", "aria-hidden": "true" },
            count > 99 ? "99+" : count,
          )
        : null,
    ),
  );
}
