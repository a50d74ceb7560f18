/** What no real chat has: a faster market, prices that move, and things that go wrong on demand. */

import * as api from "./api.js";
import { fill, h, whileBusy } from "./dom.js";
import { FaultsDialog } from "./faults.js";
import { menu } from "./menu.js";

const SPEEDS = [1, 5, 20, 100];
const TRENDS = [
  ["up", "Prices go up"],
  ["down", "Prices go down"],
  ["natural", "Prices go their own way"],
];
const LOOK_EVERY_MS = 5000;

export class Training {
  /** `notice(text)` tells this person what did not work. */
  constructor(place, notice) {
    this.place = place;
    this.notice = notice;
    this.faults = new FaultsDialog((anyActive) => this.mark(anyActive));
    this.wrong = h(
      "button",
      { class: "training-button", type: "button", onclick: () => this.faults.show() },
      h("span", { "aria-hidden": "true" }, "⚡"),
      h("span", { class: "training-words" }, "Something goes wrong"),
    );
    this.wrong.setAttribute("aria-label", "Something goes wrong");
    this.look();
    setInterval(() => document.visibilityState === "visible" && this.look(), LOOK_EVERY_MS);
  }

  /** Other windows turn these knobs too, and a fault is used up by itself. */
  async look() {
    const [market] = await Promise.all([
      api.exchange("state").catch(() => null),
      this.faults.load().catch(() => null),
    ]);
    this.draw(market);
  }

  draw(market) {
    const speed = market?.pairs?.[0]?.speed ?? null;
    const trends = new Set(market?.pairs?.map((pair) => pair.trend));
    const signature = JSON.stringify([speed, [...trends]]);
    if (signature === this.signature) return;
    this.signature = signature;
    fill(this.place, speed === null ? null : this.market(speed, trends), this.wrong);
  }

  market(speed, trends) {
    const now = `Speed up the market, now ${speed} times`;
    const face = [
      h("span", { "aria-hidden": "true" }, "⏩"),
      h("span", { class: "training-words" }, "Speed up the market"),
      h("span", { class: "training-speed" }, `×${speed}`),
    ];
    const item = (words, chosen, change) =>
      h(
        "button",
        {
          class: "menu-item",
          role: "menuitem",
          type: "button",
          "aria-current": chosen ? "true" : null,
          onclick: () => this.turn(change),
        },
        h("span", { class: "menu-tick", "aria-hidden": "true" }, chosen ? "✓" : ""),
        words,
      );
    return menu(
      now,
      face,
      [
        h("p", { class: "menu-note" }, "Prices run faster; a bar still lasts its time. For everybody here."),
        SPEEDS.map((times) => item(times === 1 ? "As fast as real" : `${times} times as fast`, times === speed, { speed: times })),
        h("p", { class: "menu-note" }, "Make the averages cross:"),
        TRENDS.map(([trend, words]) => item(words, trends.size === 1 && trends.has(trend), { trend })),
      ],
      { className: "training-button", align: "end" },
    );
  }

  async turn(change) {
    try {
      await whileBusy(this.place, () => api.exchange("market", change));
    } catch (error) {
      this.notice(error.message);
    }
    await this.look();
  }

  mark(anyActive) {
    this.wrong.classList.toggle("is-active", anyActive);
  }
}
