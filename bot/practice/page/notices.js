/** What the workspace itself tells this person, such as that a command was not answered in time. */

import { h } from "./dom.js";

const SAME_MS = 3000;

export class Notices {
  constructor(node) {
    this.node = node;
  }

  /** The same words twice at once, by reply and by event, are shown once. */
  show(text) {
    const now = performance.now();
    if (!text || (text === this.text && now - this.at < SAME_MS)) return;
    this.text = text;
    this.at = now;
    const notice = h(
      "div",
      { class: "notice" },
      h("span", { class: "notice-mark", "aria-hidden": "true" }, "!"),
      h("p", {}, text),
      h(
        "button",
        { class: "icon-button", type: "button", "aria-label": "Dismiss", onclick: () => notice.remove() },
        "✕",
      ),
    );
    this.node.append(notice);
  }

  clear() {
    this.node.replaceChildren();
    this.text = null;
  }
}
