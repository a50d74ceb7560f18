/** Who is who, and who I am: avatars, the person switcher, and the first choice of a person. */

import { code } from "./codes.js";
import { fill, h } from "./dom.js";
import { menu } from "./menu.js";

const COLOURS = 8;

export function avatar({ id, name, bot }, size = "") {
  if (bot) return h("img", { class: `avatar ${size}`, src: "/page/peak.svg", alt: "" });
  const initials = (name ?? "?")
    .split(/\s+/)
    .map((word) => word[0])
    .join("")
    .slice(0, 2)
    .toUpperCase();
  const shown = initials.length > 1 ? initials : (name ?? "?").slice(0, 2);
  return h("span", { class: `avatar colour-${colour(id)} ${size}`, "aria-hidden": "true" }, shown);
}

const colour = (id) =>
  [...String(id)].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 9973, 7) % COLOURS;

/** Whoever we become stays in the channel where we are. */
const stayHere = (event) => (event.currentTarget.hash = location.hash);

const address = (person) => `/?as=${encodeURIComponent(person.id)}`;

/** The switcher at the top right: my name, and the way to be somebody else. */
export function drawSwitcher(place, me, people) {
  const face = [
    avatar(me),
    h(
      "span",
      { class: "person-words" },
      h("span", { class: "person-name" }, me.name),
      h("span", { class: "person-title" }, me.title),
    ),
    code(me),
  ];
  const rows = people
    .filter((person) => person.id !== me.id)
    .map((person) =>
      h(
        "div",
        { class: "person-row" },
        h(
          "a",
          { class: "menu-item person-choice", role: "menuitem", href: address(person), onclick: stayHere },
          avatar(person),
          h(
            "span",
            { class: "person-words" },
            h("span", { class: "person-name" }, person.name),
            h("span", { class: "person-title" }, person.title),
          ),
          code(person),
        ),
        h(
          "a",
          {
            class: "menu-item person-window",
            role: "menuitem",
            href: address(person),
            target: "_blank",
            rel: "noopener",
            onclick: stayHere,
            "aria-label": `Open a second window as ${person.name}`,
            title: `Open a second window as ${person.name}`,
          },
          "2nd window ↗",
        ),
      ),
    );
  fill(
    place,
    menu(
      `You are ${me.name}, ${me.title}. Switch person`,
      [face, h("span", { class: "caret", "aria-hidden": "true" }, "▾")],
      [
        h(
          "p",
          { class: "menu-note" },
          "Be somebody else, or open a second window and be two people at once.",
        ),
        rows,
      ],
      { className: "person-button", align: "end" },
    ),
  );
}

/** The first page: pick who you are. */
export function drawChooser(place, people, trouble = null) {
  const cards = people.map((person) =>
    h(
      "li",
      {},
      h(
        "a",
        { class: "choice", href: address(person) },
        avatar(person, "avatar-large"),
        h(
          "span",
          { class: "person-words" },
          h("span", { class: "person-name" }, person.name),
          h("span", { class: "person-title" }, person.title),
        ),
      ),
    ),
  );
  place.hidden = false;
  fill(
    place,
    h(
      "div",
      { class: "chooser-card" },
      h("img", { src: "/page/peak.svg", alt: "", width: 44, height: 44 }),
      h("h1", {}, "Who are you today?"),
      h(
        "p",
        { class: "chooser-lead" },
        "This is a practice desk with its own chat, its own exchange and its own money. ",
        "Pick a person; open a second window later to be two people at once.",
      ),
      trouble ? h("p", { class: "chooser-trouble", role: "alert" }, trouble) : null,
      h("ul", { class: "choices" }, cards),
    ),
  );
}
