/** The box people write in, with the list of commands that appears on typing “/”. */

import { fill, h } from "./dom.js";

const DRAFT_HEIGHT_PX = 200;

export class Composer {
  /**
   * `options` is {commands, shortcuts, inThread, send(text) -> Promise<bool>, shortcut(id)}; a false answer
   * gives the text back.
   */
  constructor(place, options) {
    this.options = options;
    this.drafts = new Map();
    this.list = h("ul", {
      class: "hints",
      role: "listbox",
      id: `${place.id}-hints`,
      "aria-label": "Commands",
      hidden: true,
    });
    this.note = h("p", { class: "hint-note", hidden: true });
    this.box = h("textarea", {
      class: "composer-box",
      rows: 1,
      role: "combobox",
      "aria-autocomplete": "list",
      "aria-expanded": "false",
      "aria-controls": this.list.id,
      oninput: () => this.changed(),
      onkeydown: (event) => this.key(event),
      onblur: () => this.hideHints(),
    });
    this.button = h(
      "button",
      { class: "send", type: "button", "aria-label": "Send", title: "Send", onclick: () => this.send() },
      "➤",
    );
    fill(
      place,
      this.list,
      this.note,
      h("div", { class: "composer" }, this.box, this.button),
      h(
        "p",
        { class: "composer-help", "aria-hidden": "true" },
        h("kbd", {}, "Enter"),
        " sends  ",
        h("kbd", {}, "Shift + Enter"),
        " new line",
        options.inThread ? null : ["  ", h("kbd", {}, "/"), " commands"],
      ),
    );
  }

  /** Write for another place from now on; what was begun there comes back. */
  turnTo(place, label) {
    if (this.place === place) return;
    if (this.place) this.drafts.set(this.place, this.box.value);
    this.place = place;
    this.box.value = this.drafts.get(place) ?? "";
    this.box.placeholder = label;
    this.box.setAttribute("aria-label", label);
    this.changed();
    this.hideHints();
  }

  focus() {
    this.box.focus();
  }

  changed() {
    this.grow();
    this.button.disabled = !this.box.value.trim();
    this.drawHints();
  }

  grow() {
    this.box.style.height = "auto";
    if (this.box.scrollHeight)
      this.box.style.height = `${Math.min(this.box.scrollHeight, DRAFT_HEIGHT_PX)}px`;
  }

  drawHints() {
    const typed = this.box.value;
    const typing = /^\/\S*$/.test(typed) && !this.options.inThread;
    const wanted = typed.toLowerCase();
    this.found = typing
      ? [
          ...this.options.commands.filter((command) => command.command.startsWith(wanted)),
          ...this.options.shortcuts.filter((each) => each.name.toLowerCase().includes(wanted.slice(1))),
        ]
      : [];
    this.chosen = 0;
    this.drawList();
    this.drawNote(typed);
  }

  drawList() {
    const open = this.found.length > 0;
    fill(
      this.list,
      this.found.map((command, place) =>
        h(
          "li",
          {
            class: "hint",
            role: "option",
            id: `${this.list.id}-${place}`,
            "aria-selected": String(place === this.chosen),
            onmousedown: (event) => event.preventDefault(),
            onclick: () => this.take(command),
          },
          h("span", { class: "hint-command" }, command.command ?? command.name),
          h("span", { class: "hint-about" }, command.command ? command.description : "Shortcut"),
        ),
      ),
    );
    this.list.hidden = !open;
    this.box.setAttribute("aria-expanded", String(open));
    if (open) this.box.setAttribute("aria-activedescendant", `${this.list.id}-${this.chosen}`);
    else this.box.removeAttribute("aria-activedescendant");
  }

  /** Under a whole command: what may follow it; in a thread: that commands do not run there. */
  drawNote(typed) {
    const word = typed.match(/^(\/\S+)\s/)?.[1];
    const command = this.options.commands.find((known) => known.command === word?.toLowerCase());
    const inThread = this.options.inThread && typed.startsWith("/");
    this.note.hidden = !(inThread || command?.usage_hint);
    if (inThread) fill(this.note, "Commands do not run in threads. Use them in the channel itself.");
    else if (command) fill(this.note, h("code", {}, command.command), " ", command.usage_hint ?? "");
  }

  hideHints() {
    this.found = [];
    this.drawList();
    this.note.hidden = true;
  }

  key(event) {
    if (event.isComposing) return;
    const open = this.found.length > 0;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (open && step) {
      event.preventDefault();
      this.chosen = (this.chosen + step + this.found.length) % this.found.length;
      this.drawList();
    } else if (open && event.key === "Tab" && !event.shiftKey) {
      event.preventDefault();
      this.take(this.found[this.chosen]);
    } else if (open && event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      this.hideHints();
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      if (open && this.found[this.chosen].command !== this.box.value) this.take(this.found[this.chosen]);
      else this.send();
    }
  }

  take(command) {
    if (!command.command) {
      this.box.value = "";
      this.changed();
      this.options.shortcut(command.callback_id);
      return;
    }
    this.box.value = `${command.command} `;
    this.box.focus();
    this.changed();
  }

  async send() {
    const text = this.box.value.trim();
    const from = this.place;
    if (!text) return;
    this.box.value = "";
    this.changed();
    this.box.focus();
    const sent = await this.options.send(text);
    if (sent) return;
    if (this.place !== from) this.drafts.set(from, text);
    else if (!this.box.value) {
      this.box.value = text;
      this.changed();
      this.hideHints();
    }
  }
}
