/** A button that opens a short list; Esc, a click elsewhere or a choice closes it. */

import { h } from "./dom.js";

let count = 0;

/** `items` are nodes; those with role menuitem are walked with the arrow keys. */
export function menu(label, face, items, { className = "", align = "start" } = {}) {
  const id = `menu-${(count += 1)}`;
  const list = h("div", { id, class: "menu", role: "menu", popover: "auto", "aria-label": label }, items);
  const button = h(
    "button",
    {
      class: `menu-button ${className}`,
      type: "button",
      popovertarget: id,
      "aria-haspopup": "menu",
      "aria-label": label,
    },
    face,
  );
  list.addEventListener("toggle", (event) => {
    const open = event.newState === "open";
    button.setAttribute("aria-expanded", String(open));
    if (!open) return;
    placeNear(list, button, align);
    choices(list)[0]?.focus();
  });
  list.addEventListener("keydown", (event) => walk(event, list));
  list.addEventListener("click", (event) => event.target.closest("[role=menuitem]") && list.hidePopover());
  return h("span", { class: "menu-holder" }, button, list);
}

const choices = (list) => [...list.querySelectorAll("[role=menuitem]")];

function walk(event, list) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const all = choices(list);
  all.at((all.indexOf(document.activeElement) + step) % all.length)?.focus();
}

function placeNear(list, button, align) {
  const at = button.getBoundingClientRect();
  const left = align === "end" ? at.right - list.offsetWidth : at.left;
  list.style.left = `${Math.max(8, Math.min(left, innerWidth - list.offsetWidth - 8))}px`;
  const below = at.bottom + 4;
  const fits = below + list.offsetHeight < innerHeight - 8;
  list.style.top = `${fits ? below : Math.max(8, at.top - list.offsetHeight - 4)}px`;
}
